"""What may be dialled: spellings, disguises and verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.dialing import (
    Reason,
    Ruling,
    Target,
    emergency_uri,
    judge,
    parse_target,
    safe_target,
)
from assistant.core.tones import parse_tones, split_tones
from assistant.errors import UnsafeTarget

HOMES = ("DE",)


def verdict(raw: str) -> tuple[Ruling, Reason, str]:
    found = judge(parse_target(raw, "DE"), HOMES)
    return found.ruling, found.reason, found.country


@pytest.mark.parametrize(
    ("raw", "uri", "tones"),
    [
        ("tel:+49 69 1234567", "tel:+49691234567", ""),
        ("+49 (0) 69 / 123-4567", "tel:+49691234567", ""),
        ("069 1234567", "tel:+49691234567", ""),
        ("0049 69 1234567", "tel:+49691234567", ""),
        ("tel:%2B49691234567", "tel:+49691234567", ""),
        ("＋４９ ６９ １２３４５６７", "tel:+49691234567", ""),
        ("tel:+49691234567,,123456#", "tel:+49691234567", ",,123456#"),
        ("tel:+49691234567;postd=pp123#", "tel:+49691234567", ",,123#"),
        ("tel:+49691234567;ext=12", "tel:+49691234567", ",12"),
        ("+49 69 1234567 ext. 12", "tel:+49691234567", ",12"),
        ("tel:+49691234567w12#", "tel:+49691234567", ",12#"),
        ("callto:+49691234567", "tel:+49691234567", ""),
        ("tel:116117;phone-context=+49", "tel:116117", ""),
        ("callto:sip:anna@example.com", "sip:anna@example.com", ""),
        ("SIP:anna@example.com;transport=tls", "sip:anna@example.com;transport=tls", ""),
        ("sips:4711@[2001:db8::1]:5061", "sips:4711@[2001:db8::1]:5061", ""),
        (
            "conf:sip:a@b.example;gruu;opaque=app:conf:focus:id:X1",
            "conf:sip:a@b.example;gruu;opaque=app:conf:focus:id:X1",
            "",
        ),
        ("msteams:/l/call/0/0?users=a@b.c", "msteams:/l/call/0/0?users=a@b.c", ""),
    ],
)
def test_one_spelling(raw: str, uri: str, tones: str) -> None:
    target = parse_target(raw, "DE")
    assert (target.uri, target.tones) == (uri, tones)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "+",
        "tel:",
        "*100#",
        "anna",
        "1-800-FLOWERS",
        "+49 69 CALL ME",
        "+49691234567890123456",
        "+999123456789",
        "4711",
        "tel:+49691234567\r\nRoute: <sip:evil.example>",
        "tel:+49691234567%0d%0aRoute:x",
        "tel:+49691234567?body=x",
        "tel:+49691234567;rm -rf",
        "+49691234567,,`id`",
        "sip:anna@example.com?Replaces=x",
        "sip:anna@example.com;method=BYE",
        "sip:anna@example.com&x=y",
        "sip:anna;x@example.com",
        "sip:an%20na@example.com",
        "sip:anna%0d%0aBYE@example.com",
        'sip:"anna"@example.com',
        "sip:anna",
        "sip:<anna@example.com>",
        "im:<sip:anna@example.com>",
        "skype:anna?call&topic=<script>",
        "msteams:https://evil.example/l/call/0/0",
        "msteams:/x",
        "http://teams.microsoft.com/l/meetup-join/x",
        "https://teams.microsoft.com.evil.example/l/meetup-join/x",
        "https://teams-microsoft.com/l/meetup-join/x",
        "https://rnicrosoft-teams.example/l/meetup-join/x",
        "https://teams.microsoft.com@evil.example/l/meetup-join/x",
        "https://teams.microsoft.com\\@evil.example/",
        "https://t\u0435ams.microsoft.com/l/meetup-join/x",
        "https://xn--tams-g2d.example/l/meetup-join/x",
        "https://z00m.example/j/1",
        "https://zoom.us:8443/j/1",
        "https://zoom.us/j/1 2",
        "https://127.0.0.1:bad/",
        "https://[::1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "sos:4711",
        'sos:11"2',
        "sos:1 12",
        "sos:",
    ],
)
def test_refused_outright(raw: str) -> None:
    with pytest.raises(UnsafeTarget) as caught:
        parse_target(raw, "DE")
    assert caught.value.values["problem"]
    assert caught.value.values["target"].isprintable()


def test_a_national_number_needs_a_country() -> None:
    with pytest.raises(UnsafeTarget, match="country"):
        parse_target("069 1234567")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+49 69 1234567", (Ruling.OK, Reason.NONE, "")),
        ("+800 1234 5678", (Ruling.OK, Reason.NONE, "")),
        ("sip:anna@example.com", (Ruling.OK, Reason.NONE, "")),
        ("sip:101@pbx.example", (Ruling.OK, Reason.NONE, "")),
        ("https://us02web.zoom.us/j/1?pwd=a", (Ruling.OK, Reason.NONE, "")),
        ("https://teams.microsoft.com/meet/1?p=a", (Ruling.OK, Reason.NONE, "")),
        ("+44 20 7946 0123", (Ruling.ASK, Reason.FOREIGN, "GB")),
        ("+1 876 555 1234", (Ruling.ASK, Reason.FOREIGN, "JM")),
        ("+870 773111632", (Ruling.ASK, Reason.FOREIGN, "001")),
        ("sip:+442079460123@gateway.example", (Ruling.ASK, Reason.FOREIGN, "GB")),
        ("+49 180 5 1234567", (Ruling.ASK, Reason.SHARED_COST, "")),
        ("+49 900 123456", (Ruling.ASK, Reason.UNLIKELY, "")),
        ("116117", (Ruling.ASK, Reason.SHORT, "")),
        ("https://meet.contoso.example/anna/X", (Ruling.ASK, Reason.UNKNOWN_HOST, "")),
        ("skype:live:anna?call", (Ruling.ASK, Reason.RETIRED, "")),
        ("https://join.skype.com/abc", (Ruling.ASK, Reason.RETIRED, "")),
        ("+49 900 1 234567", (Ruling.REFUSE, Reason.PREMIUM, "")),
        ("+979 123456789", (Ruling.REFUSE, Reason.PREMIUM, "")),
        ("sip:+499001234567@gateway.example", (Ruling.REFUSE, Reason.PREMIUM, "")),
    ],
)
def test_verdicts(raw: str, expected: tuple[Ruling, Reason, str]) -> None:
    assert verdict(raw) == expected


@pytest.mark.parametrize("digits", ["112", "110", "999", "911", "000", "15", "17", "18", "113"])
@pytest.mark.parametrize(
    "disguise",
    ["{}", "tel:{}", "tel:{};phone-context=+49", "0{}", "{},,1", "+49{}", "tel:%31{}"],
)
def test_an_emergency_number_is_never_dialled_from_a_guess(digits: str, disguise: str) -> None:
    raw = disguise.format(digits[1:] if "%31" in disguise else digits)
    if "%31" in disguise and not digits.startswith("1"):
        raw = f"tel:{digits}"
    with pytest.raises(UnsafeTarget):
        safe_target(raw, "DE")


@pytest.mark.parametrize("raw", ["sip:112@pbx.example", "sip:0112@pbx.example", "1 1 2 3 4 5"])
def test_more_ways_to_an_emergency_number_are_closed(raw: str) -> None:
    assert verdict(raw)[:2] == (Ruling.REFUSE, Reason.EMERGENCY)


def test_the_explicit_phrase_leads_to_an_emergency_number_and_still_asks() -> None:
    target = safe_target(emergency_uri("112"))
    assert (target.number, target.scheme) == ("112", "sos")
    assert judge(target, HOMES).reason is Reason.EMERGENCY
    with pytest.raises(UnsafeTarget):
        emergency_uri("4711")


def test_tones() -> None:
    assert parse_tones("12 34-5p6w#*") == "12345,6,#*"
    for raw in ("12e", "1\r2\x00", "9" * 65):
        with pytest.raises(UnsafeTarget):
            parse_tones(raw)


def test_tones_come_in_groups_with_waits() -> None:
    assert split_tones(",,12#,3") == ((4.0, "12#"), (2.0, "3"))
    assert split_tones("") == ()


@given(st.text(max_size=60), st.sampled_from(["", "tel:", "sip:a@", "sip:", "https://", "skype:"]))
def test_whatever_passes_is_one_plain_address(text: str, scheme: str) -> None:
    """Random text raises UnsafeTarget or gives an address without blanks and controls."""
    try:
        target = parse_target(scheme + text, "DE")
    except UnsafeTarget:
        return
    assert target.uri.isascii() and target.uri.isprintable() and " " not in target.uri
    assert parse_target(target.uri, "DE") == Target(
        uri=target.uri, number=target.number, country=target.country
    )
    judge(target, HOMES)
