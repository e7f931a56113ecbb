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
from numpy.typing import NDArray
from parts import eventually, leave_out
from sip.car import direct
from sip.peer import Peer, peer
from sip.sound import is_finished
from sound_server import SoundServer, missing_programs

from assistant.core.automaton import Arc, Automaton
from assistant.core.events import Connected, Event
from assistant.services.calls.sip import SipLine
from assistant.speech.recognizer import Recognizer

pytestmark = pytest.mark.usefixtures("no_threads_left")

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures" / "en-GB"
FAR_SAYS = ("who-planning-awb.wav", "who's coming to the quarterly planning")
CAR_SAYS = ("next-meeting-awb.wav", "what's my next meeting")
OTHERS = ("what do i have tomorrow", "call my next meeting", "when is my next break", "hang up")
RATE_HZ = 16000
FRAME = RATE_HZ // 50
GAP_S = 0.8
"""Pieces of speech further apart than this are sentences of their own."""

Samples = NDArray[np.int16]


def automaton(*sentences: str) -> Automaton:
    """One path of words for each sentence."""
    arcs: list[Arc] = []
    state, end = 0, 1000
    for sentence in sentences:
        words, source = sentence.split(), 0
        for number, word in enumerate(words, 1):
            state += 1
            arcs.append(Arc(source, end if number == len(words) else state, word, 0.1))
            source = state
    return Automaton(n_states=end + 1, arcs=tuple(arcs), finals={end: 0.0})


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(ROOT / "models" / "en")


def understood(recognizer: Recognizer, speech: Samples) -> list[str]:
    """Every sentence that is heard from its beginning to its end."""
    language = recognizer.language(automaton(FAR_SAYS[1], CAR_SAYS[1], *OTHERS))
    heard = []
    for piece in sentences(speech):
        utterance = recognizer.utterance(language)
        pcm = bytes(RATE_HZ) + piece.tobytes() + bytes(2 * RATE_HZ)
        for start in range(0, len(pcm), 1000):
            utterance.feed(pcm[start : start + 1000])
        heard.append(utterance.finish().text)
    return heard


def sentences(speech: Samples) -> Iterator[Samples]:
    """Stretches of sound between silences, without those that a recording cuts off."""
    frames = speech[: len(speech) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    loud = np.flatnonzero(np.abs(frames).max(axis=1) > 300)
    if not len(loud):
        return
    breaks = np.flatnonzero(np.diff(loud) > GAP_S * RATE_HZ / FRAME)
    begins, ends = [loud[0], *loud[breaks + 1]], [*loud[breaks], loud[-1]]
    for begin, end in zip(begins, ends, strict=True):
        is_whole = begin > 5 and end < len(frames) - 5
        if is_whole:
            yield speech[(begin - 5) * FRAME : (end + 5) * FRAME]


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
    if missing := missing_programs():
        leave_out(f"no sound server: {', '.join(missing)} (packages pulseaudio, pulseaudio-utils)")
    server = SoundServer(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    yield server
    server.stop()


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
        eventually(lambda: line.can(far.uri), "line that is ready")
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
    said = understood(recognizer, heard)
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
    said = understood(recognizer, heard)
    assert said.count(CAR_SAYS[1]) >= 2
    assert set(said) == {CAR_SAYS[1]}


def write_once(path: Path) -> Path:
    pause = np.zeros(RATE_HZ, np.int16)
    soundfile.write(path, np.concatenate([pause, fixture(CAR_SAYS[0]), pause]), RATE_HZ)
    return path
