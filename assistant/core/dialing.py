"""What may be dialled: one spelling of every number and address, and a verdict on it.

Numbers and links come from contacts, invitations and speech; none of them is trusted. What
`parse_target` lets through holds no character that a SIP header, an AT command, a shell or a
browser would read as anything but an address. `judge` then says whether the driver should be
asked first. Neighbours: `links` reads meeting and chat links, actions ask, the call lines in
`services.calls` check again (`safe_target`) before they dial.

Source: RFC 3966 (tel), RFC 3261 §19.1 (sip), RFC 3601 (post-dial); libphonenumber's
metadata for countries, costs and emergency numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    SUPPORTED_SHORT_REGIONS,
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    ShortNumberCost,
    shortnumberinfo,
)

from assistant.core.links import Host, parse_link, shown
from assistant.core.tones import parse_tones
from assistant.errors import UnsafeTarget

_BODY = re.compile(r"\+?[0-9 ()./\-\u2010\u2011\u2013]{2,40}")
_TAIL = re.compile(
    r";(?:postd|ext|isub)=|[,;]|[pw](?=\d)|\s*(?:ext\.?|x)\s*(?=\d)", re.IGNORECASE | re.ASCII
)
_PHONE_CONTEXT = re.compile(r";phone-context=[+\w.-]{1,64}", re.IGNORECASE | re.ASCII)
_SIP = re.compile(
    r"(?P<user>[A-Za-z0-9._+~!*'=$-]{1,64})"
    r"@(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::[0-9]{1,5})?)"
    r"(?P<parameters>(?:;(?:transport=(?:udp|tcp|tls)|user=phone|gruu"
    r"|opaque=(?:app|user):[A-Za-z0-9:._-]{1,200}))*)"
)
_OUTSIDE_NUMBER = re.compile(r"\+[0-9]+|0[0-9]{6,}")
_EMERGENCY_ANYWHERE = ("112", "911", "999", "110")
_FREEPHONE_CODE = 800
"""International freephone (ITU-T E.169.1)."""
_LONGEST_SHORT_DIGITS = 6


class Ruling(StrEnum):
    OK = "ok"
    ASK = "ask"
    """Read it back and wait for yes."""
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why a target is not simply dialled; the values are keys for wording."""

    NONE = ""
    FOREIGN = "foreign"
    """A number of another country; `Verdict.country` says which."""
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    SHORT = "short"
    """A service number (116117) whose cost is not known."""
    UNLIKELY = "unlikely"
    """Of the right length, but no such range is in use."""
    EMERGENCY = "emergency"
    UNKNOWN_HOST = "unknown_host"
    """A link to a meeting host nobody has vouched for."""
    RETIRED = "retired"
    """Consumer Skype, switched off in May 2025."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something a line can dial or open."""

    uri: str
    """`tel:+4969…`, `tel:116117`, `sos:112`, `sip:user@host`, `conf:sip:…`, `https:…`."""
    number: str = ""
    """What a telephone dials: `+` and digits, or a short number; "" when it is no number."""
    tones: str = ""
    """Sent after the answer: digits, `*`, `#`, `,` for a pause."""
    country: str = ""
    """ISO 3166 alpha-2 of the number, "001" for international services, "" when unknown."""

    @property
    def scheme(self) -> str:
        return self.uri.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    ruling: Ruling
    reason: Reason = Reason.NONE
    country: str = ""
    """ISO 3166 alpha-2, with FOREIGN."""


def parse_target(raw: str, home: str = "") -> Target:
    """Read a number or link as found in a contact, an invitation or a sentence.

    `home` (ISO 3166 alpha-2) completes national numbers such as 069 1234567.

    Raises: UnsafeTarget, `problem` saying what is wrong with it.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if any(not char.isprintable() for char in unquote(text)):
        raise UnsafeTarget(shown(raw), "control characters")
    scheme, colon, rest = text.partition(":")
    match scheme.lower() if colon else "tel":
        case "callto" | "conf" if rest.lower().startswith("sip:"):
            inner = _parse_sip("sip", rest[4:], home)
            is_meeting = scheme.lower() == "conf"
            return replace(inner, uri=f"conf:{inner.uri}") if is_meeting else inner
        case "tel" | "callto":
            return _parse_number(unquote(rest if colon else text), home)
        case "sos":
            return _parse_sos(raw, rest)
        case "sip" | "sips" as kind:
            return _parse_sip(kind, rest, home)
        case _:
            return Target(uri=parse_link(text).uri)


def judge(target: Target, homes: Sequence[str] = ()) -> Verdict:
    """Whether to dial `target`, to ask first, or not at all.

    `homes`: countries (ISO 3166 alpha-2) whose numbers need no question.
    """
    if target.scheme == "sos":
        return Verdict(ruling=Ruling.ASK, reason=Reason.EMERGENCY)
    if target.number:
        return _judge_number(target, homes)
    if target.scheme in ("sip", "sips", "conf"):
        return Verdict(ruling=Ruling.OK)
    return _judge_link(target.uri)


def safe_target(raw: str, home: str = "") -> Target:
    """Parse `raw` and insist that it is nothing a line must never dial.

    Questions are the business of whoever calls; this is the last door before the telephone.

    Raises: UnsafeTarget.
    """
    target = parse_target(raw, home)
    verdict = judge(target)
    if verdict.ruling is Ruling.REFUSE:
        raise UnsafeTarget(shown(raw), verdict.reason)
    return target


def is_dialable(raw: str, home: str, schemes: Sequence[str]) -> bool:
    """Whether `raw` is safe and of one of the `schemes` that a line can dial."""
    try:
        return safe_target(raw, home).scheme in schemes
    except UnsafeTarget:
        return False


def emergency_uri(digits: str) -> str:
    """The only address under which a line dials an emergency number: `sos:112`.

    Built by the action behind the driver's explicit phrase and nowhere else, so that no contact,
    invitation or misheard number can lead there.

    Raises: UnsafeTarget for digits that are no emergency number.
    """
    return _parse_sos(digits, digits).uri


def is_emergency(digits: str) -> bool:
    """Whether `digits` reach the police, an ambulance or the fire brigade in any country."""
    return len(digits) <= _LONGEST_SHORT_DIGITS and any(
        shortnumberinfo.is_emergency_number(digits, region) for region in SUPPORTED_SHORT_REGIONS
    )


def _parse_number(raw: str, home: str) -> Target:
    text = _PHONE_CONTEXT.sub("", raw.strip())
    body, tail = _split_tail(text)
    if not _BODY.fullmatch(body):
        letters = any(char.isalpha() for char in body)
        raise UnsafeTarget(shown(raw), "letters in the number" if letters else "not a number")
    if body.startswith("+"):
        body = body.replace("(0)", "")
    digits = re.sub(r"[^0-9+]", "", body)
    tones = parse_tones(tail)
    if len(digits) <= _LONGEST_SHORT_DIGITS and digits.isdecimal():
        return _parse_short(raw, digits, tones, home)
    return _parse_full(raw, digits, tones, home)


def _split_tail(text: str) -> tuple[str, str]:
    """The number, and the tones behind it; an extension is keyed in after a pause."""
    found = _TAIL.search(text)
    if found is None:
        return text, ""
    pause = "" if "postd" in found[0].lower() else ","
    return text[: found.start()].strip(), pause + text[found.end() :]


def _parse_short(raw: str, digits: str, tones: str, home: str) -> Target:
    outside = digits.lstrip("0")  # a switchboard takes leading zeros for "outside line"
    is_extended = shortnumberinfo.connects_to_emergency_number(outside, home)
    if is_emergency(digits) or is_emergency(outside) or is_extended:
        return Target(uri=f"tel:{digits}", number=digits)
    if not home:
        raise UnsafeTarget(shown(raw), "a national number, and no country is set")
    number = _short(digits, home)
    if outside != digits or not shortnumberinfo.is_valid_short_number_for_region(number, home):
        raise UnsafeTarget(shown(raw), "too short for a number")
    return Target(uri=f"tel:{digits}", number=digits, tones=tones, country=home)


def _short(digits: str, region: str) -> phonenumbers.PhoneNumber:
    code = phonenumbers.country_code_for_region(region)
    return phonenumbers.PhoneNumber(country_code=code, national_number=int(digits))


def _parse_full(raw: str, digits: str, tones: str, home: str) -> Target:
    try:
        number = phonenumbers.parse(digits, home or None)
    except NumberParseException as error:
        problem = "not a number with a known country"
        raise UnsafeTarget(shown(raw), problem) from error
    national = phonenumbers.national_significant_number(number)
    if is_emergency(national):
        return Target(uri=f"tel:{national}", number=national)
    if not phonenumbers.is_possible_number(number):
        raise UnsafeTarget(shown(raw), "too long or too short for a number")
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    country = phonenumbers.region_code_for_number(number)
    country = country or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return Target(uri=f"tel:{e164}", number=e164, tones=tones, country=country)


def _parse_sos(raw: str, digits: str) -> Target:
    if not re.fullmatch("[0-9]+", digits) or not is_emergency(digits):  # the library is lenient
        raise UnsafeTarget(shown(raw), "no emergency number")
    return Target(uri=f"sos:{digits}", number=digits)


def _parse_sip(scheme: str, raw: str, home: str) -> Target:
    """`user@host` and harmless parameters; a user part that is a number is judged as one."""
    found = _SIP.fullmatch(unquote(raw))
    if found is None:
        raise UnsafeTarget(shown(raw), "not a plain SIP address")
    uri, user = f"{scheme}:{found[0]}", found["user"]
    outside = user.lstrip("0")  # extensions such as 101 are common: the driver's country counts
    if outside in _EMERGENCY_ANYWHERE or shortnumberinfo.is_emergency_number(outside, home):
        return Target(uri=uri, number=user)
    if not _OUTSIDE_NUMBER.fullmatch(user):
        return Target(uri=uri)
    number = _parse_number(user, home)
    return Target(uri=uri, number=number.number, country=number.country)


def _judge_number(target: Target, homes: Sequence[str]) -> Verdict:
    if not target.country:
        return Verdict(ruling=Ruling.REFUSE, reason=Reason.EMERGENCY)
    if not target.number.startswith("+"):
        return _judge_short(target)
    number = phonenumbers.parse(target.number)
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.PREMIUM_RATE:
        return Verdict(ruling=Ruling.REFUSE, reason=Reason.PREMIUM)
    if not phonenumbers.is_valid_number(number):
        return Verdict(ruling=Ruling.ASK, reason=Reason.UNLIKELY)
    if kind == PhoneNumberType.SHARED_COST:
        return Verdict(ruling=Ruling.ASK, reason=Reason.SHARED_COST)
    if target.country not in homes and number.country_code != _FREEPHONE_CODE:
        return Verdict(ruling=Ruling.ASK, reason=Reason.FOREIGN, country=target.country)
    return Verdict(ruling=Ruling.OK)


def _judge_short(target: Target) -> Verdict:
    number = _short(target.number, target.country)
    cost = shortnumberinfo.expected_cost_for_region(number, target.country)
    if cost == ShortNumberCost.PREMIUM_RATE:
        return Verdict(ruling=Ruling.REFUSE, reason=Reason.PREMIUM)
    return Verdict(ruling=Ruling.ASK, reason=Reason.SHORT)


def _judge_link(uri: str) -> Verdict:
    match parse_link(uri).host:
        case Host.KNOWN:
            return Verdict(ruling=Ruling.OK)
        case Host.UNKNOWN:
            return Verdict(ruling=Ruling.ASK, reason=Reason.UNKNOWN_HOST)
        case Host.RETIRED:
            return Verdict(ruling=Ruling.ASK, reason=Reason.RETIRED)
