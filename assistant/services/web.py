"""HTTP to calendar and address-book servers that are not trusted.

Redirects stay on the web and take no password along, a body is bounded in size, an answer in
time, and every failure is one of ours. Neighbours: `calendars.feed` and `dav` speak through it.

Source: RFC 9110 §15.4 (redirects), RFC 7617 (basic authentication).
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    CutOff,
    NotFound,
    RateLimited,
    Refused,
    SignInNeeded,
    TooSlow,
    Unreachable,
)

MOST_REDIRECTS = 5

_CHUNK = 256 * 1024
_DEFAULT_RETRY_S = 300.0
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    connect_s: float = 10.0
    """For a connection, and for every silence after it."""
    total_s: float = 60.0
    """For one whole answer."""
    largest_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    url: str
    """Where it finally came from."""


class Web:
    """`user` and `password` are for HTTP basic authentication, `tls` for own authorities."""

    def __init__(
        self,
        service: str,
        user: str = "",
        password: str = "",
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._service = service
        self.user = user
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = {"Authorization": f"Basic {token}"} if user else {}
        self._tls = tls or ssl.create_default_context()
        self._limits = limits or Limits()

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """The answer behind all redirects, whatever its status; see `check`.

        Raises: Unreachable, TooSlow, BrokenAnswer.
        """
        headers = {"Accept-Encoding": "identity", **self._login, **headers}
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._get(method, url, headers, body)
            if answer.status not in _REDIRECTS:
                return answer
            target = follow(self._service, url, answer.headers.get("location", ""))
            if urlsplit(url).netloc != urlsplit(target).netloc:
                headers = {k: v for k, v in headers.items() if k != "Authorization"}
            url = target
        raise BrokenAnswer(self._service, "redirects without end")

    def check(self, answer: Answer, *fine: int) -> Answer:
        """`answer` if its status is one of `fine`. Raises: what any other status means."""
        if answer.status in fine:
            return answer
        retry_after = answer.headers.get("retry-after", "")
        match answer.status:
            case 401:
                raise SignInNeeded(self._service, "user or password are not accepted")
            case 403 | 405 | 409 | 412 | 423:
                raise Refused(self._service, f"the server says no ({answer.status})")
            case 404 | 410:
                raise NotFound(self._service, "nothing at this address any more")
            case 429 | 503 if retry_after.isdecimal():
                raise RateLimited(self._service, float(retry_after))
            case 429:
                raise RateLimited(self._service, _DEFAULT_RETRY_S)
            case status:
                raise BrokenAnswer(self._service, f"answered {status}")

    def _get(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        try:
            return self._exchange(method, parts, headers, body)
        except TimeoutError as error:
            raise TooSlow(self._service, f"{parts.hostname} does not answer") from error
        except socket.gaierror as error:
            raise Unreachable(self._service, f"{parts.hostname} is not known here") from error
        except ssl.SSLCertVerificationError as error:
            problem = f"{parts.hostname} is not who it says it is: {error.verify_message}"
            raise Unreachable(self._service, problem) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self._service, f"{parts.hostname}: {_line(error)}") from error

    def _exchange(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        connection = self._connection(parts)
        try:
            connection.connect()
            watchdog = threading.Timer(self._limits.total_s, _cut, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            try:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request(method, path, body or None, dict(headers))
                with connection.getresponse() as response:
                    return self._receive(response, parts.geturl())
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException) as error:
                raise CutOff(self._service, f"{parts.hostname}: {_line(error)}") from error
            finally:
                watchdog.cancel()
        finally:
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self._limits.connect_s, context=self._tls
            )
        return http.client.HTTPConnection(host, port, timeout=self._limits.connect_s)

    def _receive(self, response: http.client.HTTPResponse, url: str) -> Answer:
        limit = self._limits.largest_bytes
        body = bytearray()
        while chunk := response.read(_CHUNK):
            body += chunk
            if len(body) > limit:
                raise BrokenAnswer(self._service, f"larger than {limit // 2**20} MiB")
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=headers, body=bytes(body), url=url)


def follow(service: str, base: str, target: str) -> str:
    """Where a link of the server at `base` leads: on the web, and never out of encryption.

    Raises: BrokenAnswer.
    """
    try:
        url = urljoin(base, target.strip())
        here, there = urlsplit(base), urlsplit(url)
        is_fine = is_web(there) and not (here.scheme == "https" and there.scheme != "https")
    except ValueError:
        is_fine = False
    if not is_fine:
        raise BrokenAnswer(service, f"leads to {target[:80]!r}")
    return url


def is_web(parts: SplitResult) -> bool:
    """Whether an address may be asked at all."""
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def web_address(url: str, key: str) -> str:
    """`url` as it may be asked; `webcal://` is Apple's way to write `https://`.

    Raises: ConfigError for an address that is not on the web.
    """
    url = url.strip()
    scheme, _, rest = url.partition("://")
    if scheme.lower() in ("webcal", "webcals"):
        url = f"https://{rest}"
    try:
        is_fine = is_web(urlsplit(url))
    except ValueError:
        is_fine = False
    if not is_fine:
        raise ConfigError(key, "url", f"{url!r} is no https:// address")
    return url


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _cut(connection: socket.socket) -> None:
    """End an answer that trickles in for ever."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself
