"""A calendar behind a web address ("subscribe by URL"), read only when it has changed.

Neighbours: `web` asks, `expand` reads the text, `ics` is the same thing for a file.

Source: RFC 9110 §13 (conditional requests).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from assistant.core.model import Span
from assistant.errors import BrokenAnswer
from assistant.services.calendars.expand import Expanded, expand
from assistant.services.calendars.source import SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.textfile import decode
from assistant.services.web import Answer, Web, web_address

_NOT_MODIFIED = 304


class IcsFeed:
    """A `Source`. Raises: ConfigError for an address that is not on the web."""

    def __init__(self, url: str, reader: Reader, web: Web) -> None:
        self.name = reader.name
        self._reader = reader
        self._url = web_address(url, "calendars")
        self._web = web

    def sync(self, window: Span, state: str = "") -> SyncResult:
        known = _read_state(state, window)
        answer = self._fetch(known)
        if answer.status == _NOT_MODIFIED:
            return SyncResult(appointments=(), state=state, is_full=False)
        fresh = {
            "window": window.start.isoformat(),
            "etag": answer.headers.get("etag", ""),
            "modified": answer.headers.get("last-modified", ""),
            "digest": hashlib.sha256(answer.body).hexdigest(),
        }
        if fresh["digest"] == known.get("digest"):
            return SyncResult(appointments=(), state=json.dumps(fresh), is_full=False)
        expanded = self._expand(decode(answer.body), window)
        return SyncResult(
            appointments=expanded.appointments,
            problems=expanded.problems,
            state=json.dumps(fresh),
        )

    def _expand(self, text: str, window: Span) -> Expanded:
        try:
            expanded = expand(text, window, self._reader)
        except ValueError as error:
            raise BrokenAnswer(self.name, str(error)) from error
        if not text.rstrip().upper().endswith("END:VCALENDAR"):
            raise BrokenAnswer(self.name, "the answer broke off")
        return expanded

    def _fetch(self, known: Mapping[str, str]) -> Answer:
        headers = {"Accept": "text/calendar"}
        if known.get("etag"):
            headers["If-None-Match"] = known["etag"]
        elif known.get("modified"):
            headers["If-Modified-Since"] = known["modified"]
        fine = (200, _NOT_MODIFIED) if known else (200,)
        return self._web.check(self._web.request("GET", self._url, headers), *fine)


def _read_state(state: str, window: Span) -> dict[str, str]:
    """What was known at the last sync, empty when it was of another day."""
    try:
        known: dict[str, str] = json.loads(state or "{}")
        return known if known.get("window") == window.start.isoformat() else {}
    except (ValueError, AttributeError):
        return {}
