"""What an invitation says about joining by telephone, in English, German or French.

A number counts only where the text says that one dials in there: a signature's mobile number
must never be dialled as a conference. Neighbours: `joining` combines this with links.

Source: invitation texts of Teams, Skype for Business, Zoom, Webex, Meet and GoTo; RFC 7986 §5.11
(CONFERENCE); libphonenumber.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

from assistant.core.model import DialIn

MOST_DIAL_INS = 60

_PHONE_FIELDS = ("tollNumber", "tollFreeNumber")
_HOST_ONLY = r"(?:host|leader|moderator\w*|organi[sz]er|organisateur|animateur|chair\w*|leiter\w*)"
_CODE = r"(?P<code>(?!0\d[\d ./-]{7})\d[\d .\-\u00a0\u2011]{1,22}\d)"
"""Not what begins like a national telephone number."""
_COLON = r"[^\S\n]*(?:\([^)\n]{0,60}\))?[^\S\n]*[:：=]?[^\S\n]*"
_CONFERENCE_LABELS = (
    r"phone[- ]?conference[- ]?id|telefonkonferenz-?\s?id|telefonkonferenzkennung"
    r"|(?:id|identifiant) de (?:la )?(?:conférence|l.audioconférence)(?: téléphonique)?",
    r"conference (?:id|code|number|pin)|konferenz-?\s?(?:id|kennung|nummer|code)"
    r"|konferenzraum(?:nummer)?(?=:)|raum-?\s?(?:nr\.?|nummer|id|pin)(?=:)"
    r"|(?:participant|attendee|guest|access|dial-?in|bridge)(?: access)? ?(?:code|id)"
    r"|(?:zugangs|zugriffs|teilnehmer|einwahl)-?\s?(?:code|kennung|pin)"
    r"|(?:code|numéro) (?:d.accès|(?:de )?participant|d.invité|(?:de |de la )?conférence)"
    r"|(?:enter|saisissez|entrez|tapez) (?:the |le )?(?:code|pin)(?=[^\S\n:]*:?\s*\d[\d ]{3,}\d)",
)
"""The phone's own id first, then what conferences without a web side call it."""
_MEETING_LABELS = (
    r"meeting (?:id|number)|webinar id|meeting[- ]?kennnummer|meeting-?\s?id|besprechungs-?\s?id"
    r"|(?:id|numéro) (?:de )?(?:la |l.)?réunion|meeting access code"
)
_PIN_LABELS = (
    r"(?:(?:meeting|phone|numeric|telefon|numerischer?)[- ]?)?"
    r"(?:passcode|password|kenncode|kennwort|passwort|pin(?:-?code)?)"
    r"|code (?:secret|pin|d.accès)|mot de passe(?: (?:de )?(?:la )?réunion)?"
)
_DIAL_LABELS = re.compile(
    r"dial[- ]?(?:in|by)|\bdial(?:ing)?\b|call[- ]in\b|call in\b|join by (?:phone|telephone)"
    r"|by (?:tele)?phone|one[- ]tap|join from (?:a )?(?:phone|mobile)|tap to join"
    r"|toll(?:[- ]free)?\b|gebühren(?:frei|pflichtig)|numéro (?:vert|payant|gratuit)"
    r"|pont téléphonique|(?:call|dial|conference) details|\(audio (?:only|seulement)\)"
    r"|\(nur audio\)|conference call"
    r"|\bbridge\b|einw(?:ahl|ähl)|wähl(?:en|e|t)\b[^.\n]{0,20}\bein\b"
    r"|(?:per|über) (?:das )?telefon|telefonisch|rufen sie an|\banrufen\b"
    r"|telefonkonferenz|compose[rz]|par téléphone|appelez|numéros? d.(?:accès|appel)"
    r"|depuis (?:votre|un) téléphone"
    r"|numéro de conférence|se connecter par|conférence téléphonique",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"\b(?:mobile|mobil|handy|cell|fax|direct(?: line)?|durchwahl|office|büro|portable|bureau"
    r"|assistant\w*|switchboard|zentrale|hotline|help ?desk|support|emergency|notfall|urgence"
    r"|questions?|(?:rück)?fragen|kontakt|contacte?r?|call me|reach me|ruf\w* mich|appelle[rz]?.moi"
    r"|(?:call|appelez|rufen sie) (?:m(?:rs?|s|me|lle)|frau|herrn?|monsieur|madame))\b"
    r"|\bif you|\bfalls|\bsi vous",
    re.IGNORECASE,
)
_TELEPHONE = re.compile(
    r"(?:\s*|.*,\s*)(?:tel(?:efon|ephone)?|tél(?:éphone)?|phone|ph|t|m|p)\b", re.IGNORECASE
)
_RULE = re.compile(r"\s*(?:[_=.~:*-]{2,}|--)\s*$")
"""A drawn line, or the mark above a signature."""
_FAR_LINES = 3
"""A number further than this from the last word or number of a dial-in belongs to nobody."""
_QUICK = re.compile(
    r"(?P<number>\+[\d ().\-\u00a0\u2011]{6,24}\d)\s*(?:,+\s*|;\s*(?:ext|postd)=)"
    r"(?P<code>\d{3,14})#*(?:,*(?:\*|0#,+)(?P<pin>\d{3,12})#)?"
)
"""`+1 323-849-4874,,766918553#` and Zoom's `+4969…,,83041234567#,,,,*123456#`."""
_BEHIND = re.compile(
    r"\s*(?:\([^)\n]{0,60}\)\s*)?[,;]?\s*(?:PIN|Code)\s*[:：]?\s*(?P<code>\d[\d ]{2,16}\d)\s*#",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialInInfo:
    """Numbers and what to key in; fields as in `JoinInfo`."""

    dial_ins: tuple[DialIn, ...] = ()
    conference_id: str = ""
    pin: str = ""

    def completed_by(self, other: DialInInfo) -> DialInInfo:
        return DialInInfo(
            dial_ins=(*self.dial_ins, *other.dial_ins),
            conference_id=self.conference_id or other.conference_id,
            pin=self.pin or other.pin,
        )

    def preferred(self, market: str) -> tuple[DialIn, ...]:
        """Each once; the driver's country first, then free ones, then as they were written."""
        once = tuple(dict.fromkeys(self.dial_ins))[:MOST_DIAL_INS]
        return tuple(sorted(once, key=lambda d: (d.country != market, not d.is_toll_free)))


def read_fields(fields: Mapping[str, str], market: str) -> DialInInfo:
    """Numbers that a program wrote down as this meeting's."""
    tels = re.findall(r"(?im)^tel:(.+)$", unquote(fields.get("CONFERENCE", "")))
    tels += [line for name in _PHONE_FIELDS for line in fields.get(name, "").splitlines()]
    dial_ins, code, pin = [], "", ""
    for tel in tels:
        quick = _QUICK.search(tel)
        dial_ins += _dial_ins(quick["number"] if quick else tel, market)
        code = code or (quick["code"] if quick else "")
        pin = pin or ((quick["pin"] or "") if quick else "")
    conference_id = re.sub(r"\D", "", fields.get("conferenceId", "")) or code
    return DialInInfo(dial_ins=tuple(dial_ins), conference_id=conference_id, pin=pin)


def read_text(whole: str, provider: str, market: str) -> DialInInfo:
    """Numbers, conference id and PIN that the text itself says are for dialling in."""
    text = re.sub(r"(?i)\bhttps?://[^\s<>]+", lambda url: " " * len(url[0]), unquote(whole))
    text = re.sub(r"(?i)\btel:", "    ", text)
    quick = [found for found in _QUICK.finditer(text) if _dial_ins(found["number"], market)]
    code, text = _take_code(text, provider)
    numbers, behind = _numbers(text, {found.start() for found in quick}, market)
    pin, phone_pin = _pins(text)
    quick_pin = next((found["pin"] for found in quick if found["pin"]), "")
    pin = pin if pin.isdecimal() or not (phone_pin or quick_pin) else phone_pin or quick_pin
    code = (quick[0]["code"] if quick else "") or code or behind
    if not code and provider == "phone" and pin.isdecimal():
        code, pin = pin, ""
    return DialInInfo(dial_ins=numbers, conference_id=code, pin="" if pin == code else pin)


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
        rf"(?<!\w)(?:{_PIN_LABELS})[^\S\n]*(?:\([^)\n]{{0,60}}\))?[^\S\n]*"
        r"(?:[:：=][^\S\n]*(?P<pin>\d{2,}(?: \d{2,})+(?!\w)|[^\s<>(),;#]{3,24})"
        r"|(?P<digits>\d{3,12})\b)"
        r"#?(?:\s*\((?P<phone>\d{4,12})\b)?",
        re.IGNORECASE,
    )
    found = [f for f in pattern.finditer(text) if not _is_for_hosts(text, f.start())]
    pins = [re.sub(r"(?<=\d) (?=\d)", "", f["pin"] or f["digits"]) for f in found]
    for_phones = (*(f["phone"] for f in found[:1]), *filter(str.isdecimal, pins[1:]))
    return next(iter(pins), ""), next(filter(None, for_phones), "")


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
