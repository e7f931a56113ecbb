"""From a sentence in the car to two people talking, and from a caller to an answer by button.

Everything is real but the people: sound server, PortAudio, Vosk, voice, dialogue, and a baresip
at either end of a call over loopback.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from assistant import sample
from assistant.speech.recognizer import RECORDINGS, Recognizer
from tests.hardware.live_drive import NOW, ROOT, LiveDrive
from tests.hardware.sound_server import SoundServer, started
from tests.integration.parts import eventually
from tests.integration.sip.car import direct
from tests.integration.sip.peer import Peer, peer
from tests.integration.sip.sound import is_finished
from tests.integration.sip.speech import RATE_HZ, understood

FIXTURES = ROOT / "audio_fixtures/en-GB"
FAR_SAYS = ("who-planning-awb.wav", "who's coming to the quarterly planning")
CAR_SAYS = ("next-meeting-awb.wav", "what's my next meeting")
OTHERS = ("what do i have tomorrow", "call my next meeting", "when is my next break", "hang up")
POSSIBLE = (FAR_SAYS[1], CAR_SAYS[1], *OTHERS)
ZONE = "Europe/London"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    yield from started(tmp_path)


@pytest.fixture
def anna(tmp_path: Path) -> Iterator[Peer]:
    """Says one sentence again and again, and keeps what she hears."""
    once, rate_hz = soundfile.read(FIXTURES / FAR_SAYS[0], dtype="int16")
    assert rate_hz == RATE_HZ
    pause = np.zeros(int(1.5 * RATE_HZ), np.int16)
    voice = tmp_path / "anna.wav"
    soundfile.write(voice, np.tile(np.concatenate([pause, once]), 40), RATE_HZ, subtype="PCM_16")
    with peer(tmp_path / "anna", voice, name="anna", codec="g722") as one:
        yield one


def settings(folder: Path, anna: Peer, line: dict[str, str]) -> str:
    """A car with the sample week in which Anna Weber is reached over SIP alone."""
    now = datetime.fromisoformat(NOW).replace(tzinfo=ZoneInfo(ZONE))
    (folder / "week.ics").write_text(sample.build_week(now, ZONE), encoding="utf-8")
    card = ["BEGIN:VCARD", "VERSION:3.0", "FN:Anna Weber", "N:Weber;Anna;;;"]
    card += [f"IMPP:{anna.uri}", "EMAIL:anna.weber@northbridge.example", "END:VCARD", ""]
    (folder / "people.vcf").write_text("\r\n".join(card))
    rows = [f'zone = "{ZONE}"', f'me = ["{sample.DRIVER}"]', f'contacts = ["{folder}/people.vcf"]']
    rows += ["[[calendars]]", 'kind = "ics"', f'path = "{folder}/week.ics"']
    rows += ["[[lines]]", 'kind = "sip"', *(f'{key} = "{value}"' for key, value in line.items())]
    return "\n".join(rows)


@contextmanager
def driving(
    folder: Path, server: SoundServer, anna: Peer, line: dict[str, str]
) -> Iterator[LiveDrive]:
    """A drive that must end well: no traceback, and status 0 when it is told to stop."""
    drive = LiveDrive(folder, server, settings(folder, anna, line))
    try:
        yield drive
    finally:
        code = drive.stop()
    assert code == 0, drive.lines
    assert not drive.says("Traceback"), drive.lines


def test_call_my_three_pm_ends_with_two_people_talking(
    tmp_path: Path, server: SoundServer, anna: Peer
) -> None:
    recognizer, speaker = (
        Recognizer(ROOT / "models" / "en", limits=RECORDINGS),
        tmp_path / "speaker.wav",
    )
    with driving(tmp_path, server, anna, direct()) as drive:
        drive.press()
        server.play_to_microphone(FIXTURES / "call-three-pm-gb.wav")
        eventually(lambda: anna.seen("CALL_INCOMING"), "call at Anna's end", 90)
        assert drive.replies(), "announced before it was placed"
        anna.order("accept")
        anna.expect("CALL_ESTABLISHED")
        with server.recording(speaker):
            for _ in range(3):
                server.play_to_microphone(FIXTURES / CAR_SAYS[0])
            long_enough = 8 * 2 * RATE_HZ
            eventually(lambda: speaker.stat().st_size > long_enough, "call in the speaker", 30)
        assert len(drive.replies()) == 1, "nothing is said in a call"
    anna.expect("CALL_CLOSED")
    assert set(understood(recognizer, read(speaker), *POSSIBLE)) == {FAR_SAYS[1]}
    (heard,) = (tmp_path / "anna").glob("dump-*-dec.wav")
    eventually(lambda: is_finished(heard), "finished recording")
    assert set(understood(recognizer, read(heard), *POSSIBLE)) == {CAR_SAYS[1]}


def read(wav: Path) -> np.ndarray:
    samples, rate_hz = soundfile.read(wav, dtype="int16")
    assert rate_hz == RATE_HZ
    return samples


def test_who_rings_while_the_car_starts_is_announced_and_answered_by_button(
    tmp_path: Path, server: SoundServer, anna: Peer
) -> None:
    line = direct()
    with ringing(anna, line["account"]), driving(tmp_path, server, anna, line) as drive:
        anna.expect("CALL_RINGING")
        eventually(drive.replies, "announcement of a caller", 20)
        drive.press()
        anna.expect("CALL_ESTABLISHED")


@contextmanager
def ringing(caller: Peer, address: str) -> Iterator[None]:
    """Dial `address` until somebody's telephone rings."""
    done = threading.Event()

    def dial() -> None:
        tries = 0
        while not done.is_set() and not caller.seen("CALL_RINGING"):
            if len(caller.seen("CALL_CLOSED")) == tries:
                caller.order("dial", address)
                tries += 1
            done.wait(0.05)

    thread = threading.Thread(target=dial)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
