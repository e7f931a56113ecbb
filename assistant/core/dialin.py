"""What an invitation says about joining by telephone, in English, German or French.

A number counts only where the text says that one dials in there: a signature's mobile number
must never be dialled as a conference. Neighbours: `joining` combines this with links.

Source: invitation texts of Teams, Skype for Business, Zoom, Webex, Meet and GoTo; RFC 7986 §5.11
(CONFERENCE); libphonenumber.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatch,
    PhoneNumberMatcher,
    PhoneNumberType,
    convert_alpha_characters_in_number,
)

from assistant.core import dialin_words as words
from assistant.core.model import DialIn

MOST_DIAL_INS = 60

_PHONE_FIELDS = ("tollNumber", "tollFreeNumber")


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
        """Each once; the driver's country first, then free ones, then as they were written;
        what costs extra comes last.
        """
        once = tuple(dict.fromkeys(self.dial_ins))[:MOST_DIAL_INS]
        return tuple(
            sorted(once, key=lambda d: (_is_dear(d), d.country != market, not d.is_toll_free))
        )


def _is_dear(dial_in: DialIn) -> bool:
    number = phonenumbers.parse(dial_in.number)
    return phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE


def read_fields(fields: Mapping[str, str], market: str) -> DialInInfo:
    """Numbers that a program wrote down as this meeting's."""
    tels = re.findall(r"(?im)^tel:(.+)$", unquote(fields.get("CONFERENCE", "")))
    tels += [line for name in _PHONE_FIELDS for line in fields.get(name, "").splitlines()]
    dial_ins, code, pin = [], "", ""
    for tel in tels:
        quick = words.QUICK.search(tel)
        dial_ins += _dial_ins(quick["number"] if quick else tel, market)
        code = code or (quick["code"] if quick else "")
        pin = pin or ((quick["pin"] or "") if quick else "")
    conference_id = re.sub(r"\D", "", fields.get("conferenceId", "")) or code
    return DialInInfo(dial_ins=tuple(dial_ins), conference_id=conference_id, pin=pin)


def read_text(whole: str, provider: str, market: str) -> DialInInfo:
    """Numbers, conference id and PIN that the text itself says are for dialling in."""
    text = words.URL.sub(lambda url: " " * len(url[0]), unquote(whole))
    text = re.sub(r"(?i)\btel:", "    ", text)
    text = re.sub(r"(?<=\d)[pw](?=\d)", ",", text)
    text = words.VANITY.sub(lambda number: convert_alpha_characters_in_number(number[0]), text)
    quick = [found for found in words.QUICK.finditer(text) if _dial_ins(found["number"], market)]
    code, at, text = _take_code(text, provider)
    starts = {found.start() for found in quick}
    numbers, behind = _numbers(text, starts, market)
    if not numbers and provider == "phone" and words.TELECONFERENCE.search(whole):
        numbers, behind = _numbers(text, starts, market, near=words.FAR_LINES)
    elif not numbers and code and provider != "phone":
        above = len("\n".join(text[:at].split("\n")[: -words.FAR_LINES]))
        numbers, _ = _numbers(text[above:], set(), market, near=2 * words.FAR_LINES)
    pin, phone_pin = _pins(text)
    quick_pin = next((found["pin"] for found in quick if found["pin"]), "")
    pin = pin if pin.isdecimal() or not (phone_pin or quick_pin) else phone_pin or quick_pin
    code = (quick[0]["code"] if quick else "") or code or behind
    if not code and provider in ("phone", "meet") and pin.isdecimal():
        code, pin = pin, ""
    return DialInInfo(dial_ins=numbers, conference_id=code, pin="" if pin == code else pin)


def _take_code(text: str, provider: str) -> tuple[str, int, str]:
    """The conference id as digits, where it stands, the text without anything labelled as an id.

    A web meeting's id is also the phone's id except with Teams, Skype and Meet, which have two.
    """
    found, at = "", 0
    labels = [*words.CONFERENCE_LABELS, words.MEETING_LABELS]
    for number, label in enumerate(labels):
        is_web_id = number == len(labels) - 1
        pattern = re.compile(rf"(?<!\w)(?:{label}){words.COLON}{words.CODE}\s*#?", re.IGNORECASE)
        for match in list(pattern.finditer(text)):
            if not found and not _is_for_hosts(text, match.start()):
                has_own_id = is_web_id and provider in ("teams", "skype-business", "meet")
                if not has_own_id:
                    found, at = re.sub(r"\D", "", match["code"]), match.start()
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return found, at, text


def _is_for_hosts(text: str, at: int) -> bool:
    """Whether the words right before `at` give the code to the host alone."""
    before = text[max(0, at - 20) : at].rpartition("\n")[2]
    return re.search(rf"{words.HOST_ONLY}[- ]*$", before, re.IGNORECASE) is not None


def _pins(text: str) -> tuple[str, str]:
    """The passcode, and the digits given for telephones where they differ."""
    pattern = re.compile(
        rf"(?<!\w)(?:{words.PIN_LABELS})[^\S\n]*(?:\([^)\n]{{0,60}}\))?[^\S\n]*"
        rf"(?:[:：=][^\S\n]*"
        rf"(?P<pin>\d{{2,}}(?: \d{{2,}})+(?!\w)|{words.NO_PIN}[^\s<>(),;#]{{3,24}})"
        r"|(?P<digits>\d{3,12})\b)"
        r"#?(?:\s*\((?P<phone>\d{4,12})\b)?",
        re.IGNORECASE,
    )
    found = [f for f in pattern.finditer(text) if not _is_for_hosts(text, f.start())]
    pins = [re.sub(r"(?<=\d) (?=\d)", "", f["pin"] or f["digits"]) for f in found]
    for_phones = (*(f["phone"] for f in found[:1]), *filter(str.isdecimal, pins[1:]))
    return next(iter(pins), ""), next(filter(None, for_phones), "")


def _numbers(
    text: str, quick: set[int], market: str, near: int = 0
) -> tuple[tuple[DialIn, ...], str]:
    """Numbers in the stretches about dialling in, and a code written right behind one of them.

    `quick`: where numbers with their code attached begin, which need no words around them;
    `near`: so many lines of the beginning are about dialling in.
    """
    found: list[DialIn] = []
    code = loose = ""
    offset = 0
    for line in text.split("\n"):
        near = max(0, near - 1) if line.strip() else near
        if words.RULE.match(line):
            near = 0
        if words.DIAL_LABELS.search(line):
            near = words.FAR_LINES + 1
        for number in _matches(line, market):
            behind = words.BEHIND.match(line, number.end)
            is_quick = any(offset + number.start <= q <= offset + number.end for q in quick)
            if is_quick or behind or _belongs(line, near):
                found += _dial_in(number.number)
                code = code or (re.sub(r"\D", "", behind["code"]) if behind else "")
                loose = loose or _loose(text, offset + number.end, number.number.extension)
                near = words.FAR_LINES + 1
        offset += len(line) + 1
    return tuple(found), code or loose


def _loose(text: str, at: int, extension: str | None) -> str:
    """What looks like a code right behind the number that ends `at`, or in its extension."""
    if extension and len(extension) >= words.SHORTEST_LOOSE:
        return extension
    for found in words.LOOSE.finditer(text[at : at + words.LOOSELY_NEAR]):
        if not _is_for_hosts(text, at + found.start()):
            return re.sub(r"\D", "", found["code"] or found["room"] or found["keyed"])
    return ""


def _belongs(line: str, near: int) -> bool:
    """Whether a number in `line` is one to dial in, `near` lines before that talk ends."""
    if words.PERSONAL.search(line):
        return False
    is_plain_phone = words.TELEPHONE.match(line) and not words.DIAL_LABELS.search(line)
    return near >= words.FAR_LINES if is_plain_phone else near > 0


def _matches(line: str, market: str) -> Iterable[PhoneNumberMatch]:
    """Only where there are digits enough: the library is slow."""
    is_worth_it = sum(char.isdecimal() for char in line) >= 6
    return PhoneNumberMatcher(line[:500], market) if is_worth_it else ()


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
