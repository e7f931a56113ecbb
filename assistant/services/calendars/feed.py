"""A calendar behind a web address ("subscribe by URL"), read only when it has changed.

Whatever answers at that address is not trusted: redirects stay on the web, a body is bounded in
size and time, and a login page of a hotel is no calendar. Neighbours: `expand` reads the text,
`ics` is the same thing for a file.

Source: RFC 9110 §13 (conditional requests), §15.4 (redirects).
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from assistant.core.model import Span
from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    NotFound,
    RateLimited,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.calendars.expand import Expanded, expand
from assistant.services.calendars.source import SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.textfile import decode

LARGEST_BYTES = 64 * 1024 * 1024
CONNECT_S = 10.0
"""For a connection, and for every silence after it."""
TOTAL_S = 60.0
"""For one whole answer."""
MOST_REDIRECTS = 5

_CHUNK = 256 * 1024
_DEFAULT_RETRY_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


class IcsFeed:
    """A `Source`. `user` and `password` are for HTTP basic authentication; `tls` for own CAs.

    Raises: ConfigError for an address that is not on the web.
    """

    def __init__(
        self,
        url: str,
        reader: Reader,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = reader.name
        self._reader = reader
        url = url.strip()
        scheme, _, rest = url.partition("://")
        self._url = f"https://{rest}" if scheme.lower() in ("webcal", "webcals") else url
        if not _is_web(urlsplit(self._url)):
            raise ConfigError("calendars", "url", f"{url!r} is no https:// address of a calendar")
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = {"Authorization": f"Basic {token}"} if user else {}
        self._tls = tls or ssl.create_default_context()

    def sync(self, window: Span, state: str = "") -> SyncResult:
        known = _read_state(state, window)
        answer = self._fetch(known)
        if answer.status == http.HTTPStatus.NOT_MODIFIED and known:
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

    def _fetch(self, known: Mapping[str, str]) -> _Answer:
        headers = {"Accept": "text/calendar", "Accept-Encoding": "identity", **self._login}
        if known.get("etag"):
            headers["If-None-Match"] = known["etag"]
        elif known.get("modified"):
            headers["If-Modified-Since"] = known["modified"]
        url = self._url
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._get(url, headers)
            if answer.status not in (301, 302, 303, 307, 308):
                return _checked(self.name, answer)
            target = urljoin(url, answer.headers.get("location", ""))
            headers = self._redirected(url, target, headers)
            url = target
        raise BrokenAnswer(self.name, "redirects without end")

    def _redirected(self, url: str, target: str, headers: dict[str, str]) -> dict[str, str]:
        """Headers for the next address: the password goes nowhere else, nor in the clear."""
        here, there = urlsplit(url), urlsplit(target)
        if not _is_web(there) or (here.scheme == "https" and there.scheme != "https"):
            raise BrokenAnswer(self.name, f"redirects to {target[:80]!r}")
        if here.netloc == there.netloc:
            return headers
        return {name: value for name, value in headers.items() if name != "Authorization"}

    def _get(self, url: str, headers: Mapping[str, str]) -> _Answer:
        parts = urlsplit(url)
        try:
            return self._exchange(parts, headers)
        except TimeoutError as error:
            raise TooSlow(self.name, f"{parts.hostname} does not answer") from error
        except socket.gaierror as error:
            raise Unreachable(self.name, f"{parts.hostname} is not known here") from error
        except ssl.SSLCertVerificationError as error:
            problem = f"{parts.hostname} is not who it says it is: {error.verify_message}"
            raise Unreachable(self.name, problem) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self.name, f"{parts.hostname}: {error}") from error

    def _exchange(self, parts: SplitResult, headers: Mapping[str, str]) -> _Answer:
        connection = self._connection(parts)
        try:
            connection.connect()
            watchdog = threading.Timer(TOTAL_S, _cut, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            try:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", path, headers=dict(headers))
                return self._receive(connection.getresponse())
            finally:
                watchdog.cancel()
        finally:
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=CONNECT_S)

    def _receive(self, response: http.client.HTTPResponse) -> _Answer:
        body = bytearray()
        while chunk := response.read(_CHUNK):
            body += chunk
            if len(body) > LARGEST_BYTES:
                raise BrokenAnswer(self.name, f"larger than {LARGEST_BYTES // 2**20} MiB")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return _Answer(status=response.status, headers=headers, body=bytes(body))


def _is_web(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _read_state(state: str, window: Span) -> dict[str, str]:
    """What was known at the last sync, empty when it was of another day."""
    try:
        known: dict[str, str] = json.loads(state or "{}")
    except ValueError:
        return {}
    return known if known.get("window") == window.start.isoformat() else {}


def _checked(name: str, answer: _Answer) -> _Answer:
    """Raises: what the status means."""
    match answer.status:
        case 200 | 304:
            return answer
        case 401 | 403:
            raise SignInNeeded(name, f"refused with {answer.status}")
        case 404 | 410:
            raise NotFound(name, "no calendar at this address any more")
        case 429 | 503 if answer.headers.get("retry-after", "").isdecimal():
            raise RateLimited(name, float(answer.headers["retry-after"]))
        case 429:
            raise RateLimited(name, _DEFAULT_RETRY_S)
        case status:
            raise BrokenAnswer(name, f"answered {status}")


def _cut(connection: socket.socket) -> None:
    """End an answer that trickles in for ever."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself
