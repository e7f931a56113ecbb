"""From an invitation to the ways into its meeting: link, telephone numbers, conference id, PIN.

What a program wrote into fields of its own is believed first; then the place, then the text.
Neighbours: `providers` judges links, `dialin` reads what is said about telephones, the calendar
back ends call `find_join`, `actions.ladder` chooses among the ways.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from assistant.core.dialin import read_fields, read_text
from assistant.core.model import JoinInfo
from assistant.core.providers import MeetingLink, recognise

LONGEST_TEXT = 50_000
"""Characters of an invitation that are looked at."""

_LINK_FIELDS = (
    "joinUrl",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-GOOGLE-CONFERENCE",
    "CONFERENCE",
    "URL",
)
"""Where programs put the link, the most trusted first."""
_SKYPE_FIELDS = ("X-MICROSOFT-ONLINEMEETINGCONFLINK", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK")
_TEAMS_FOR_BUSINESS = re.compile(r'"OnlineMeetingProvider"\s*:\s*3\b')
_URL = re.compile(
    r"\b(?:https?|zoommtg|zoomus|msteams|conf:sip|sip)://?[^\s<>\"'\\^`{|}]+"
    r"|\b(?:conf:)?sip:[^\s<>\"';]{1,200};gruu[^\s<>\"']+"
    r"|(?<![\w@/.:%=-])(?:[a-z\d-]{1,63}\.){1,4}[a-z]{2,9}/[^\s<>\"'\\^`{|}]+",
    re.IGNORECASE,
)
"""Also without a scheme: a link counts by its host and path."""
_EMPHASIS = re.compile(
    r"(?<![\w,#*])\*{1,2}(?=[^\W\d_]|\+)|(?<![\w,#*])\*\*(?=\d)|(?<=[\w:.)#])\*{1,2}(?![\w*])"
)
"""Bold in plain text, `*Meeting ID:* 845 …`; the asterisks of `,,,,*1234#` are keys."""
_SKYPE_TEXT = re.compile(
    r"skype[- ](?:for business|meeting|besprechung)|réunion skype|lync|//dialin\.|skype web app",
    re.IGNORECASE,
)


def find_join(
    *, fields: Mapping[str, str], location: str, text: str, market: str
) -> JoinInfo | None:
    """The ways into a meeting, None where nothing says that it is one.

    `fields`: iCalendar properties by upper-case name (several values on lines of their own) or
    those of Graph's `onlineMeeting` by its own names (`joinUrl`, `conferenceId`, `tollNumber`).
    `text` may be plain or HTML. `market`: ISO 3166 alpha-2; it completes national numbers, and
    its own come first.
    """
    plain = _plain(text[:LONGEST_TEXT])
    whole = f"{location}\n{plain}"
    link = _find_link(fields, location, plain)
    phone = read_fields(fields, market).completed_by(
        read_text(whole, link.provider if link else "phone", market)
    )
    if link and phone.dial_ins and not phone.conference_id:
        phone = replace(phone, conference_id=_id_in_link(link))
    if link is None and not (phone.dial_ins and phone.conference_id):
        return _hinted(fields)
    return JoinInfo(
        provider=link.provider if link else "phone",
        url=link.url if link else "",
        sip_uri=link.sip_uri if link else "",
        dial_ins=phone.preferred(market),
        conference_id=phone.conference_id,
        pin=phone.pin,
    )


def _id_in_link(link: MeetingLink) -> str:
    """The number of the meeting, which these services also take on the telephone."""
    if link.provider not in ("zoom", "goto", "bluejeans"):
        return ""
    found = re.search(r"/(\d{9,11})(?!\d)|confno=(\d{9,11})", link.url)
    return (found[1] or found[2]) if found else ""


def _hinted(fields: Mapping[str, str]) -> JoinInfo | None:
    """Outlook says "Teams" without a link: it is online, and only people can help to get in."""
    is_teams = _TEAMS_FOR_BUSINESS.search(fields.get("X-MICROSOFT-ONLINEMEETINGINFORMATION", ""))
    return JoinInfo(provider="teams") if is_teams else None


def _find_link(fields: Mapping[str, str], location: str, plain: str) -> MeetingLink | None:
    """The link of the most trusted place; the SIP address may stand in another field."""
    is_skype = bool(_SKYPE_TEXT.search(f"{location}\n{plain}")) or any(
        fields.get(name) for name in _SKYPE_FIELDS
    )
    zoom = re.sub(r"\D", "", fields.get("X-ZOOM-MEETING", ""))
    structured = [fields.get(name, "") for name in _LINK_FIELDS]
    if zoom:
        structured.insert(-1, f"https://zoom.us/j/{zoom}")
    found: MeetingLink | None = None
    for source in (*structured, location, plain):
        here = _best(source, is_skype)
        if here is None:
            continue
        if found is None:
            found = here
        elif found.provider == here.provider == "skype-business":
            found = replace(found, url=found.url or here.url, sip_uri=found.sip_uri or here.sip_uri)
    return found


def _best(source: str, is_skype: bool) -> MeetingLink | None:
    """The first link of a well-known service, else the first of any; the fullest spelling."""
    links = [link for raw in _urls(source) if (link := recognise(raw, is_skype))]
    if not links:
        return None
    first = min(links, key=lambda link: link.provider == "other")
    if first.provider == "skype-business":
        return first
    same = [link for link in links if link.url.startswith(first.url)]
    return max(same, key=lambda link: len(link.url))


def _urls(source: str) -> Iterator[str]:
    for found in _URL.finditer(source):
        url = found[0] if ";gruu" in found[0] else found[0].rstrip(".,;:!?)]»”’*_")
        yield url if ":" in url.partition("/")[0] else f"https://{url}"


def _plain(text: str) -> str:
    """HTML as text: its links kept beside their words, its blocks on lines of their own."""
    if not re.search(r"<(?:html|body|div|p|br|a\s[^<>]*href|table|span)\b", text, re.IGNORECASE):
        text = html.unescape(text) if "&#" in text else text
        return _EMPHASIS.sub("", text)
    text = re.sub(r"(?is)<(style|script|head)\b.*?(?:</\1\s*>|\Z)", " ", text)
    text = re.sub(r"(?is)<a\b[^<>]*?\bhref\s*=\s*[\"']?([^\"'\s<>]+)[^<>]*>", r" <\1> ", text)
    text = re.sub(r"(?i)<br\b[^<>]*>|</(?:p|div|tr|li|h\d|table)\s*>", "\n", text)
    text = re.sub(r"(?i)</?[a-z][a-z0-9:]*(?:\s[^<>]*)?/?>", " ", text)
    return html.unescape(text)
