"""Microphone and voice on a real sound server without hardware, through loss and return."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.core.events import DeviceBack, DeviceFailed, Event, Sound, SpeechDone
from assistant.devices.inputs import level_blocks, list_microphones
from assistant.devices.level import Verdict, judge
from assistant.devices.microphone import Microphone
from assistant.devices.pulse import Watch
from assistant.errors import AssistantError, BadAudio, MicrophoneLost, SpeakerLost
from assistant.speech.audio import Pcm, read_wav, write_wav
from assistant.speech.endpoint import Endpointer, Reading
from assistant.speech.recognizer import energy_dbfs
from assistant.speech.synthesizer import Synthesizer
from assistant.speech.voice import Voice, earcon
from tests.hardware.sound_server import SoundServer, missing_programs


class Inbox:
    """Events as they come, waited for with a deadline."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def post(self, event: Event) -> None:
        self._events.put(event)

    def wait_for(self, kind: type[Event], timeout_s: float = 8.0) -> Event:
        deadline = time.monotonic() + timeout_s
        while True:
            event = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
            if isinstance(event, kind):
                return event


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    if missing := missing_programs():
        if os.environ.get("ROADCALL_TESTS") == "all":
            pytest.fail(f"missing: {', '.join(missing)}")
        pytest.skip(f"missing: {', '.join(missing)}")
    server = SoundServer(tmp_path_factory.mktemp("pulse"))
    before = {name: os.environ.get(name) for name in server.environment}
    os.environ.update(server.environment)
    server.start()
    import sounddevice

    sounddevice._terminate()
    sounddevice._initialize()
    yield server
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module")
def synthesizer() -> Iterator[Synthesizer]:
    with Synthesizer("en-GB") as synthesizer:
        synthesizer.warm_up()
        yield synthesizer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def tone(path: Path, hz: float = 1000, seconds: float = 1.0, level: float = 0.3) -> Path:
    time_s = np.arange(round(16000 * seconds)) / 16000
    samples = (level * 32767 * np.sin(2 * np.pi * hz * time_s)).astype("<i2")
    write_wav(path, Pcm(data=samples.tobytes(), rate_hz=16000))
    return path


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples))


def loud_s(pcm: bytes) -> float:
    """Seconds that are not silence."""
    frames = np.frombuffer(pcm[: len(pcm) // 640 * 640], "<i2").astype(float).reshape(-1, 320)
    return float((np.sqrt((frames**2).mean(axis=1)) > 100).sum() * 0.02)


def captured(microphone: Microphone, server: SoundServer, wav: Path) -> bytes:
    capture = microphone.capture()
    playing = threading.Thread(target=server.play_to_microphone, args=(wav,))
    playing.start()
    heard = b""
    while playing.is_alive():
        heard += capture.read()
    playing.join()
    microphone.release()
    return heard


def wait_until_open(microphone: Microphone) -> None:
    microphone.capture().read(timeout_s=5)
    microphone.release()


def test_a_device_at_its_own_rate_is_heard_at_16_khz(
    server: SoundServer, inbox: Inbox, tmp_path: Path
) -> None:
    assert any(device.is_default for device in list_microphones())
    with Microphone(inbox.post) as microphone:
        wait_until_open(microphone)
        heard = captured(microphone, server, tone(tmp_path / "tone.wav", 1000))
    assert loudest_hz(heard) == pytest.approx(1000, abs=3)
    assert loud_s(heard) == pytest.approx(1.0, abs=0.15)


def test_what_was_said_before_the_press_is_kept(
    server: SoundServer, inbox: Inbox, tmp_path: Path
) -> None:
    wav = tone(tmp_path / "tone.wav", seconds=3.0)
    with Microphone(inbox.post) as microphone:
        wait_until_open(microphone)
        playing = threading.Thread(target=server.play_to_microphone, args=(wav,))
        playing.start()
        deadline = time.monotonic() + 5
        while microphone.level_dbfs < -20 and time.monotonic() < deadline:
            time.sleep(0.01)
        while microphone.pre_roll_s < 0.29 and time.monotonic() < deadline:
            time.sleep(0.01)
        pre_roll = b""
        capture = microphone.capture()
        while len(pre_roll) < 0.25 * 32000:
            pre_roll += capture.read(timeout_s=0.001)
        playing.join()
    assert loudest_hz(pre_roll) == pytest.approx(1000, abs=5)


def test_muted_hears_nothing(server: SoundServer, inbox: Inbox, tmp_path: Path) -> None:
    with Microphone(inbox.post) as microphone:
        wait_until_open(microphone)
        microphone.muted = True
        heard = captured(microphone, server, tone(tmp_path / "tone.wav"))
    assert loud_s(heard) == 0


def test_muting_outlasts_the_microphone(server: SoundServer, inbox: Inbox, tmp_path: Path) -> None:
    """Unplugged and plugged in again, and listened to anew, it stays off until it is turned on.

    The sound server would go on with what the speaker plays: that is no microphone."""
    with Microphone(inbox.post) as microphone, Watch(microphone.look_again):
        wait_until_open(microphone)
        microphone.muted = True
        server.unplug_microphone()
        lost = inbox.wait_for(DeviceFailed)
        assert isinstance(lost, DeviceFailed) and "plugged in" in str(lost.error)
        server.plug_in_microphone()
        inbox.wait_for(DeviceBack)
        wait_until_open(microphone)
        assert loud_s(captured(microphone, server, tone(tmp_path / "tone.wav"))) == 0
        microphone.muted = False
        assert loud_s(captured(microphone, server, tone(tmp_path / "tone.wav"))) > 0.5


def test_another_microphone_is_named(server: SoundServer, inbox: Inbox) -> None:
    with Microphone(inbox.post) as microphone, Watch(microphone.look_again):
        wait_until_open(microphone)
        with server.second_microphone("Dashboard"):
            assert inbox.wait_for(DeviceBack) == DeviceBack(kind="microphone", device="Dashboard")


# --- a cabin in which the microphone hears the speaker ----------------------------------------


def heard_of(microphone: Microphone, make: Callable[[], None], seconds: float) -> bytes:
    """What reaches the recogniser while the assistant makes a sound."""
    capture = microphone.capture()
    make()
    heard = b""
    while len(heard) < seconds * 32000:
        heard += capture.read()
    microphone.release()
    return heard


def is_speech(pcm: bytes) -> bool:
    """As the assistant decides it, after a second of a quiet car."""
    quiet = np.random.default_rng(5).normal(0, 12, 16000).astype("<i2").tobytes()
    endpointer = Endpointer()
    for start in range(0, len(quiet + pcm) - 639, 640):
        frame = (quiet + pcm)[start : start + 640]
        endpointer.feed(0.02, energy_dbfs(frame), "", Reading.NOTHING)
    return endpointer.has_speech


@pytest.mark.parametrize("sound", list(Sound))
def test_an_earcon_is_not_taken_for_speech(
    server: SoundServer, inbox: Inbox, synthesizer: Synthesizer, sound: Sound
) -> None:
    with (
        server.echo(),
        Voice(synthesizer, inbox.post) as voice,
        Microphone(inbox.post) as naive,
        Microphone(inbox.post, speaker=voice) as microphone,
    ):
        wait_until_open(naive)
        wait_until_open(microphone)
        assert is_speech(heard_of(naive, lambda: voice.earcon(sound), 1.2))
        assert not is_speech(heard_of(microphone, lambda: voice.earcon(sound), 1.2))


def test_a_reply_is_not_heard(server: SoundServer, inbox: Inbox, synthesizer: Synthesizer) -> None:
    def reply() -> None:
        voice.speak("Your next meeting is at three.")

    with (
        server.echo(),
        Voice(synthesizer, inbox.post) as voice,
        Microphone(inbox.post) as naive,
        Microphone(inbox.post, speaker=voice) as microphone,
    ):
        wait_until_open(naive)
        wait_until_open(microphone)
        assert is_speech(heard_of(naive, reply, 2.5))
        inbox.wait_for(SpeechDone)
        assert not is_speech(heard_of(microphone, reply, 2.5))
        inbox.wait_for(SpeechDone)
        reply()
        heard_of(microphone, lambda: None, 0.5)
        voice.hush()
        assert not is_speech(heard_of(microphone, lambda: None, 0.7))
        assert microphone.pre_roll_s < 0.32


def test_loss_and_return(server: SoundServer, inbox: Inbox, synthesizer: Synthesizer) -> None:
    with (
        Voice(synthesizer, inbox.post) as voice,
        Microphone(inbox.post, speaker=voice) as microphone,
    ):
        wait_until_open(microphone)
        voice.speak("Hello.")
        inbox.wait_for(SpeechDone)
        capture = microphone.capture()
        server.stop()
        lost = inbox.wait_for(DeviceFailed, timeout_s=3)
        assert isinstance(lost, DeviceFailed)
        assert isinstance(lost.error, MicrophoneLost)
        with pytest.raises(MicrophoneLost):
            while True:
                capture.read()
        voice.speak("Nobody hears this.")
        failed = inbox.wait_for(DeviceFailed)
        assert isinstance(failed, DeviceFailed)
        assert isinstance(failed.error, SpeakerLost)
        inbox.wait_for(SpeechDone)
        assert voice.problem
        server.start()
        back = inbox.wait_for(DeviceBack)
        assert back == DeviceBack(kind="microphone", device=microphone.device)
        wait_until_open(microphone)
        voice.speak("I am back.")
        assert isinstance(inbox.wait_for(DeviceBack), DeviceBack)
        assert voice.problem == ""


@pytest.mark.usefixtures("server")
def test_a_name_that_nobody_has(inbox: Inbox) -> None:
    with Microphone(inbox.post, "no such device"):
        lost = inbox.wait_for(DeviceFailed)
    assert "no such device" in str(lost)
    with pytest.raises(MicrophoneLost, match="no such device"):
        list(level_blocks("no such device", 0.1))


def test_a_level_test(server: SoundServer, tmp_path: Path) -> None:
    wav = tone(tmp_path / "tone.wav", seconds=3.0)
    playing = threading.Thread(target=server.play_to_microphone, args=(wav,))
    playing.start()
    level = judge(list(level_blocks(seconds=1.0)))
    playing.join()
    assert level.loudest_dbfs == pytest.approx(-13.5, abs=2)


def test_a_reply_is_heard_and_kept(
    server: SoundServer, inbox: Inbox, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    with Voice(synthesizer, inbox.post, record=tmp_path / "kept") as voice:
        with server.recording(tmp_path / "heard.wav"):
            voice.speak("Your next meeting is at three.")
            inbox.wait_for(SpeechDone)
        assert voice.problem == ""
    kept = read_wav(tmp_path / "kept" / "reply-001.wav").pcm
    heard = read_wav(tmp_path / "heard.wav").pcm
    assert loud_s(heard) == pytest.approx(loud_s(kept), abs=0.05)


def test_hush_drops_what_is_said_and_what_waits(
    server: SoundServer, inbox: Inbox, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    wav = tmp_path / "heard.wav"
    with Voice(synthesizer, inbox.post) as voice, server.recording(wav):
        voice.speak("This is a long sentence that nobody will ever hear to its very end at all.")
        voice.speak("Nor this one.")
        voice.earcon(Sound.ERROR)
        deadline = time.monotonic() + 5
        while wav.stat().st_size < 24_000 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert voice.is_speaking
        voice.hush()
        began = time.monotonic()
        inbox.wait_for(SpeechDone)
        took_s = time.monotonic() - began
        inbox.wait_for(SpeechDone)
    assert took_s < 1
    assert 0 < loud_s(read_wav(wav).pcm) < 1.5


def test_a_folder_that_keeps_nothing_is_said_once_and_replies_go_on(
    inbox: Inbox, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    failed: list[AssistantError] = []

    def post(event: Event) -> None:
        failed.extend([event.error] if isinstance(event, DeviceFailed) else [])
        inbox.post(event)

    with Voice(synthesizer, post, device="none", record=tmp_path / "file" / "kept") as voice:
        for _ in range(2):
            voice.speak("Hello.")
            inbox.wait_for(SpeechDone)
    assert sum(isinstance(error, BadAudio) for error in failed) == 1


def test_a_voice_that_fails_in_an_unknown_way_speaks_the_next_reply(
    inbox: Inbox, synthesizer: Synthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = synthesizer.render

    def fails_once(text: str) -> Iterator[Pcm]:
        if text == "First.":
            raise RuntimeError("whatever a library raises")
        return render(text)

    monkeypatch.setattr(synthesizer, "render", fails_once)
    with Voice(synthesizer, inbox.post, device="none", record=tmp_path) as voice:
        for text in ("First.", "Second."):
            voice.speak(text)
            inbox.wait_for(SpeechDone)
    assert read_wav(tmp_path / "reply-001.wav").seconds > 0.3


def test_without_a_sound_device_replies_are_still_kept(
    inbox: Inbox, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    with Voice(synthesizer, inbox.post, device="no such device", record=tmp_path) as voice:
        voice.speak("Hello.")
        inbox.wait_for(SpeechDone)
        assert "no such device" in voice.problem
    assert read_wav(tmp_path / "reply-001.wav").seconds > 0.3


@pytest.mark.parametrize("sound", list(Sound))
def test_earcons_are_short_and_end_softly(sound: Sound) -> None:
    pcm = earcon(sound)
    samples = np.frombuffer(pcm.data, "<i2").astype(int)
    assert 0.1 < pcm.seconds < 0.6
    assert np.abs(samples).max() < 0.3 * 32767
    assert np.abs(samples[[0, -1]]).max() < 700


@pytest.mark.parametrize(
    ("speech", "noise", "verdict"),
    [
        (8000, 30, Verdict.GOOD),
        (0, 0, Verdict.SILENT),
        (60, 3, Verdict.QUIET),
        (60000, 30, Verdict.CLIPPING),
        (2500, 2000, Verdict.NOISY),
    ],
)
def test_the_verdict_of_a_level_test(speech: int, noise: int, verdict: Verdict) -> None:
    random = np.random.default_rng(3)
    blocks = []
    for index in range(150):
        level = speech if 40 < index < 110 else noise
        block = np.clip(random.normal(0, level, 320), -32768, 32767)
        blocks.append(block.astype(np.int16))
    assert judge(blocks).verdict is verdict
