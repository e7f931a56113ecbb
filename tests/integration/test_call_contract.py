"""What every way to call owes the assistant, held against each of them with the realest far end.

sip: baresip to baresip. phone: the real ofonod with a scripted telephone. skype: a stand-in for
the server (a fake; no real one can run here). uri: real desktop tools. dryrun: itself.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from desktop import Desktop
from fakes.loopback import Loopback
from ofono.car import handsfree
from parts import eventually, need
from sip.car import direct
from sip.peer import peer
from sip.sound import write_noise_bursts
from ucwa.frontend import PASSWORD, Frontend

from assistant.actions.ports import CallLine
from assistant.core.events import Connected, Ended, EndReason, Event, Ringing
from assistant.core.model import JoinInfo
from assistant.errors import AssistantError, Busy, CallFailed, UnsafeTarget
from assistant.services.calls import BACKENDS

NUMBER = "tel:+49691234567"
ANNA = "sip:anna@contoso.test"
PLACING = ("startPhoneAudio", "joinOnlineMeeting")


def nothing() -> None:
    return


@dataclass(kw_only=True)
class Lab:
    """A line, what it has posted, and its far end."""

    line: CallLine
    events: list[Event]
    uri: str
    """Somebody who can be reached."""
    room: str = ""
    """The SIP address of a meeting that can be entered."""
    placed: Callable[[], int]
    """How many calls have reached the far end."""
    pick_up: Callable[[], None] = nothing
    drop: Callable[[], None] = nothing
    """The far end hangs up."""
    call_in: Callable[[], None] = nothing
    """Somebody calls the car."""
    keys: Callable[[], str] = str
    """Tones that have arrived."""
    reports: bool = True
    """Whether the line learns what becomes of a call."""

    def ready(self) -> Lab:
        eventually(lambda: self.line.can(self.uri), "line that is ready", 30)
        return self

    def expect(self, kind: type[Event]) -> Event:
        def found() -> list[Event]:
            return [event for event in self.events if isinstance(event, kind)]

        return eventually(found, kind.__name__, 15)[0]

    def connect(self, tones: str = "") -> None:
        self.line.dial(self.uri, "Anna Weber", tones)
        self.pick_up()
        if self.reports:
            self.expect(Connected)
        eventually(lambda: self.placed() == 1, "call at the far end")


@contextmanager
def dryrun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    del folder, monkeypatch
    events: list[Event] = []
    line = BACKENDS["dryrun"]({"quiet": "yes"}, events.append)
    dialled = line.dialled  # type: ignore[union-attr]
    keys = lambda: dialled[-1].tones if dialled else ""  # noqa: E731
    yield Lab(
        line=line, events=events, uri=NUMBER, room=ANNA, placed=lambda: len(dialled), keys=keys
    )


@contextmanager
def uri(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    desktop = Desktop(folder, ("tel", "sip"), monkeypatch)
    events: list[Event] = []
    line = BACKENDS["uri"]({}, events.append)
    placed = lambda: len(desktop.opened)  # noqa: E731
    yield Lab(line=line, events=events, uri=NUMBER, room=ANNA, placed=placed, reports=False)


@contextmanager
def sip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    del monkeypatch
    need("baresip", "baresip-core")
    voice, events = folder / "voice.wav", list[Event]()
    write_noise_bursts(voice)
    settings = direct(voice)
    with peer(folder / "far", voice) as far:
        calls = lambda: len(far.seen("CALL_INCOMING"))  # noqa: E731

        def pick_up() -> None:
            far.expect("CALL_INCOMING")
            far.order("accept")

        yield Lab(
            line=BACKENDS["sip"](settings, events.append),
            events=events,
            uri=far.uri,
            room=far.uri,
            placed=calls,
            pick_up=pick_up,
            drop=lambda: far.order("hangup"),
            call_in=lambda: far.order("dial", settings["account"]),
            keys=far.keys,
        )


@contextmanager
def phone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    del monkeypatch
    with handsfree(folder) as hands:
        at, events = hands.phone, list[Event]()
        line = BACKENDS["phone"]({"bus": hands.bus, "tones_after_s": "0"}, events.append)

        def pick_up() -> None:
            at.alert()
            eventually(lambda: any(isinstance(e, Ringing) for e in events), "alerting")
            at.answer()

        eventually(lambda: "AT+CCWA=1" in at.heard, "end of ofonod's preparations", 30)
        yield Lab(
            line=line,
            events=events,
            uri=NUMBER,
            placed=lambda: len(at.dialled),
            pick_up=pick_up,
            drop=at.drop,
            call_in=lambda: at.ring("+4930123456"),
            keys=lambda: at.tones,
        )


@contextmanager
def skype(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    del monkeypatch
    frontend, authority, events = Frontend(), trustme.CA(), list[Event]()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    with Loopback(frontend.answer, tls=context) as server:
        settings = {
            "account": "driver@contoso.test",
            "password": PASSWORD,
            "phone": "+491701234567",
            "discovery": server.url,
            "ca_file": str(folder / "ca.pem"),
        }
        yield Lab(
            line=BACKENDS["skype"](settings, events.append),
            events=events,
            uri=ANNA,
            room=f"{ANNA};gruu;opaque=app:conf:focus:id:X1",
            placed=lambda: sum(verb in PLACING for verb, _ in frontend.orders),
            pick_up=frontend.accept,
            drop=frontend.hang_up,
        )


LABS = {"dryrun": dryrun, "uri": uri, "sip": sip, "phone": phone, "skype": skype}
REPORTING = ("dryrun", "sip", "phone", "skype")
"""They learn what becomes of a call; `uri` hands it to another program."""
WITH_FAR_END = ("sip", "phone", "skype")
CALLED = ("sip", "phone")
"""Skype for Business rings the driver's telephone itself."""
KEYED = ("dryrun", "sip", "phone")
JOINING = ("dryrun", "uri", "sip", "skype")


def test_every_back_end_is_held_to_the_contract() -> None:
    assert set(LABS) == set(BACKENDS)


@pytest.fixture(params=LABS)
def lab(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_threads_left: None,
) -> Iterator[Lab]:
    del no_threads_left
    with LABS[request.param](tmp_path, monkeypatch) as one:
        assert one.line.name == request.param
        try:
            yield one.ready()
        finally:
            one.line.close()
            one.line.close()


@pytest.mark.parametrize("lab", REPORTING, indirect=True)
def test_a_call_from_dialling_to_hanging_up(lab: Lab) -> None:
    lab.connect()
    lab.line.hang_up()
    lab.expect(Ended)
    assert lab.events == [
        Ringing(uri=lab.uri, name="Anna Weber"),
        Connected(uri=lab.uri, name="Anna Weber"),
        Ended(uri=lab.uri, name="Anna Weber", reason=EndReason.HANG_UP),
    ]


@pytest.mark.parametrize("lab", REPORTING, indirect=True)
def test_one_call_at_a_time(lab: Lab) -> None:
    lab.connect()
    with pytest.raises(Busy):
        lab.line.dial(lab.uri)
    assert lab.placed() == 1


@pytest.mark.parametrize("lab", WITH_FAR_END, indirect=True)
def test_the_line_is_free_again_after_a_call(lab: Lab) -> None:
    lab.connect()
    lab.drop()
    ended = lab.expect(Ended)
    assert ended == Ended(uri=lab.uri, name="Anna Weber", reason=EndReason.HANG_UP)
    lab.line.dial(lab.uri)
    eventually(lambda: lab.placed() == 2, "second call")


@pytest.mark.parametrize(
    "unsafe",
    [
        "tel:112",
        "110",
        "tel:+499001234567",
        "tel:+49691234567\r\nATD112",
        "tel:CALLME",
        "sip:anna@contoso.test?Replaces=x",
        "sip:anna@contoso.test\r\nRoute: <sip:evil.example>",
        "sip:112@contoso.test",
        "https://teams-microsoft.com/l/meetup-join/x",
        "javascript:alert(1)",
        "",
    ],
)
def test_nothing_unsafe_is_dialled(lab: Lab, unsafe: str) -> None:
    assert not lab.line.can(unsafe)
    with pytest.raises(UnsafeTarget):
        lab.line.dial(unsafe)
    assert lab.placed() == 0
    assert lab.events == []


def test_unsafe_tones_stop_the_call_before_it_begins(lab: Lab) -> None:
    with pytest.raises(AssistantError):
        lab.line.dial(lab.uri, tones="12\r\n")
    assert lab.placed() == 0


@pytest.mark.parametrize("lab", KEYED, indirect=True)
def test_a_conference_id_is_keyed_in_after_the_answer(lab: Lab) -> None:
    lab.connect("47,11#")
    eventually(lambda: lab.keys().replace(",", "") == "4711#", "keys", 20)


@pytest.mark.parametrize("lab", JOINING, indirect=True)
def test_a_meeting_is_entered(lab: Lab) -> None:
    room = JoinInfo(provider="other", sip_uri=lab.room)
    assert lab.line.can_join(room)
    lab.line.join(room, "Budget")
    eventually(lambda: lab.placed() == 1, "entry")


def test_a_link_that_wants_a_tap_is_no_way_in(lab: Lab) -> None:
    teams = JoinInfo(provider="teams", url="https://teams.microsoft.com/l/meetup-join/x/0")
    assert not lab.line.can_join(teams)


@pytest.mark.parametrize("lab", ["phone"], indirect=True)
def test_a_telephone_enters_no_meeting_by_its_link(lab: Lab) -> None:
    room = JoinInfo(provider="other", sip_uri=ANNA)
    assert not lab.line.can_join(room)
    with pytest.raises(CallFailed):
        lab.line.join(room)
    assert lab.placed() == 0


def test_orders_without_a_call_are_refused(lab: Lab) -> None:
    for order in (
        lab.line.answer,
        lab.line.decline,
        lambda: lab.line.mute(True),
        lambda: lab.line.hold(True),
        lambda: lab.line.hold(False),
        lambda: lab.line.send_tones("1"),
    ):
        with pytest.raises(CallFailed):
            order()


@pytest.mark.parametrize("lab", CALLED, indirect=True)
def test_a_caller_is_announced_and_answered(lab: Lab) -> None:
    lab.call_in()
    ringing = lab.expect(Ringing)
    assert isinstance(ringing, Ringing) and ringing.incoming
    lab.line.answer()
    assert lab.expect(Connected) == Connected(uri=ringing.uri)
    lab.line.hang_up()
    assert lab.expect(Ended) == Ended(uri=ringing.uri, reason=EndReason.HANG_UP)


@pytest.mark.parametrize("lab", CALLED, indirect=True)
def test_a_caller_is_declined(lab: Lab) -> None:
    lab.call_in()
    ringing = lab.expect(Ringing)
    assert isinstance(ringing, Ringing)
    lab.line.decline()
    assert lab.expect(Ended) == Ended(uri=ringing.uri, reason=EndReason.DECLINED)


def test_closing_ends_the_call_and_every_thread(lab: Lab) -> None:
    lab.connect()
    lab.line.close()
    ours = {"baresip", "phone", "skype"}
    assert not [thread for thread in threading.enumerate() if thread.name in ours]
