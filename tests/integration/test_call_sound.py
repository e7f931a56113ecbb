"""What is spoken into one end of a SIP call is understood at the other, both ways.

Two baresips on loopback with a wide-band codec (G.722), a sound server without hardware, and our
own recogniser with the embedded model: the car speaks through the ALSA default devices that are
also the settings' default.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from parts import eventually
from sip.car import direct
from sip.peer import Peer, peer
from sip.sound import is_finished
from sip.speech import RATE_HZ, Samples, understood
from sound_server import SoundServer, started

from assistant.core.events import Connected, Event
from assistant.services.calls.sip import SipLine
from assistant.speech.recognizer import RECORDINGS, Recognizer

pytestmark = pytest.mark.usefixtures("no_threads_left")

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures" / "en-GB"
FAR_SAYS = ("who-planning-awb.wav", "who's coming to the quarterly planning")
CAR_SAYS = ("next-meeting-awb.wav", "what's my next meeting")
OTHERS = ("what do i have tomorrow", "call my next meeting", "when is my next break", "hang up")


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(ROOT / "models" / "en", limits=RECORDINGS)


def fixture(name: str) -> Samples:
    samples, rate_hz = soundfile.read(FIXTURES / name, dtype="int16")
    assert rate_hz == RATE_HZ
    return samples


def write_again_and_again(path: Path, name: str) -> Path:
    """A minute of one sentence with breaks: a file that ends would end the call."""
    pause = np.zeros(int(1.5 * RATE_HZ), np.int16)
    once = np.concatenate([pause, fixture(name)])
    soundfile.write(path, np.tile(once, 60 * RATE_HZ // len(once)), RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    for server in started(tmp_path):
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Peer]:
    voice = write_again_and_again(tmp_path / "far.wav", FAR_SAYS[0])
    with peer(tmp_path / "far", voice, codec="g722") as one:
        yield one


@pytest.fixture
def car(server: SoundServer, far: Peer) -> Iterator[SipLine]:
    """In a call with `far`, on the default devices."""
    del server
    events: list[Event] = []
    with closing(SipLine(direct(), events.append)) as line:
        eventually(lambda: line.can(far.uri), "line that is ready", 30)
        line.dial(far.uri)
        far.expect("CALL_INCOMING")
        far.order("accept")
        eventually(lambda: any(isinstance(e, Connected) for e in events), "call")
        yield line


def test_the_far_end_is_understood_from_the_cars_speaker(
    car: SipLine, server: SoundServer, tmp_path: Path, recognizer: Recognizer
) -> None:
    del car
    wav = tmp_path / "speaker.wav"
    long_enough = 10 * 2 * RATE_HZ
    with server.recording(wav):
        eventually(lambda: wav.stat().st_size > long_enough, "ten seconds of the call", 30)
    heard, _ = soundfile.read(wav, dtype="int16")
    said = understood(recognizer, heard, FAR_SAYS[1], CAR_SAYS[1], *OTHERS)
    assert said
    assert set(said) == {FAR_SAYS[1]}


def test_the_driver_is_understood_at_the_far_end(
    car: SipLine, server: SoundServer, tmp_path: Path, recognizer: Recognizer
) -> None:
    for _ in range(3):
        server.play_to_microphone(write_once(tmp_path / "driver.wav"))
    car.hang_up()
    (wav,) = (tmp_path / "far").glob("dump-*-dec.wav")
    eventually(lambda: is_finished(wav), "finished recording")
    heard, rate_hz = soundfile.read(wav, dtype="int16")
    assert rate_hz == RATE_HZ
    said = understood(recognizer, heard, FAR_SAYS[1], CAR_SAYS[1], *OTHERS)
    assert said.count(CAR_SAYS[1]) >= 2
    assert set(said) == {CAR_SAYS[1]}


def write_once(path: Path) -> Path:
    pause = np.zeros(RATE_HZ, np.int16)
    soundfile.write(path, np.concatenate([pause, fixture(CAR_SAYS[0]), pause]), RATE_HZ)
    return path
