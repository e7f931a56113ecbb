"""UCWA 2.0, the web interface of Skype for Business Server: discovery, sign-in, events, orders.

Everything is found by following links from the discovery address, and none is followed to a host
outside the organisation: a password travels here. One application is kept alive; when the server
has forgotten it, it is made again. Neighbour: `skype` gives the events a meaning.

Source: learn.microsoft.com/skype-sdk/ucwa (Root URL, Authentication in UCWA, Events in UCWA,
Create an application; CC BY 4.0).
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpx

from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    NotFound,
    Refused,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from assistant.services.calls.background import Background

Json = Mapping[str, Any]

_ORDER_TIMEOUT_S = 8.0
_EVENTS_TIMEOUT_S = 240.0
"""The server answers a waiting request after 3 minutes even without events."""
_ACTIVITY_EVERY_S = 240.0
"""Without `reportMyActivity` for five minutes the user is shown as away."""
_RETRY_AFTER_S = 5.0
_REFUSED_AFTER_S = 1_800.0
"""To the next try of a refused password: domains lock accounts after a few."""
_LONGEST_CHAIN = 5
"""Redirects from the discovery address to the home pool."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    address: str
    """`anna@contoso.com`"""
    login: str
    password: str
    discovery: str
    """URL to start from, "" to find it by the domain."""
    ca_file: str
    """PEM file of the organisation's own certificate authority, "" for the system's."""

    def __repr__(self) -> str:
        return f"Account({self.address}, ***)"


class Listener(Protocol):
    """Called in the `skype` thread."""

    async def signed_in(self, application: Json) -> None:
        """The application resource has just been made."""

    async def event(self, kind: str, rel: str, resource: Json) -> None:
        """`kind`: started, updated, completed, added, deleted. `resource` may be no more than its
        self link; of a completed operation it holds `status` and `reason`."""

    def signed_out(self, error: ServiceError) -> None:
        """Sign-in failed, or the server is out of reach or has forgotten us."""


class Ucwa:
    def __init__(self, account: Account, listener: Listener) -> None:
        """Raises: ConfigError (the certificate file is broken)."""
        self._account, self._listener = account, listener
        self._trust = _trust(account.ca_file)
        self._tokens: dict[str, str] = {}
        self._base = ""
        self._retry_after_s = _RETRY_AFTER_S
        self._client: httpx.AsyncClient | None = None
        self._background = Background("skype")
        self._background.run(self._live)

    def order(self, method: str, link: str, body: Json | None = None) -> Json:
        """One request from any thread. Raises: ServiceError, by status."""
        return self._background.wait(self.request(method, link, body), 2 * _ORDER_TIMEOUT_S)

    def close(self) -> None:
        self._background.close()

    # --- in the thread -------------------------------------------------------------------------

    async def _live(self) -> None:
        while not self._background.closing.is_set():
            async with httpx.AsyncClient(verify=self._trust) as client:
                self._client = client
                session = self._background.start(self._session())
                closing = asyncio.ensure_future(self._background.closing.wait())
                await asyncio.wait({session, closing}, return_when=asyncio.FIRST_COMPLETED)
                session.cancel()
                closing.cancel()
                await asyncio.wait({session, closing})
                self._client = None
            await self._background.pause(self._retry_after_s)

    async def _session(self) -> None:
        """From sign-in until the application is lost; tells the listener why."""
        try:
            application = await self._sign_in()
            await self._listener.signed_in(application)
            await self._listen(application)
        except ServiceError as error:
            self._lose(error)
        except Exception as error:  # JSON of another shape, an address that is none
            self._lose(BrokenAnswer.unexpected("skype", error))

    def _lose(self, error: ServiceError) -> None:
        log.warning("%s", error)
        self._tokens.clear()
        is_refused = isinstance(error, SignInNeeded)
        self._retry_after_s = _REFUSED_AFTER_S if is_refused else _RETRY_AFTER_S
        self._listener.signed_out(error)

    async def _sign_in(self) -> Json:
        """Find the home pool, make an application there, return it."""
        user = await self._discover()
        self._base = urljoin(self._base, link_of(user, "applications"))
        body = {"userAgent": "roadcall", "endpointId": str(uuid.uuid4()), "culture": "en-US"}
        return await self.request("POST", self._base, body)

    async def _discover(self) -> Json:
        """The `user` resource: inside the organisation's network first, then from outside."""
        domain = self._account.address.partition("@")[2]
        inside, outside = (
            f"https://lyncdiscoverinternal.{domain}/",
            f"https://lyncdiscover.{domain}/",
        )
        if self._account.discovery:
            return await self._follow(self._account.discovery)
        try:
            return await self._follow(inside)
        except Unreachable:
            return await self._follow(outside)

    async def _follow(self, url: str) -> Json:
        for _ in range(_LONGEST_CHAIN):
            self._base = self._checked(url)
            found = await self.request("GET", url)
            links = found.get("_links", {})
            if "applications" in links:
                return found
            url = urljoin(url, link_of(found, "redirect" if "redirect" in links else "user"))
        raise BrokenAnswer("skype", "discovery leads in circles")

    async def _listen(self, application: Json) -> None:
        """The event channel: one waiting request after the other, each following the last."""
        url, reported = link_of(application, "events"), time.monotonic()
        activity = embedded(application, "me").get("_links", {}).get("reportMyActivity")
        while True:
            answer = await self.request("GET", url)
            for sender in answer.get("sender", ()):
                for event in sender.get("events", ()):
                    await self._hand_on(event)
            links = answer.get("_links", {})
            following = links.get("next") or links.get("resume") or links.get("resync")
            if not following:
                raise BrokenAnswer("skype", "the event channel has no next link")
            url = str(following["href"])
            if activity and time.monotonic() - reported > _ACTIVITY_EVERY_S:
                await self.request("POST", activity["href"])
                reported = time.monotonic()

    async def _hand_on(self, event: Json) -> None:
        link = event.get("link", {})
        rel = str(link.get("rel", ""))
        links = {"self": {"href": link.get("href", "")}}
        resource = {"_links": links, **embedded(event, rel)}
        reason = {key: event[key] for key in ("status", "reason") if key in event}
        await self._listener.event(str(event.get("type")), rel, {**resource, **reason})

    async def request(self, method: str, link: str, body: Json | None = None) -> Json:
        """Raises: ServiceError, by status; BrokenAnswer for anything but a JSON object."""
        url = self._checked(urljoin(self._base, link))
        answer = await self._send(method, url, body)
        if answer.status_code == 401:
            await self._get_token(url, answer.headers.get("WWW-Authenticate", ""))
            answer = await self._send(method, url, body)
        _raise_for(answer)
        if not answer.content:
            return {}
        try:
            found = answer.json()
        except ValueError:
            raise BrokenAnswer("skype", "not JSON") from None
        if not isinstance(found, dict):
            raise BrokenAnswer("skype", "not a resource")
        return found

    async def _send(self, method: str, url: str, body: Json | None) -> httpx.Response:
        if self._client is None:
            raise Unreachable("skype", "not signed in")
        token = self._tokens.get(urlsplit(url).netloc)
        headers = {"Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        limit_s = _EVENTS_TIMEOUT_S if "/events" in url else _ORDER_TIMEOUT_S
        try:
            return await self._client.request(
                method, url, headers=headers, json=body, timeout=limit_s
            )
        except httpx.HTTPError as error:
            raise Unreachable("skype", type(error).__name__) from error

    async def _get_token(self, url: str, challenge: str) -> None:
        """Answer a 401 with name and password. Raises: SignInNeeded, BrokenAnswer."""
        issuer = re.search(r'MsRtcOAuth[^,]*?href="([^"]+)"', challenge)
        if issuer is None or "password" not in challenge or self._client is None:
            raise SignInNeeded("skype", "the server takes no password here")
        form = {
            "grant_type": "password",
            "username": self._account.login,
            "password": self._account.password,
        }
        try:
            answer = await self._client.post(self._checked(urljoin(url, issuer[1])), data=form)
            token = answer.json().get("access_token", "") if answer.is_success else ""
        except httpx.HTTPError as error:
            raise Unreachable("skype", type(error).__name__) from error
        except ValueError:
            raise BrokenAnswer("skype", "not a token") from None
        if not token:
            raise SignInNeeded("skype", "name or password is wrong")
        self._tokens[urlsplit(url).netloc] = str(token)

    def _checked(self, url: str) -> str:
        """`url`, if the password and its token may go there. Raises: Refused."""
        parts = urlsplit(url)
        domain = self._account.address.partition("@")[2].lower()
        host = (parts.hostname or "").lower()
        start = (urlsplit(self._account.discovery).hostname or "").lower()
        is_ours = host == domain or host.endswith("." + domain) or (start and host == start)
        if parts.scheme != "https" or not is_ours:
            raise Refused("skype", f"a link leads out of the organisation, to {host!r}")
        return url


def link_of(resource: Json, name: str) -> str:
    """Raises: BrokenAnswer."""
    try:
        return str(resource["_links"][name]["href"])
    except (KeyError, TypeError):
        raise BrokenAnswer("skype", f"no link {name}") from None


def links_of(resource: Json) -> dict[str, str]:
    """The links of a resource: name -> address."""
    links = resource.get("_links", {})
    return {name: str(link["href"]) for name, link in links.items() if "href" in link}


def embedded(resource: Json, name: str) -> dict[str, Any]:
    """A resource sent along inside `resource`; empty when there is none."""
    found = resource.get("_embedded", {}).get(name, {})
    return dict(found) if isinstance(found, Mapping) else {}


def _raise_for(answer: httpx.Response) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    detail = f"{status} {answer.text[:200]}"
    if status == 401:
        raise SignInNeeded("skype", detail)
    if status == 403:
        raise Refused("skype", detail)
    if status in (404, 410):
        raise NotFound("skype", detail)
    raise Unreachable("skype", detail)


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise ConfigError("[[lines]] skype", "ca_file", f"expected a PEM file: {error}") from error
