"""SIP calls between real programs on loopback: baresip, kamailio and sipp."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from parts import eventually, free_port, need
from sip.car import direct
from sip.peer import Peer, peer
from sip.registrar import PASSWORD, Registrar, registrar
from sip.scenario import caller, refusing, reinviting, scenario, unanswered
from sip.sound import is_finished, likeness, read

from assistant.core.events import Connected, DeviceFailed, Ended, EndReason, Event, Ringing
from assistant.errors import Busy, CallFailed, ConfigError, SignInNeeded, Unreachable
from assistant.services.calls import baresip
from assistant.services.calls.sip import SipLine

pytestmark = pytest.mark.usefixtures("no_threads_left")


class Car:
    """A line in the car and what it has posted."""

    def __init__(self, voice: Path, **settings: str) -> None:
        self.events: list[Event] = []
        own = direct(voice, **settings)
        self.address = own["account"]
        self.line = SipLine(own, self.events.append)

    def ready(self) -> Car:
        eventually(lambda: self.line.can("sip:anybody@example.org"), "signed-in line", 30)
        return self

    def expect(self, kind: type[Event], count: int = 1) -> Event:
        def found() -> list[Event]:
            return [event for event in self.events if isinstance(event, kind)]

        eventually(lambda: len(found()) >= count, f"{kind.__name__} number {count}", 15)
        return found()[count - 1]

    def expect_end(self, reason: EndReason, count: int = 1) -> None:
        ended = self.expect(Ended, count)
        assert isinstance(ended, Ended) and ended.reason is reason


@pytest.fixture
def start(voice: Path) -> Iterator[Callable[..., Car]]:
    """Starts a car with further settings; it is closed whatever happens."""
    need("baresip", "baresip-core")
    with ExitStack() as stack:

        def started(**settings: str) -> Car:
            one = Car(voice, **settings)
            stack.callback(one.line.close)
            return one.ready()

        yield started


@pytest.fixture
def car(start: Callable[..., Car]) -> Car:
    return start()


@contextmanager
def signed_in(voice: Path, server: Registrar, **settings: str) -> Iterator[Car]:
    own = {
        "account": "sip:car@car.test",
        "password": PASSWORD,
        "register": "yes",
        "registrar": f"sip:127.0.0.1:{server.port}",
        "listen": "127.0.0.1:0",
    }
    one = Car(voice, **{**own, **settings})
    try:
        yield one
    finally:
        one.line.close()


def call(car: Car, far: Peer) -> None:
    car.line.dial(far.uri, "Anna Weber")
    far.expect("CALL_INCOMING")
    far.order("accept")
    car.expect(Connected)


def test_a_name_adds_nothing_to_the_call(car: Car, far: Peer) -> None:
    car.line.dial(far.uri, 'Anna"\r\nX-Evil: 1\r\nTo: <sip:evil@example.org>')
    assert far.expect("CALL_INCOMING")["peeruri"] == car.address
    assert car.expect(Ringing)


def arrives(voice: Path, folder: Path, car: Car) -> bool:
    """Whether what the car speaks is heard by the far end, which keeps it in `folder`."""

    def recording() -> Path | None:
        files = list(folder.glob("dump-*-dec.wav"))
        return files[0] if files and files[0].stat().st_size > 3 * 16000 else None

    heard = eventually(recording, "three seconds of recorded call", 15)
    car.line.hang_up()
    car.expect_end(EndReason.HANG_UP)
    eventually(lambda: is_finished(heard), "finished recording")
    return likeness(read(heard), read(voice)) > 0.9


def test_what_is_spoken_in_the_car_arrives_at_the_far_end(
    car: Car, far: Peer, voice: Path, tmp_path: Path
) -> None:
    call(car, far)
    assert arrives(voice, tmp_path / "far", car)


def test_muting_silences_the_car(car: Car, far: Peer, tmp_path: Path) -> None:
    call(car, far)
    car.line.mute(True)
    car.line.mute(True)
    dumps = (tmp_path / "far").glob
    recording = eventually(lambda: next(dumps("dump-*-dec.wav"), None), "recording")
    before = recording.stat().st_size
    eventually(lambda: recording.stat().st_size > before + 2 * 16000, "two more seconds", 15)
    car.line.hang_up()
    car.expect(Ended)
    eventually(lambda: is_finished(recording), "finished recording")
    last_second = read(recording)[-8000:]
    assert abs(last_second).max() < 0.01


def test_a_second_caller_waits_is_answered_and_the_first_comes_back(
    car: Car, far: Peer, voice: Path, tmp_path: Path
) -> None:
    with peer(tmp_path / "carl", voice, name="carl") as carl:
        call(car, far)
        carl.order("dial", car.address)
        ringing = car.expect(Ringing, 2)
        assert isinstance(ringing, Ringing) and ringing.incoming
        car.line.answer()
        carl.expect("CALL_ESTABLISHED")
        car.line.hold(False)
        assert car.expect(Connected, 3) == Connected(uri=far.uri, name="Anna Weber")
        car.line.send_tones("1")
        eventually(lambda: far.keys() == "1", "tone in the first call")
        car.line.hold(True)
        assert car.expect(Connected, 4) == Connected(uri=ringing.uri)
        car.line.hang_up()
        carl.expect("CALL_CLOSED")
        back = car.expect(Connected, 5)
        assert isinstance(back, Connected) and back.uri == far.uri
        car.line.hang_up()
        far.expect("CALL_CLOSED")


def test_a_waiting_caller_is_declined_without_touching_the_call(
    car: Car, far: Peer, voice: Path, tmp_path: Path
) -> None:
    with peer(tmp_path / "carl", voice, name="carl") as carl:
        call(car, far)
        carl.order("dial", car.address)
        car.expect(Ringing, 2)
        car.line.decline()
        car.expect_end(EndReason.DECLINED)
        assert carl.expect("CALL_CLOSED")["param"].startswith("486")
        car.line.send_tones("1")
        eventually(lambda: far.keys() == "1", "tone in the first call")


def test_an_unanswered_caller_was_missed(car: Car, far: Peer) -> None:
    far.order("dial", car.address)
    car.expect(Ringing)
    far.order("hangup")
    car.expect_end(EndReason.NO_ANSWER)


def test_signing_in_with_digest_and_calling_through_the_proxy(tmp_path: Path, voice: Path) -> None:
    with (
        registrar(tmp_path / "kamailio") as server,
        peer(tmp_path / "far", voice, account=server.account("anna"), name="anna") as anna,
        signed_in(voice, server) as car,
    ):
        anna.expect("REGISTER_OK")
        car.ready().line.dial("sip:anna@car.test", "Anna", tones="471#")
        anna.expect("CALL_INCOMING")
        anna.order("accept")
        car.expect(Connected)
        eventually(lambda: anna.keys() == "471#", "tones at the far end")
        anna.order("hangup")
        car.expect_end(EndReason.HANG_UP)
        car.line.dial("sip:nobody@car.test")
        car.expect_end(EndReason.NOT_FOUND, 2)


@pytest.mark.parametrize(
    ("transport", "srtp", "far_srtp"),
    [("tcp", "wanted", ""), ("tls", "required", ";mediaenc=srtp-mand")],
)
def test_calls_through_the_proxy_over_other_transports(
    tmp_path: Path, voice: Path, transport: str, srtp: str, far_srtp: str
) -> None:
    with registrar(tmp_path / "kamailio") as server:
        account = server.account("anna") + far_srtp
        port = server.tls_port if transport == "tls" else server.port
        settings = {
            "transport": transport,
            "srtp": srtp,
            "registrar": f"sip:127.0.0.1:{port}",
            "ca_file": str(server.ca_file),
        }
        with (
            peer(tmp_path / "far", voice, account=account, name="anna") as anna,
            signed_in(voice, server, **settings) as car,
        ):
            anna.expect("REGISTER_OK")
            car.ready().line.dial("sip:anna@car.test", "Anna")
            anna.expect("CALL_INCOMING")
            anna.order("accept")
            car.expect(Connected)
            assert arrives(voice, tmp_path / "far", car)
            anna.expect("CALL_CLOSED")


@pytest.mark.parametrize(
    ("srtp", "far_srtp"),
    [("required", "srtp-mand"), ("wanted", "srtp"), ("dtls", "dtls_srtp")],
)
def test_sound_passes_encrypted(
    tmp_path: Path, voice: Path, start: Callable[..., Car], srtp: str, far_srtp: str
) -> None:
    car = start(srtp=srtp)
    with peer(tmp_path / "far", voice, extra=f";mediaenc={far_srtp}") as far:
        call(car, far)
        assert arrives(voice, tmp_path / "far", car)


def test_required_encryption_is_not_given_up(start: Callable[..., Car], far: Peer) -> None:
    car = start(srtp="required")
    car.line.dial(far.uri)
    car.expect_end(EndReason.REFUSED)


def test_a_wrong_password_is_told_once_and_the_line_reaches_nobody(
    tmp_path: Path, voice: Path
) -> None:
    with (
        registrar(tmp_path / "kamailio") as server,
        signed_in(voice, server, password="wrong") as car,
    ):
        failed = car.expect(DeviceFailed)
        assert isinstance(failed, DeviceFailed) and isinstance(failed.error, SignInNeeded)
        assert not car.line.can("sip:anna@car.test")
        with pytest.raises(Unreachable):
            car.line.dial("sip:anna@car.test")


def test_the_account_survives_a_crash_of_the_child(tmp_path: Path, voice: Path) -> None:
    with (
        registrar(tmp_path / "kamailio") as server,
        peer(tmp_path / "far", voice, account=server.account("anna"), name="anna") as anna,
        signed_in(voice, server) as car,
    ):
        anna.expect("REGISTER_OK")
        car.ready().line.dial("sip:anna@car.test")
        anna.expect("CALL_INCOMING")
        anna.order("accept")
        car.expect(Connected)
        os.kill(_child_of_this_process("roadcall-sip-"), signal.SIGKILL)
        car.expect_end(EndReason.LOST)
        assert not car.line.can("sip:anna@car.test")
        car.ready()
        anna.order("hangup")
        anna.expect("CALL_CLOSED")
        car.line.dial("sip:anna@car.test")
        anna.expect("CALL_INCOMING", 2)


def test_neither_password_nor_files_are_open_to_others(tmp_path: Path, voice: Path) -> None:
    with registrar(tmp_path / "kamailio") as server, signed_in(voice, server) as car:
        car.ready()
        command = _command_line(_child_of_this_process("roadcall-sip-"))
        folder = Path(command[command.index("-f") + 1])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in folder.iterdir():
            assert PASSWORD not in file.read_text()
        assert stat.S_IMODE((folder / "config").stat().st_mode) == 0o600
        assert PASSWORD not in " ".join(command)
        assert PASSWORD not in repr(vars(car.line))
    assert not folder.exists()


_DIES_IN_A_CALL = """
import json, os, signal, sys, time
from assistant.core.events import Connected
from assistant.services.calls.sip import SipLine
settings, far = json.loads(sys.argv[1]), sys.argv[2]
def die(event):
    if isinstance(event, Connected):
        os.kill(os.getpid(), signal.SIGKILL)
line = SipLine(settings, die)
while not line.can(far):
    time.sleep(0.02)
line.dial(far)
"""


def test_the_call_ends_when_the_assistant_is_killed(far: Peer, voice: Path) -> None:
    settings = direct(voice)
    command = [sys.executable, "-c", _DIES_IN_A_CALL, json.dumps(settings), far.uri]
    child = subprocess.Popen(command)
    far.expect("CALL_INCOMING")
    far.order("accept")
    assert child.wait(10) == -signal.SIGKILL
    assert far.expect("CALL_CLOSED")["param"].startswith("Connection reset")
    host, port = settings["listen"].split(":")
    with socket.socket() as probe:
        eventually(lambda: probe.connect_ex((host, int(port))), "end of baresip")


def _command_line(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def _child_of_this_process(marker: str) -> int:
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return next(pid for pid in pids if any(marker in part for part in _command_line(pid)))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (refusing("486 Busy Here", ring=True), EndReason.BUSY),
        (refusing("600 Busy Everywhere"), EndReason.BUSY),
        (refusing("603 Decline", ring=True), EndReason.DECLINED),
        (refusing("404 Not Found"), EndReason.NOT_FOUND),
        (refusing("484 Address Incomplete"), EndReason.NOT_FOUND),
        (refusing("480 Temporarily Unavailable"), EndReason.NO_ANSWER),
        (refusing("408 Request Timeout", ring=True), EndReason.NO_ANSWER),
        (refusing("403 Forbidden"), EndReason.REFUSED),
        (refusing("488 Not Acceptable Here"), EndReason.REFUSED),
        (refusing("503 Service Unavailable"), EndReason.UNREACHABLE),
    ],
)
def test_refusals_are_told_apart(car: Car, tmp_path: Path, steps: str, reason: EndReason) -> None:
    with scenario(tmp_path / "far", steps) as address:
        car.line.dial(address, "Anna")
        car.expect_end(reason)
        with pytest.raises(CallFailed):
            car.line.mute(True)


def test_garbage_from_the_far_end_does_no_harm(car: Car, far: Peer, tmp_path: Path) -> None:
    broken = (
        '<recv request="INVITE"/><send><![CDATA[\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n'
        "[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
        "Contact: <sip:[local_ip]:[local_port]>\nContent-Type: application/sdp\n"
        "Content-Length: [len]\n\nv=0\nm=nonsense\nc=\xff\n\n]]></send>"
    )
    with scenario(tmp_path / "garbage", broken) as address:
        car.line.dial(address)
        car.expect(Ended)
    call(car, far)
    car.line.hang_up()
    car.expect_end(EndReason.HANG_UP, 2)


def test_the_far_end_changes_the_call_by_reinvite(car: Car, tmp_path: Path) -> None:
    with scenario(tmp_path / "far", reinviting()) as address:
        car.line.dial(address, "Anna")
        car.expect_end(EndReason.HANG_UP)
        assert car.expect(Connected) == Connected(uri=address, name="Anna")


@pytest.mark.parametrize(
    ("ring", "reason"), [(True, EndReason.NO_ANSWER), (False, EndReason.UNREACHABLE)]
)
def test_who_never_answers_is_given_up(
    tmp_path: Path, start: Callable[..., Car], *, ring: bool, reason: EndReason
) -> None:
    car = start(dial_limit_s="1", ring_limit_s="2")
    with scenario(tmp_path / "far", unanswered(ring=ring)) as address:
        car.line.dial(address)
        car.expect_end(reason)


def test_a_caller_cannot_write_on_the_dashboard_or_the_log(car: Car, tmp_path: Path) -> None:
    with caller(tmp_path / "caller", car.address, '"Bank\x1b\u202e"'):
        ringing = car.expect(Ringing)
        assert isinstance(ringing, Ringing) and ringing.incoming
        assert ringing.name.startswith("Bank") and ringing.name.isprintable()
        car.line.decline()
        car.expect_end(EndReason.DECLINED)


def test_a_message_that_is_no_json_is_passed_over() -> None:
    assert list(baresip._messages(bytearray(b'5:{"a":,2:{},3:"\x01",'))) == [{}]


def test_a_dead_peer_ends_after_the_dial_limit(start: Callable[..., Car]) -> None:
    car = start(dial_limit_s="1")
    car.line.dial(f"sip:nobody@127.0.0.1:{free_port()}")
    with pytest.raises(Busy):
        car.line.dial("sip:else@127.0.0.1")
    car.expect_end(EndReason.UNREACHABLE)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["refused", "silent"])
def test_the_network_is_lost_in_a_call(
    voice: Path, tmp_path: Path, start: Callable[..., Car], how: signal.Signals
) -> None:
    car = start(lost_after_s="2")
    with peer(tmp_path / "far", voice) as far:
        call(car, far)
        child = _child_of_this_process(str(tmp_path))
        os.kill(child, how)
        car.expect_end(EndReason.LOST)
        if how is signal.SIGSTOP:
            os.kill(child, signal.SIGCONT)


def test_the_far_end_holds_the_call_and_takes_it_back(car: Car, far: Peer) -> None:
    """Both by re-INVITE."""
    call(car, far)
    far.order("hold")
    far.expect("CALL_REMOTE_SDP", 2)
    far.order("resume")
    far.expect("CALL_REMOTE_SDP", 3)
    car.line.send_tones("5")
    eventually(lambda: far.keys() == "5", "tone after the hold")
    car.line.hang_up()
    car.expect_end(EndReason.HANG_UP)


def test_the_registrar_is_gone(tmp_path: Path, voice: Path) -> None:
    with ExitStack() as still_open:
        with registrar(tmp_path / "kamailio") as server:
            car = still_open.enter_context(signed_in(voice, server, dial_limit_s="1")).ready()
        car.line.dial("sip:anna@car.test")
        car.expect_end(EndReason.UNREACHABLE)


def test_a_registrar_that_comes_late_is_found(tmp_path: Path, voice: Path) -> None:
    """A refused connection is the quickest failure; baresip alone would wait for a minute."""
    port = free_port()
    settings = {"registrar": f"sip:127.0.0.1:{port}", "transport": "tcp"}
    nowhere = Registrar(port=port, tls_port=0, ca_file=tmp_path)
    with signed_in(voice, nowhere, **settings) as car:
        with pytest.raises(Unreachable):
            car.line.dial("sip:anna@car.test")
        with registrar(tmp_path / "kamailio", port):
            eventually(lambda: car.line.can("sip:anna@car.test"), "sign-in", 30)


def test_nobody_answers(start: Callable[..., Car], far: Peer) -> None:
    car = start(ring_limit_s="1")
    car.line.dial(far.uri)
    far.expect("CALL_INCOMING")
    car.expect_end(EndReason.NO_ANSWER)
    far.expect("CALL_CLOSED")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account", "sip:car@car.test>;x=<"),
        ("account", ""),
        ("password", 'x";regint=0;"'),
        ("password", "x\nmodule evil.so"),
        ("microphone", "alsa,default\nmodule evil.so"),
        ("registrar", "sip:host;x=y"),
        ("transport", "carrier pigeon"),
        ("program", "no-such-program"),
        ("dial_limit_s", "soon"),
        ("colour", "red"),
    ],
)
def test_wrong_settings_are_named(key: str, value: str) -> None:
    settings = {"account": "sip:car@car.test", key: value}
    with pytest.raises(ConfigError) as caught:
        SipLine(settings, lambda _: None)
    assert caught.value.values["key"] == key
