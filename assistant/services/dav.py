"""WebDAV: collections of calendar entries and cards, asked in XML.

Neighbours: `web` carries it, `calendars.caldav` and `carddav` say what they want to know.

Source: RFC 4918 (WebDAV), RFC 6578 (sync-collection), RFC 5397 (current-user-principal).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from assistant.errors import BrokenAnswer, NotFound, Refused
from assistant.services.web import Answer, Web, follow

D = "{DAV:}"
_NAMESPACES = (
    'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" '
    'xmlns:a="urn:ietf:params:xml:ns:carddav" xmlns:s="http://calendarserver.org/ns/"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a server says about one address."""

    url: str
    is_gone: bool
    props: Mapping[str, Element]
    """Found properties by `{namespace}name`."""

    def text(self, name: str) -> str:
        found = self.props.get(name)
        return "".join(found.itertext()).strip() if found is not None else ""

    def hrefs(self, name: str) -> list[str]:
        """Addresses inside a property, absolute. Raises: BrokenAnswer."""
        found = self.props.get(name)
        hrefs = found.iter(f"{D}href") if found is not None else ()
        host = urlsplit(self.url).hostname or self.url
        return [follow(host, self.url, href.text or "") for href in hrefs]

    def is_a(self, kind: str) -> bool:
        """Whether its resource type says so, `{namespace}calendar`."""
        found = self.props.get(f"{D}resourcetype")
        return found is not None and found.find(kind) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    entries: tuple[Entry, ...]
    sync_token: str


class Dav:
    """Raises: ServiceError from every method."""

    def __init__(self, service: str, web: Web) -> None:
        self._service = service
        self._web = web

    def propfind(self, url: str, props: str, depth: int) -> tuple[Entry, ...]:
        """Properties (`<d:getetag/>…`) of `url` and, at depth 1, of what it holds."""
        body = f"<d:propfind {_NAMESPACES}><d:prop>{props}</d:prop></d:propfind>"
        return self._ask("PROPFIND", url, body, depth).entries

    def report(self, url: str, name: str, inside: str, depth: int = 1) -> Listing:
        return self._ask("REPORT", url, f"<{name} {_NAMESPACES}>{inside}</{name}>", depth)

    def put(self, url: str, text: str, etag: str) -> None:
        """Write what was read under `etag`; "" creates and never overwrites.

        Raises: Refused when it has changed meanwhile.
        """
        guard = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **guard}
        answer = self._web.request("PUT", url, headers, text.encode())
        self._check_guard(answer)
        self._web.check(answer, 200, 201, 204)

    def delete(self, url: str, etag: str) -> None:
        answer = self._web.request("DELETE", url, {"If-Match": etag})
        self._check_guard(answer)
        self._web.check(answer, 200, 202, 204)

    def _check_guard(self, answer: Answer) -> None:
        if answer.status == 412:
            raise Refused(self._service, "it was changed by somebody else meanwhile")

    def _ask(self, method: str, url: str, body: str, depth: int) -> Listing:
        headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": str(depth)}
        text = f'<?xml version="1.0" encoding="utf-8"?>{body}'
        answer = self._web.check(self._web.request(method, url, headers, text.encode()), 207)
        if b"<!" in answer.body.replace(b"<![CDATA[", b"") or b"\0" in answer.body:
            raise BrokenAnswer(self._service, "XML with declarations of its own")
        try:
            root = ElementTree.fromstring(answer.body)
        except ElementTree.ParseError as error:
            raise BrokenAnswer(self._service, f"not the XML of WebDAV: {error}") from error
        return Listing(
            entries=tuple(_entries(root, self._service, answer.url)),
            sync_token=(root.findtext(f"{D}sync-token") or "").strip(),
        )


def _entries(root: Element, service: str, base: str) -> Iterator[Entry]:
    for response in root.iterfind(f"{D}response"):
        props = {
            prop.tag: prop
            for stat in response.iterfind(f"{D}propstat")
            if " 200" in (stat.findtext(f"{D}status") or " 200")
            for prop in stat.iterfind(f"{D}prop/*")
        }
        url = follow(service, base, response.findtext(f"{D}href") or "")
        is_gone = " 404" in (response.findtext(f"{D}status") or "")
        yield Entry(url=url, is_gone=is_gone, props=props)


def find_home(dav: Dav, url: str, well_known: str, home: str) -> Entry:
    """The user's principal, with its property `home`, from any address of the account.

    `url` may be the server's, the principal's, or one that only knows who the user is.

    Raises: NotFound when the server says neither.
    """
    props = f"<d:current-user-principal/>{home}"
    for start in (url, urljoin(url, f"/.well-known/{well_known}")):
        try:
            (entry, *_) = dav.propfind(start, props, 0) or (None,)
        except (NotFound, Refused):
            continue
        principals = entry.hrefs(f"{D}current-user-principal") if entry else []
        if principals:
            (principal, *_) = dav.propfind(principals[0], props, 0) or (None,)
            if principal is not None:
                return principal
    host = urlsplit(url).hostname or url
    raise NotFound(host, "the server names no calendars or address books for this user")
