"""Handing links to the system's programs: real desktop tools, a program that notes its link."""

from __future__ import annotations

from pathlib import Path

import pytest
from desktop import Desktop
from parts import eventually

from assistant.core.dialing import emergency_uri
from assistant.core.model import JoinInfo
from assistant.errors import CallFailed, NoHandler, UnsafeTarget
from assistant.services.calls.uri import UriLine

ROOM = "sip:boss@contoso.example;gruu;opaque=app:conf:focus:id:X1"


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    return Desktop(tmp_path, ("tel", "sip", "conf", "https", "skype", "msteams"), monkeypatch)


@pytest.fixture
def line() -> UriLine:
    return UriLine({"country": "DE"}, lambda _: None)


@pytest.mark.parametrize(
    ("uri", "tones", "opened"),
    [
        ("069 1234567", "", "tel:+49691234567"),
        ("tel:+49691234567,,12#", "", "tel:+49691234567;postd=pp12#"),
        ("tel:+49691234567", "3", "tel:+49691234567;postd=3"),
        ("callto:sip:anna@example.com", "", "sip:anna@example.com"),
        ("skype:live:anna?call", "", "skype:live:anna?call"),
        (
            "https://teams.microsoft.com/l/call/0/0?users=a@b.c",
            "",
            "https://teams.microsoft.com/l/call/0/0?users=a@b.c",
        ),
        ("msteams:/l/call/0/0?users=a@b.c", "", "msteams:/l/call/0/0?users=a@b.c"),
    ],
)
def test_links_reach_the_program_as_they_should(
    desktop: Desktop, line: UriLine, uri: str, tones: str, opened: str
) -> None:
    line.dial(uri, "Anna", tones)
    assert eventually(lambda: desktop.opened, "opened link") == [opened]


def test_a_skype_for_business_room_is_opened_as_a_conference(
    desktop: Desktop, line: UriLine
) -> None:
    join = JoinInfo(provider="skype-business", sip_uri=ROOM)
    assert line.can_join(join)
    line.join(join)
    assert eventually(lambda: desktop.opened, "opened link") == [f"conf:{ROOM}"]


def test_only_what_needs_no_tap_counts_as_hands_free(desktop: Desktop, line: UriLine) -> None:
    assert desktop.opened == []
    assert line.can("tel:+49691234567") and line.can("sip:anna@example.com")
    for uri in (
        "https://teams.microsoft.com/l/call/0/0?users=a@b.c",
        "skype:anna?call",
        "sips:a@b",
    ):
        assert not line.can(uri)
    assert not line.can_join(JoinInfo(provider="teams", url="https://teams.microsoft.com/meet/1"))


@pytest.mark.parametrize(
    "uri", ["tel:112", "tel:+49691234567\r\nx", "sip:a@b?x=y", "https://teams-microsoft.com/l/x"]
)
def test_nothing_unsafe_reaches_a_program(desktop: Desktop, line: UriLine, uri: str) -> None:
    with pytest.raises(UnsafeTarget):
        line.dial(uri)
    with pytest.raises(CallFailed):
        line.dial(emergency_uri("112"))
    line.dial("tel:+49691234567")
    assert eventually(lambda: desktop.opened, "opened link") == ["tel:+49691234567"]


def test_without_a_program_no_browser_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: UriLine
) -> None:
    desktop = Desktop(tmp_path, ("https",), monkeypatch)
    assert not line.can("tel:+49691234567")
    with pytest.raises(NoHandler) as caught:
        line.dial("tel:+49691234567")
    assert caught.value.values["scheme"] == "tel"
    assert desktop.opened == []
