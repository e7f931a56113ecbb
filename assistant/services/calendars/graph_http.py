"""Requests to Microsoft Graph: signed, bounded, and every failure turned into one of ours.

Nothing here knows what an event is. Neighbours: `graph` and `graph_people` ask, `signin` gives
the tokens.

Source: Microsoft Graph, "Throttling guidance" and "Error responses and resource types".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import httpx

from assistant.errors import (
    BrokenAnswer,
    CutOff,
    NotFound,
    RateLimited,
    Refused,
    ServiceError,
    SignInNeeded,
    TooSlow,
    Unreachable,
)

SERVICE = "Microsoft 365"
GRAPH_URL = "https://graph.microsoft.com/v1.0"
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
PATIENCE_S = 10.0
"""A longer wait is left to whoever asked; it would hold up the end of the program."""
BACKOFF_S = 2.0
"""First wait where the service names none; doubled each time."""
_STATE_LOST_CODES = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


class Tokens(Protocol):
    """Whoever knows the driver's account."""

    def token(self, scopes: Sequence[str], *, renew: bool = False) -> str:
        """An access token for `scopes`; `renew` when the last one was refused.

        Raises: SignInNeeded, Unreachable, TooSlow.
        """


class StateForgotten(BrokenAnswer):
    """The service no longer knows the state of the last sync (410): start over."""


class BadRequest(Refused):
    """The service finds the request itself wrong (400)."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What a task may still cost; counted down while it runs."""

    seconds: float
    requests: int
    bytes: int
    _started_s: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        return self.seconds - (time.monotonic() - self._started_s)

    def spend(self, *, requests: int = 0, size: int = 0) -> None:
        """Raises: TooSlow, BrokenAnswer when the answer is beyond all measure."""
        self.requests -= requests
        self.bytes -= size
        if self.seconds_left <= 0:
            raise TooSlow(SERVICE, f"not done after {self.seconds:.0f} s")
        if self.requests < 0 or self.bytes < 0:
            raise BrokenAnswer(SERVICE, "the answer does not end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request."""

    path: str
    """`/me/events/…`, or a whole URL that the service handed out."""
    scopes: Sequence[str]
    method: str = "GET"
    params: Mapping[str, str] | None = None
    body: Mapping[str, object] | None = None
    prefer: Sequence[str] = ()
    """Values of the Prefer header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes


class GraphHttp:
    """A connection to Graph. Raises as documented at `fetch`."""

    def __init__(
        self,
        tokens: Tokens,
        base_url: str = GRAPH_URL,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._tokens = tokens
        self._base_url = base_url.rstrip("/")
        self._wait = wait
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def fetch(self, ask: Ask, budget: Budget) -> dict[str, Any]:
        """The JSON object that answers `ask`; {} where the answer has no body.

        A refused token is renewed once; short throttling is waited for.

        Raises: Unreachable, TooSlow, RateLimited, SignInNeeded, Refused, NotFound, BrokenAnswer,
        StateForgotten.
        """
        answer = self._exchange(ask, budget)
        if answer.status == 401:
            answer = self._exchange(ask, budget, renew=True)
        waits = 0
        while (delay_s := _throttled_s(answer, waits)) is not None:
            if delay_s > min(PATIENCE_S, budget.seconds_left):
                raise RateLimited(SERVICE, delay_s)
            self._wait(delay_s)
            waits += 1
            answer = self._exchange(ask, budget)
        return _judge(answer)

    def _exchange(self, ask: Ask, budget: Budget, *, renew: bool = False) -> _Answer:
        budget.spend(requests=1)
        headers = {
            "Authorization": f"Bearer {self._tokens.token(ask.scopes, renew=renew)}",
            "Accept": "application/json",
        }
        if ask.prefer:
            headers["Prefer"] = ", ".join(ask.prefer)
        request = self._http.build_request(
            ask.method, self._url(ask.path), params=ask.params, json=ask.body, headers=headers
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                return _read(response, budget)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise TooSlow(SERVICE, type(error).__name__) from error
        except httpx.DecodingError as error:
            raise BrokenAnswer(SERVICE, str(error)) from error
        except httpx.HTTPError as error:
            lost = (httpx.ReadError, httpx.WriteError, httpx.ProtocolError)
            kind = CutOff if isinstance(error, lost) else Unreachable
            raise kind(SERVICE, f"{type(error).__name__}: {error}") from error

    def _url(self, path: str) -> str:
        """Links of the service are followed as they stand, but the token stays with its host."""
        if not path.startswith("/"):
            own, other = urlsplit(self._base_url), urlsplit(path)
            if (own.scheme, own.netloc) != (other.scheme, other.netloc):
                raise BrokenAnswer(SERVICE, f"a page link leads to {other.netloc[:80]!r}")
            return path
        return self._base_url + path


def _read(response: httpx.Response, budget: Budget) -> _Answer:
    parts = []
    for part in response.iter_bytes():
        budget.spend(size=len(part))
        parts.append(part)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return _Answer(status=response.status_code, headers=headers, content=b"".join(parts))


def _throttled_s(answer: _Answer, waits: int) -> float | None:
    """Seconds to wait before asking again, None if that would not help."""
    named = answer.headers.get("retry-after", "")
    if answer.status == 429 or (answer.status == 503 and named):
        return float(named) if named.isdecimal() else BACKOFF_S * 2**waits
    return None


def _judge(answer: _Answer) -> dict[str, Any]:
    status = answer.status
    if 200 <= status < 300:
        return _parse(answer.content)
    if status < 400:
        raise BrokenAnswer(SERVICE, f"sends us on ({status}): a login page of this network?")
    code, told = _error_of(answer)
    if status == 410 or code.lower() in _STATE_LOST_CODES:
        raise StateForgotten(SERVICE, told)
    if status >= 500:
        raise Unreachable(SERVICE, told)
    kinds: dict[int, type[ServiceError]] = {400: BadRequest, 401: SignInNeeded, 404: NotFound}
    raise kinds.get(status, Refused)(SERVICE, told)


def _parse(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        page = content.lstrip()[:1] == b"<"
        told = "a web page instead of data: a login page of this network?" if page else str(error)
        raise BrokenAnswer(SERVICE, told) from error
    if not isinstance(parsed, dict):
        raise BrokenAnswer(SERVICE, "JSON, but no object")
    return cast(dict[str, Any], parsed)


def _error_of(answer: _Answer) -> tuple[str, str]:
    """(the service's code or "", a line for the log)."""
    try:
        error = _parse(answer.content).get("error")
    except BrokenAnswer:
        error = None
    if not isinstance(error, dict):
        return "", f"answers {answer.status}"
    code, message = str(error.get("code", "")), " ".join(str(error.get("message", "")).split())
    return code, f"answers {answer.status} {code[:80]}: {message[:200]}"
