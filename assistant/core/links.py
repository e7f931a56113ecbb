"""Links to meetings, chats and people: which may be opened, and whose they are.

A link comes from an invitation that anybody may have sent. It is opened only with a clean shape
and a host that is known, asked about when the host is unknown, and refused when it imitates a
known one. Neighbours: `dialing` judges with it, `joining` finds links in invitations.

Source: Microsoft Teams deep links (learn.microsoft.com/microsoftteams/platform/concepts/
build-and-test/deep-link-application), Skype URI API reference, providers' published domains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from assistant.errors import UnsafeTarget

KNOWN_HOSTS = (
    "teams.microsoft.com",
    "teams.microsoft.us",
    "teams.cloud.microsoft",
    "teams.live.com",
    "zoom.us",
    "zoom.com",
    "zoomgov.com",
    "webex.com",
    "meet.google.com",
    "goto.com",
    "gotomeeting.com",
    "gotomeet.me",
    "whereby.com",
    "meet.jit.si",
    "8x8.vc",
    "bluejeans.com",
)
"""A host is known when it is one of these or ends with `.` and one of these."""

_RETIRED_HOSTS = ("join.skype.com", "meet.lync.com")
_BRANDS = re.compile(r"teams|micros[o0]ft|lync|skype|z[o0]{2}m|webex|g[o0]{2}g[l1]e|g[o0]t[o0]meet")
_HOST = re.compile(r"(?!xn--)[a-z0-9-]{1,63}(?:\.(?!xn--)[a-z0-9-]{1,63})+")
_PATH = re.compile(r"[A-Za-z0-9/%._~!$&'()*+,;=:@?#{}\"\[\]-]*")
_SKYPE = re.compile(
    r"skype:(?P<who>[A-Za-z0-9.,_:+-]{1,64})(?:\?(?:call|chat|add|userinfo)(?:&video=true)?)?"
)
_TEAMS = re.compile(r"msteams:/{0,2}l/(?:call|chat|meetup-join|meet)/\S+")


class Host(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"
    RETIRED = "retired"
    """Consumer Skype and Skype for Business Online: switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    uri: str
    host: Host


def parse_link(raw: str) -> Link:
    """Read a `https:`, `msteams:` or `skype:` link.

    Raises: UnsafeTarget for any other scheme, a disguised or look-alike host, odd characters.
    """
    if any(not char.isprintable() or char.isspace() for char in unquote(raw)):
        raise UnsafeTarget(shown(raw), "blanks or control characters in the link")
    match raw.partition(":")[0].lower():
        case "skype" if _SKYPE.fullmatch(raw):
            return Link(uri=raw, host=Host.RETIRED)
        case "msteams" if _TEAMS.fullmatch(raw) and _PATH.fullmatch(raw):
            return Link(uri=raw, host=Host.KNOWN)
        case "https":
            return _parse_web(raw)
        case _:
            raise UnsafeTarget(shown(raw), "not a link for calls")


def _parse_web(raw: str) -> Link:
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise UnsafeTarget(shown(raw), "a broken link") from error
    host = parts.hostname or ""
    if "@" in parts.netloc or port not in (None, 443) or not _HOST.fullmatch(host):
        raise UnsafeTarget(shown(raw), "a disguised host")
    if not _PATH.fullmatch(_behind_host(parts)):
        raise UnsafeTarget(shown(raw), "odd characters in the link")
    return Link(uri=parts.geturl(), host=_judge_host(raw, host))


def _behind_host(parts: SplitResult) -> str:
    return f"{parts.path}?{parts.query}#{parts.fragment}"


def _judge_host(raw: str, host: str) -> Host:
    if _within(host, _RETIRED_HOSTS):
        return Host.RETIRED
    if _within(host, KNOWN_HOSTS):
        return Host.KNOWN
    if _BRANDS.search(host):
        raise UnsafeTarget(shown(raw), "a host that imitates a meeting service")
    return Host.UNKNOWN


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def shown(raw: str) -> str:
    """`raw` as it may be spoken, logged and shown: no control characters, not endless."""
    return "".join(char if char.isprintable() else "�" for char in raw)[:80]
