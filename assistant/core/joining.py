"""From an invitation to the ways into its meeting: link, telephone numbers, conference id, PIN.

What a program wrote into fields of its own is believed first; then the place, then the text, in
English, German or French. A telephone number counts only where the text says that one dials in
there: a signature's mobile number must never be dialled as a conference. Neighbours: `providers`
judges links, `vevent` and the other back ends call `find_join`, `ladder` chooses among the ways.

Source: invitation texts of the providers; RFC 7986 §5.11; libphonenumber.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

from assistant.core.model import DialIn, JoinInfo
from assistant.core.providers import MeetingLink, recognise

LONGEST_TEXT = 50_000
"""Characters of an invitation that are looked at."""
MOST_DIAL_INS = 60

_LINK_FIELDS = (
    "onlineMeeting.joinUrl",
    "onlineMeetingUrl",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-GOOGLE-CONFERENCE",
    "CONFERENCE",
    "URL",
)
"""Where programs put the link, the most trusted first."""
_SKYPE_FIELDS = _LINK_FIELDS[3:5]
_PHONE_FIELDS = (
    "onlineMeeting.tollNumber",
    "onlineMeeting.tollFreeNumber",
    "onlineMeeting.tollFreeNumbers",
    "onlineMeeting.phones",
)
_TEAMS_FOR_BUSINESS = re.compile(r'"OnlineMeetingProvider"\s*:\s*3\b')
_URL = re.compile(
    r"\b(?:https?|zoommtg|zoomus|msteams|conf:sip|sip)://?[^\s<>\"'\\^`{|}]+"
    r"|\b(?:conf:)?sip:[^\s<>\"']+;gruu[^\s<>\"']+",
    re.IGNORECASE,
)
_SKYPE_TEXT = re.compile(
    r"skype[- ](?:for business|meeting|besprechung)|réunion skype|lync|//dialin\.|skype web app",
    re.IGNORECASE,
)

# --- words of invitations -----------------------------------------------------------------------

_HOST_ONLY = r"(?:host|leader|moderator\w*|organi[sz]er|organisateur|animateur|chair\w*|leiter\w*)"
_CODE = r"(?P<code>\d(?:[\d .\-\u00a0\u2011]{1,22}\d)?)"
_COLON = r"[^\S\n]*(?:\([^)\n]{0,60}\))?[^\S\n]*[:：=]?[^\S\n]*"
_CONFERENCE_LABELS = (
    r"phone[- ]?conference[- ]?id|telefonkonferenz-?\s?id|telefonkonferenzkennung"
    r"|(?:id|identifiant) de (?:la )?(?:conférence|l.audioconférence)(?: téléphonique)?",
    r"conference (?:id|code|number|room)|konferenz-?\s?(?:id|kennung|nummer|raum(?:nummer)?|code)"
    r"|(?:participant|attendee|guest|access|dial-?in|bridge)(?: access)? ?(?:code|id|number)"
    r"|(?:zugangs|zugriffs|teilnehmer|einwahl)-?\s?(?:code|nummer|kennung|pin)"
    r"|(?:code|numéro) (?:d.accès|(?:de )?participant|d.invité|(?:de |de la )?conférence)",
)
"""The phone's own id first, then what conferences without a web side call it."""
_MEETING_LABELS = (
    r"meeting (?:id|number)|webinar id|meeting[- ]?kennnummer|meeting-?\s?id|besprechungs-?\s?id"
    r"|(?:id|numéro) (?:de )?(?:la |l.)?réunion|meeting access code"
)
_PIN_LABELS = (
    r"(?:(?:meeting|phone|numeric|telefon|numerischer?)[- ]?)?"
    r"(?:passcode|password|kenncode|kennwort|passwort|pin(?:-?code)?)"
    r"|code secret|mot de passe|code pin"
)
_DIAL_LABELS = re.compile(
    r"dial[- ]?(?:in|by)|\bdial(?:ing)?\b|call[- ]in\b|call in\b|join by (?:phone|telephone)"
    r"|by (?:tele)?phone|one[- ]tap|join from (?:a )?(?:phone|mobile)|tap to join"
    r"|toll(?:[- ]free)?\b|\(audio (?:only|seulement)\)|\(nur audio\)|conference (?:bridge|call)"
    r"|einw(?:ahl|ähl)|per telefon|telefonisch|rufen sie an|\banrufen\b|telefonkonferenz"
    r"|composez|par téléphone|appelez|numéros? d.(?:accès|appel)|numéro de conférence"
    r"|se connecter par|conférence téléphonique",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"\b(?:mobile|mobil|handy|cell|fax|direct(?: line)?|durchwahl|office|büro|portable|bureau"
    r"|assistant\w*|switchboard|zentrale|hotline|help ?desk|support|emergency|notfall|urgence)\b"
    r"|\bif you|\bfalls|\bsi vous",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"\s*(?:tel(?:efon|ephone)?|tél(?:éphone)?|phone|ph|t|m|p)\b", re.IGNORECASE
)
_RULE = re.compile(r"\s*(?:[_=.~:*-]{2,}|--)\s*$")
"""A drawn line, or the mark above a signature."""
_FAR_LINES = 3
"""A number further than this from the last word or number of a dial-in belongs to nobody."""
_QUICK = re.compile(
    r"(?P<number>\+[\d ().\-\u00a0\u2011]{6,24}\d)\s*(?:,+\s*|;\s*(?:ext|postd)=)"
    r"(?P<code>\d{3,14})#*(?:,*\*(?P<pin>\d{3,12})#)?"
)
"""`+1 323-849-4874,,766918553#` and Zoom's `+4969…,,83041234567#,,,,*123456#`."""
_BEHIND = re.compile(
    r"\s*(?:\([^)\n]*\)\s*)?[,;]?\s*(?:PIN|Code)\s*[:：]?\s*(?P<code>\d[\d ]{2,16}\d)\s*#",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phone:
    """What the text says about dialling in."""

    dial_ins: tuple[DialIn, ...] = ()
    conference_id: str = ""
    pin: str = ""


def find_join(
    *, fields: Mapping[str, str], location: str, text: str, market: str
) -> JoinInfo | None:
    """The ways into a meeting, None where nothing says that it is one.

    `fields`: iCalendar properties by upper-case name (several values on lines of their own) or
    Graph's by path (`onlineMeeting.joinUrl`). `text` may be plain or HTML. `market`: ISO 3166
    alpha-2; completes national numbers, and its numbers come first.
    """
    plain = _plain(text[:LONGEST_TEXT])
    whole = f"{location}\n{plain}"
    link = _find_link(fields, location, plain)
    phone = _merge(_from_fields(fields, market), _from_text(whole, link, market))
    if link is None and not (phone.dial_ins and phone.conference_id):
        return _hinted(fields)
    return JoinInfo(
        provider=link.provider if link else "phone",
        url=link.url if link else "",
        sip_uri=link.sip_uri if link else "",
        dial_ins=_preferred(phone.dial_ins, market),
        conference_id=phone.conference_id,
        pin=phone.pin,
    )


def _hinted(fields: Mapping[str, str]) -> JoinInfo | None:
    """Outlook says "Teams" without a link: it is online, and only people can help to get in."""
    is_teams = _TEAMS_FOR_BUSINESS.search(fields.get("X-MICROSOFT-ONLINEMEETINGINFORMATION", ""))
    return JoinInfo(provider="teams") if is_teams else None


# --- links --------------------------------------------------------------------------------------


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
        yield found[0].rstrip(".,;:!?)»”’*_") if ";gruu" not in found[0] else found[0]


def _plain(text: str) -> str:
    """HTML as text: its links kept beside their words, its blocks on lines of their own."""
    if not re.search(r"<(?:html|body|div|p|br|a\s[^>]*href|table|span)\b", text, re.IGNORECASE):
        return html.unescape(text) if "&#" in text else text
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", " ", text)
    text = re.sub(r"(?is)<a\b[^>]*?\bhref\s*=\s*[\"']?([^\"'\s>]+)[^>]*>", r" <\1> ", text)
    text = re.sub(r"(?i)<br\b[^>]*>|</(?:p|div|tr|li|h\d|table)\s*>", "\n", text)
    text = re.sub(r"(?i)</?[a-z][a-z0-9:]*(?:\s[^<>]*)?/?>", " ", text)
    return html.unescape(text)


# --- telephones ---------------------------------------------------------------------------------


def _from_fields(fields: Mapping[str, str], market: str) -> _Phone:
    """Numbers that a program wrote down as this meeting's."""
    tels = re.findall(r"(?im)^tel:(.+)$", unquote(fields.get("CONFERENCE", "")))
    tels += [line for name in _PHONE_FIELDS for line in fields.get(name, "").splitlines()]
    dial_ins, code, pin = [], "", ""
    for tel in tels:
        quick = _QUICK.search(tel)
        dial_ins += _dial_ins(quick["number"] if quick else tel, market)
        code = code or (quick["code"] if quick else "")
        pin = pin or ((quick["pin"] or "") if quick else "")
    conference_id = re.sub(r"\D", "", fields.get("onlineMeeting.conferenceId", "")) or code
    return _Phone(dial_ins=tuple(dial_ins), conference_id=conference_id, pin=pin)


def _from_text(whole: str, link: MeetingLink | None, market: str) -> _Phone:
    """Numbers, conference id and PIN that the text itself says are for dialling in."""
    text = re.sub(r"(?i)\bhttps?://[^\s<>]+", lambda url: " " * len(url[0]), unquote(whole))
    text = re.sub(r"(?i)\btel:", "    ", text)
    quick = [found for found in _QUICK.finditer(text) if _dial_ins(found["number"], market)]
    code, text = _take_code(text, link.provider if link else "phone")
    numbers, behind = _numbers(text, {found.start() for found in quick}, market)
    pin, phone_pin = _pins(text)
    quick_pin = next((found["pin"] for found in quick if found["pin"]), "")
    pin = pin if pin.isdecimal() or not (phone_pin or quick_pin) else phone_pin or quick_pin
    code = (quick[0]["code"] if quick else "") or code or behind
    if not code and not link and pin.isdecimal():
        code, pin = pin, ""
    return _Phone(dial_ins=numbers, conference_id=code, pin="" if pin == code else pin)


def _merge(first: _Phone, second: _Phone) -> _Phone:
    """What fields say, completed by the text."""
    return _Phone(
        dial_ins=(*first.dial_ins, *second.dial_ins),
        conference_id=first.conference_id or second.conference_id,
        pin=first.pin or second.pin,
    )


def _take_code(text: str, provider: str) -> tuple[str, str]:
    """The conference id as digits, and the text without anything labelled as an id.

    A web meeting's id is also the phone's id except with Teams, Skype and Meet, which have two.
    """
    found = ""
    labels = [*_CONFERENCE_LABELS, _MEETING_LABELS]
    for number, label in enumerate(labels):
        is_web_id = number == len(labels) - 1
        pattern = re.compile(rf"(?<!\w)(?:{label}){_COLON}{_CODE}\s*#?", re.IGNORECASE)
        for match in list(pattern.finditer(text)):
            if not found and not _is_for_hosts(text, match.start()):
                has_own_id = is_web_id and provider in ("teams", "skype-business", "meet")
                found = "" if has_own_id else re.sub(r"\D", "", match["code"])
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return found, text


def _is_for_hosts(text: str, at: int) -> bool:
    """Whether the words right before `at` give the code to the host alone."""
    before = text[max(0, at - 20) : at].rpartition("\n")[2]
    return re.search(rf"{_HOST_ONLY}[- ]*$", before, re.IGNORECASE) is not None


def _pins(text: str) -> tuple[str, str]:
    """The passcode, and the digits given for telephones where they differ."""
    pattern = re.compile(
        rf"(?<!\w)(?:{_PIN_LABELS})[^\S\n]*(?:\([^)\n]*\))?[^\S\n]*"
        r"(?:[:：=][^\S\n]*(?P<pin>\d[\d ]{1,16}\d(?=[ ]?#)|[^\s<>(),;#]{3,24})"
        r"|(?P<digits>\d{3,12})\b)"
        r"#?(?:\s*\((?P<phone>\d{4,12})\b)?",
        re.IGNORECASE,
    )
    for found in pattern.finditer(text):
        if not _is_for_hosts(text, found.start()):
            pin = found["pin"] or found["digits"]
            return re.sub(r"(?<=\d) (?=\d)", "", pin), found["phone"] or ""
    return "", ""


def _numbers(text: str, quick: set[int], market: str) -> tuple[tuple[DialIn, ...], str]:
    """Numbers in the stretches about dialling in, and a code written right behind one of them.

    `quick`: where numbers with their code attached begin, which need no words around them.
    """
    found: list[DialIn] = []
    code = ""
    near = 0
    offset = 0
    for line in text.split("\n"):
        near = max(0, near - 1) if line.strip() else near
        if _RULE.match(line):
            near = 0
        if _DIAL_LABELS.search(line):
            near = _FAR_LINES + 1
        for number in _matches(line, market):
            behind = _BEHIND.match(line, number.end)
            is_quick = any(offset + number.start <= q <= offset + number.end for q in quick)
            if is_quick or behind or _belongs(line, near):
                found += _dial_in(number.number)
                code = code or (re.sub(r"\D", "", behind["code"]) if behind else "")
                near = _FAR_LINES + 1
        offset += len(line) + 1
    return tuple(found), code


def _belongs(line: str, near: int) -> bool:
    """Whether a number in `line` is one to dial in, `near` lines before that talk ends."""
    if _PERSONAL.search(line):
        return False
    is_plain_phone = _TELEPHONE.match(line) and not _DIAL_LABELS.search(line)
    return near >= _FAR_LINES if is_plain_phone else near > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    start: int
    end: int
    number: PhoneNumber


def _matches(line: str, market: str) -> Iterator[_Match]:
    if sum(char.isdecimal() for char in line) < 6:
        return
    for found in PhoneNumberMatcher(line[:500], market):
        yield _Match(start=found.start, end=found.end, number=found.number)


def _dial_ins(raw: str, market: str) -> list[DialIn]:
    try:
        return _dial_in(phonenumbers.parse(raw, market))
    except phonenumbers.NumberParseException:
        return []


def _dial_in(number: PhoneNumber) -> list[DialIn]:
    if not phonenumbers.is_possible_number(number):
        return []
    bare = PhoneNumber(country_code=number.country_code, national_number=number.national_number)
    bare.italian_leading_zero = number.italian_leading_zero
    country = phonenumbers.region_code_for_number(bare) or ""
    return [
        DialIn(
            number=phonenumbers.format_number(bare, PhoneNumberFormat.E164),
            country=country if country.isalpha() else "",
            is_toll_free=phonenumbers.number_type(bare) == PhoneNumberType.TOLL_FREE,
        )
    ]


def _preferred(dial_ins: tuple[DialIn, ...], market: str) -> tuple[DialIn, ...]:
    """Each once; the driver's country first, then free ones, then as the invitation has them."""
    once = tuple(dict.fromkeys(dial_ins))[:MOST_DIAL_INS]
    return tuple(sorted(once, key=lambda d: (d.country != market, not d.is_toll_free)))
