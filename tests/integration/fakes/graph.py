"""A stand-in for Microsoft Graph: calendar, mail and people of one mailbox. A fake.

Written from the v1.0 reference and from what is reported of the service: in a delta round the
occurrences of a series are bare, a deleted occurrence is passed over in silence, a series is
never split over pages, and what lies outside the window is said to be removed
(microsoftgraph/microsoft-graph-docs issues 7632, 22197, 6599; pull request 4501). Checked against
Microsoft's own OpenAPI description in `test_graph_contract.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fakes.graph_events import TIME, Event, Series, event
from fakes.loopback import Answer, Loopback, Request

PAGE_LIMIT = 100


@dataclass(kw_only=True)
class _Token:
    window: tuple[datetime, datetime]
    since: int
    items: list[list[Event]]
    """Pages yet to come."""


class GraphMailbox(Loopback):
    """The mailbox and its server. `mailbox.url` is what follows /v1.0 in the real one."""

    def __init__(self, tokens: Iterable[str] = ("good",)) -> None:
        super().__init__(self.serve)
        self.tokens = set(tokens)
        self.page_limit = PAGE_LIMIT
        self.withholds_masters = False
        """Leave masters out of delta answers, as if they lay outside the window."""
        self.people: list[Event] = []
        self.contacts: list[Event] = []
        self.orders: list[tuple[str, str, Any]] = []
        """Everything that was changed or sent: (what, id, body)."""
        self._singles: dict[str, Event] = {}
        self._series: dict[str, Series] = {}
        self._changed: dict[str, int] = {}
        """Id -> number of its last change; deleted ids too."""
        self._count = 0
        self._links: dict[str, _Token] = {}

    # What a test does to the mailbox.

    def put(self, *entries: Event | Series) -> None:
        """Add or replace."""
        for entry in entries:
            self._count += 1
            if isinstance(entry, Series):
                self._series[entry.master["id"]] = entry
                self._changed[entry.master["id"]] = self._count
            else:
                self._singles[entry["id"]] = entry
                self._changed[entry["id"]] = self._count

    def delete(self, uid: str) -> None:
        """An event, a series, or one occurrence of a series."""
        self._count += 1
        self._changed[uid] = self._count
        if self._singles.pop(uid, None) or self._series.pop(uid, None):
            return
        for master, series in self._series.items():
            if series.occurrences.pop(uid, None):
                del self._changed[uid]
                self._changed[master] = self._count

    def throttled(self, seconds: int = 1) -> Answer:
        """What the service answers when asked too often."""
        answer = _error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency.")
        return replace(answer, headers={**answer.headers, "Retry-After": str(seconds)})

    def forget_links(self) -> None:
        """As the service does after some days."""
        self._links.clear()

    # What the service does.

    def serve(self, request: Request) -> Answer:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "InvalidAuthenticationToken", "Access token has expired.")
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/me(?:/calendars/[^/]+)?/calendarView/delta", self._delta),
            ("GET", r"/me(?:/calendars/[^/]+)?/calendarView", self._calendar_view),
            ("GET", r"/me/events/([^/]+)", self._get_event),
            ("PATCH", r"/me/events/([^/]+)", self._patch_event),
            ("DELETE", r"/me/events/([^/]+)", lambda _, uid: self._delete_event(uid)),
            ("POST", r"/me(?:/calendars/[^/]+)?/events", self._create_event),
            (
                "POST",
                r"/me/events/([^/]+)/(accept|decline|tentativelyAccept|cancel)",
                self._act_on_event,
            ),
            ("POST", r"/me/sendMail", self._send_mail),
            ("GET", r"/me/people", lambda r: self._listed(r, self.people)),
            ("GET", r"/me/contacts", lambda r: self._listed(r, self.contacts)),
        ]
        known = [(m, f, found) for m, p, f in routes if (found := re.fullmatch(p, request.path))]
        if not known:
            return _error(404, "ResourceNotFound", "Resource not found for the segment.")
        for method, function, found in known:
            if method == request.method:
                return function(request, *found.groups())
        return _error(405, "Request_BadRequest", "The HTTP method is not supported here.")

    def _delta(self, request: Request) -> Answer:
        link = request.query.get("$skiptoken") or request.query.get("$deltatoken")
        if link is not None and link not in self._links:
            return _error(410, "SyncStateNotFound", "The sync state generation is not found.")
        if link is None:
            window = _window(request)
            if window is None:
                return _error(400, "ErrorInvalidParameter", "startDateTime or endDateTime.")
            state = _Token(window=window, since=self._count, items=self._pages(request, window, 0))
        else:
            state = self._links[link]
        if "$deltatoken" in request.query:
            pages = self._pages(request, state.window, state.since)
            state = _Token(window=state.window, since=self._count, items=pages)
        page, *rest = state.items or [[]]
        kind = "nextLink" if rest else "deltaLink"
        token = self._link(_Token(window=state.window, since=state.since, items=rest))
        address = f"{self.url}{request.path}?${'skip' if rest else 'delta'}token={token}"
        return self._json(request, {"value": page, f"@odata.{kind}": address})

    def _link(self, state: _Token) -> str:
        name = f"R0usmc~{len(self._links)}-a_b%2Bc%3D"
        self._links[name.replace("%2B", "+").replace("%3D", "=")] = state
        return name

    def _pages(
        self, request: Request, window: tuple[datetime, datetime], since: int
    ) -> list[list[Event]]:
        preferred = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("prefer", ""))
        size = min(int(preferred[1]) if preferred else 10, self.page_limit)
        pages: list[list[Event]] = [[]]
        for group in self._groups(window, since):
            if len(pages[-1]) >= size:
                pages.append([])
            pages[-1] += group
        return pages

    def _groups(self, window: tuple[datetime, datetime], since: int) -> Iterable[list[Event]]:
        """What changed after `since`; the items of one series stay together."""
        for uid, number in sorted(self._changed.items(), key=lambda item: item[1]):
            if number <= since:
                continue
            if series := self._series.get(uid):
                inside = [e for e in series.occurrences.values() if _touches(e, window)]
                if inside or since:
                    master = [] if self.withholds_masters else [series.master]
                    yield master + [_bare(e) for e in inside]
            elif (single := self._singles.get(uid)) and _touches(single, window):
                yield [single]
            elif since:
                yield [{"id": uid, "@removed": {"reason": "deleted"}}]

    def _calendar_view(self, request: Request) -> Answer:
        window = _window(request)
        if window is None:
            return _error(400, "ErrorInvalidParameter", "startDateTime or endDateTime.")
        occurrences = [e for s in self._series.values() for e in s.occurrences.values()]
        events = [e for e in [*self._singles.values(), *occurrences] if _touches(e, window)]
        return self._listed(request, sorted(events, key=lambda e: str(e["start"]["dateTime"])))

    def _listed(self, request: Request, items: list[Event]) -> Answer:
        top, skip = (request.query.get(name) for name in ("$top", "$skip"))
        if not all(number is None or number.isdecimal() for number in (top, skip)):
            return _error(400, "ErrorInvalidUrlQuery", "A number is expected.")
        first, size = int(skip or 0), min(max(int(top or 10), 1), 1000)
        body: Event = {"value": items[first : first + size]}
        if select := request.query.get("$select"):
            chosen = {*select.split(","), "id"}
            body["value"] = [{k: e[k] for k in e if k in chosen} for e in body["value"]]
        if first + size < len(items):
            query = "&".join(
                f"{k}={v}" for k, v in {**request.query, "$skip": str(first + size)}.items()
            )
            body["@odata.nextLink"] = f"{self.url}{request.path}?{query}"
        return self._json(request, body)

    def _find(self, uid: str) -> Event | None:
        if uid in self._series:
            return self._series[uid].master
        occurrences = (s.occurrences[uid] for s in self._series.values() if uid in s.occurrences)
        return self._singles.get(uid) or next(occurrences, None)

    def _get_event(self, request: Request, uid: str) -> Answer:
        found = self._find(uid)
        return self._json(request, dict(found)) if found else _not_found()

    def _patch_event(self, request: Request, uid: str) -> Answer:
        body = _object(request)
        if body is None:
            return _error(400, "BadRequest", "Unable to read JSON request payload.")
        if not self._find(uid):
            return _not_found()
        self.orders.append(("update", uid, body))
        return Answer(status=204)

    def _delete_event(self, uid: str) -> Answer:
        if not self._find(uid):
            return _not_found()
        self.orders.append(("delete", uid, None))
        return Answer(status=204)

    def _create_event(self, request: Request) -> Answer:
        body = _object(request)
        if body is None:
            return _error(400, "BadRequest", "Unable to read JSON request payload.")
        self.orders.append(("create", "", body))
        return self._json(request, event("created", datetime.now(UTC)), 201)

    def _act_on_event(self, request: Request, uid: str, what: str) -> Answer:
        body = _object(request)
        found = self._find(uid)
        if body is None:
            return _error(400, "BadRequest", "Unable to read JSON request payload.")
        if found is None:
            return _not_found()
        if body.get("sendResponse") and not found["responseRequested"]:
            return _error(400, "ErrorInvalidRequest", "The organizer requests no response.")
        if found["isOrganizer"] != (what == "cancel"):
            return _error(400, "ErrorInvalidRequest", "Not for you to do.")
        self.orders.append((what, uid, body))
        return Answer(status=202)

    def _send_mail(self, request: Request) -> Answer:
        body = _object(request)
        if body is None or not isinstance(body.get("message"), dict):
            return _error(400, "BadRequest", "Unable to read JSON request payload.")
        self.orders.append(("mail", "", body))
        return Answer(status=202)

    def _json(self, request: Request, body: Event, status: int = 200) -> Answer:
        prefer = request.headers.get("prefer", "")
        wanted = re.search(r'outlook\.timezone="([^"]+)"', prefer)
        zone = ZoneInfo(wanted[1]) if wanted and wanted[1] in ("UTC", "Europe/Berlin") else UTC
        is_text = 'outlook.body-content-type="text"' in prefer
        items = body.get("value")
        told = (
            {**body, "value": [_shown(e, zone, is_text) for e in items]}
            if items is not None
            else _shown(body, zone, is_text)
        )
        told = {"@odata.context": f"{self.url}/$metadata#events", **told}
        headers = {"Content-Type": "application/json;odata.metadata=minimal"}
        return Answer(status=status, body=json.dumps(told).encode(), headers=headers)


def _shown(item: Event, zone: Any, is_text: bool) -> Event:
    """Times in the preferred zone (whole days stay at midnight), the body as text."""
    shown = dict(item)
    for side in ("start", "end"):
        if side in shown and not shown.get("isAllDay"):
            moment = datetime.strptime(shown[side]["dateTime"], TIME).replace(tzinfo=UTC)
            local = moment.astimezone(zone).strftime(TIME)
            shown[side] = {"dateTime": local, "timeZone": str(zone)}
    if is_text and shown.get("body"):
        text = re.sub(r"<[^>]+>", "", shown["body"]["content"])
        shown["body"] = {"contentType": "text", "content": text}
    return shown


def _bare(item: Event) -> Event:
    if item["type"] != "occurrence":
        return item
    kept = ("@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end")
    return {key: item[key] for key in kept}


def _touches(item: Event, window: tuple[datetime, datetime]) -> bool:
    start, end = (
        datetime.strptime(item[side]["dateTime"], TIME).replace(tzinfo=UTC)
        for side in ("start", "end")
    )
    return start < window[1] and end > window[0]


def _window(request: Request) -> tuple[datetime, datetime] | None:
    try:
        start, end = (
            datetime.fromisoformat(request.query[name].replace("Z", "+00:00"))
            for name in ("startDateTime", "endDateTime")
        )
    except (KeyError, ValueError):
        return None
    return tuple(m if m.tzinfo else m.replace(tzinfo=UTC) for m in (start, end))


def _object(request: Request) -> Mapping[str, Any] | None:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _not_found() -> Answer:
    return _error(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _error(status: int, code: str, message: str) -> Answer:
    inner = {"date": "2026-11-22T16:00:00", "request-id": "0", "client-request-id": "0"}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    headers = {"Content-Type": "application/json"}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)
