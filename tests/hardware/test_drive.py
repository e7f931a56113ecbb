"""The whole car on one machine: a key, a microphone, a loudspeaker, and `roadcall drive` between.

The sound server, PortAudio, Vosk and the voice are real; the key is pressed on a pseudo-terminal.
What comes out of the speaker is recognised again, and compared with what was rendered.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from assistant.speech.audio import Pcm, write_wav
from assistant.speech.recognizer import RECORDINGS, Recognizer
from assistant.speech.synthesizer import Synthesizer
from tests.browser.launch import chromium_running
from tests.hardware.live_drive import ROOT, LiveDrive
from tests.hardware.rigs import Terminal
from tests.hardware.sentences import recognised, spoken
from tests.hardware.sound_server import SoundServer, started
from tests.integration.parts import eventually, free_port

FIXTURES = ROOT / "audio_fixtures/en-GB"
JOIN, FREE = FIXTURES / "join-slt.wav", FIXTURES / "outside-weather-slt.wav"
POSSIBLE = (
    "teams wants a tap so i'm joining budget review by phone",
    "joining budget review",
    "joining design review by phone",
    "calling anna weber at work",
    "there is no meeting to join",
    "cancelled",
)
"""Replies that could have been given; the recogniser chooses."""


GONE, BACK = "the microphone is gone", "listening with remapped monitor of null output"
OFF = "microphone off press the button to turn it on"
BUTTON_GONE, BUTTON_BACK = "the button is gone", "the button is back"
STATES = (GONE, BACK, OFF, BUTTON_GONE, BUTTON_BACK, "i didn't hear anything")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    yield from started(tmp_path)


def said(drive: LiveDrive, recognizer: Recognizer, number: int) -> str:
    """Which of STATES the reply was; "" as long as it is not over."""
    replies = drive.replies()
    return (
        recognised(recognizer, spoken(replies[number - 1]), *STATES)
        if number <= len(replies)
        else ""
    )


Start = Callable[..., LiveDrive]


@pytest.fixture
def start(tmp_path: Path, server: SoundServer) -> Iterator[Start]:
    """Begins a drive that must end well: no traceback, and status 0 when it is told to stop."""
    running: list[LiveDrive] = []

    def begin(settings: str = "") -> LiveDrive:
        running.append(LiveDrive(tmp_path, server, settings))
        return running[-1]

    yield begin
    for drive in running:
        code = drive.stop()
        assert code == 0, drive.lines
        assert not drive.says("Traceback"), drive.lines


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(ROOT / "models" / "en", limits=RECORDINGS)


def found_in(part: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, float]:
    """Where `part` fits best in `whole`, and how well: correlation, 1 for a perfect copy."""
    size = 1 << (len(whole) + len(part)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    at = int(np.argmax(product[: max(1, len(whole) - len(part))]))
    found = whole[at : at + len(part)]
    return found, float(np.corrcoef(found, part[: len(found)])[0, 1])


def test_a_question_is_heard_and_its_answer_comes_out_of_the_speaker(
    tmp_path: Path, server: SoundServer, start: Start, recognizer: Recognizer
) -> None:
    drive = start()
    heard = tmp_path / "speaker.wav"
    with server.echo(), server.recording(heard):
        drive.press()
        server.play_to_microphone(JOIN)
        eventually(lambda: drive.says("would dial"), "the call is announced", within_s=40)
    assert drive.says(r"would dial tel:\+442079460314 then ,,314159265#"), drive.lines
    said, likeness = found_in(spoken(drive.replies()[0]), spoken(heard))
    assert likeness > 0.95, "the voice broke, or lost its end"
    assert recognised(recognizer, said, *POSSIBLE) == POSSIBLE[0]
    assert recognised(recognizer, said, *POSSIBLE[2:]) != POSSIBLE[0]


def test_log_holds_no_speech(server: SoundServer, start: Start) -> None:
    drive = start()
    drive.press()
    server.play_to_microphone(FREE)
    eventually(drive.replies, "an answer to what is not understood", 20)
    log = "\n".join(drive.lines).lower()
    assert not [word for word in ("weather", "paris", "budget", "token") if word in log], log


def is_loud(recording: Path) -> bool:
    """Whether there was sound in the last tenth of a second."""
    latest = np.frombuffer(recording.read_bytes()[-3200:], "<i2").astype(float)
    return float(np.sqrt(np.mean(latest**2))) > 300


def test_press_during_a_reply_silences_it_and_listens(
    tmp_path: Path, server: SoundServer, start: Start
) -> None:
    """The reply's own sound is in the cabin; it must not be heard as the driver's next words."""
    drive = start()
    heard = tmp_path / "speaker.wav"
    with server.echo(), server.recording(heard):
        drive.press()
        server.play_to_microphone(FIXTURES / "next-slt.wav")
        eventually(lambda: is_loud(heard), "the reply is spoken", 20)
        drive.press()
        server.play_to_microphone(JOIN)
        eventually(lambda: drive.says("would dial"), "the call is announced", within_s=40)


def test_two_presses_at_once_are_one_and_silence_ends_in_words(start: Start) -> None:
    drive = start()
    drive.press()
    threading.Event().wait(0.05)  # as a worn contact does it, not to wait for something
    drive.press()
    eventually(drive.replies, "it is said that nothing was heard", 20)


def test_hold_without_a_word_ends_with_the_release(start: Start) -> None:
    """A held key repeats for 1.2 s."""
    drive = start()
    for _ in range(40):
        drive.press()
        threading.Event().wait(0.03)
    eventually(drive.replies, "it is said that nothing was heard", 15)


def test_microphone_that_goes_in_the_middle_of_a_sentence(
    server: SoundServer, start: Start, recognizer: Recognizer
) -> None:
    drive = start()
    drive.press()
    playing = threading.Thread(target=server.play_to_microphone, args=(JOIN,))
    playing.start()
    threading.Event().wait(0.4)  # some of the sentence, not to wait for something
    server.unplug_microphone()
    eventually(lambda: said(drive, recognizer, 1) == GONE, "the loss is said", 20)
    assert drive.says("microphone lost: .*: no microphone is plugged in"), drive.lines
    playing.join()
    assert not drive.says("would dial")
    server.plug_in_microphone()
    eventually(lambda: said(drive, recognizer, 2) == BACK, "the return is said", 30)
    drive.press()
    server.play_to_microphone(JOIN)
    eventually(lambda: drive.says("would dial"), "the call is announced", within_s=40)


def test_muting_is_shown_and_kept_until_the_button(
    tmp_path: Path, server: SoundServer, start: Start, recognizer: Recognizer
) -> None:
    """Through the loss of the microphone, too."""
    order = tmp_path / "order.wav"
    with Synthesizer("en-GB") as synthesizer:
        pieces = list(synthesizer.render("stop listening"))
    write_wav(order, Pcm(data=b"".join(p.data for p in pieces), rate_hz=pieces[0].rate_hz))
    drive = start(f"display_port = {free_port()}\n")
    with chromium_running() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "roadcall.url").read_text().strip())
        shown = page.get_by_text("Microphone off", exact=True)
        drive.press()
        server.play_to_microphone(order)
        eventually(lambda: said(drive, recognizer, 1) == OFF, "it is off", 40)
        expect(shown).to_be_visible(timeout=10_000)
        server.unplug_microphone()
        eventually(lambda: said(drive, recognizer, 2) == GONE, "the loss is said", 30)
        expect(page.get_by_text("The microphone is gone").first).to_be_visible(timeout=10_000)
        server.plug_in_microphone()
        eventually(lambda: said(drive, recognizer, 3) == BACK, "the return is said", 30)
        expect(shown).to_be_visible()
        drive.press()
        expect(shown).to_have_count(0, timeout=10_000)
        server.play_to_microphone(JOIN)
        eventually(lambda: drive.says("would dial"), "the call is announced", within_s=40)


def test_button_that_goes_and_comes_back_is_said(
    tmp_path: Path, start: Start, recognizer: Recognizer
) -> None:
    port = Terminal(tmp_path)
    drive = start(f'button = "serial:{port.path}"\n')
    port.unplug()
    eventually(lambda: said(drive, recognizer, 1) == BUTTON_GONE, "the loss is said", 30)
    port.plug()
    eventually(lambda: said(drive, recognizer, 2) == BUTTON_BACK, "the return is said", 30)
    port.write(b"PTT 1\n")
    port.write(b"PTT 0\n")
    eventually(lambda: len(drive.replies()) > 2, "it listens to the button", 30)
    port.unplug()


def test_second_drive_is_refused(start: Start) -> None:
    second = start().spawn()
    told, _ = second.communicate(timeout=30)
    assert (second.returncode, told.count("\n")) == (2, 1)
    assert "already running" in told


def test_starts_without_network_and_tells_systemd(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A calendar at a host that takes the connection and never answers."""
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        (tmp_path / "password").write_text("secret-in-a-file")
        (tmp_path / "password").chmod(0o600)
        drive = start(
            f'[[calendars]]\nkind = "caldav"\nurl = "{url}"\nuser = "me"\n'
            f'password_file = "{tmp_path / "password"}"\n'
        )
        assert drive.says("ready"), drive.lines
        assert manager.recv(64) == b"READY=1"
        assert not drive.says("secret-in-a-file")


def test_taken_port_and_no_sound_server_leave_the_rest(server: SoundServer, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server.stop()
        drive = start(f"display_port = {taken.getsockname()[1]}\n")
        assert drive.says("is taken by another program")
        assert drive.says("ready"), drive.lines


def test_music_is_turned_down_and_up_again_even_after_a_crash(
    server: SoundServer, start: Start
) -> None:
    drive = start()
    with server.music() as volume:
        loud = volume()
        drive.press()
        eventually(lambda: volume() < loud, "the music is turned down", 10)
        eventually(lambda: volume() == loud, "the music is back", 30)
        drive.press()
        eventually(lambda: volume() < loud, "the music is turned down", 10)
        assert drive.stop(signal.SIGKILL) == -signal.SIGKILL
        eventually(lambda: volume() == loud, "the music is back", 10)
    drive.start()


def test_ignition_off_ends_the_listening(tmp_path: Path, server: SoundServer, start: Start) -> None:
    told = tmp_path / "car"
    drive = start(f'vehicle = "{told}"\n')
    with server.music() as volume:
        loud = volume()
        drive.press()
        eventually(lambda: volume() < loud, "somebody listens", 10)
        told.write_text("off")
        eventually(lambda: volume() == loud, "nobody listens", 4)
    assert drive.replies() == [], "it must not be asked what was said"


def test_headset_is_warned_of_where_the_law_forbids_it(
    tmp_path: Path, server: SoundServer, start: Start, recognizer: Recognizer
) -> None:
    """The French market with an English voice, because the ears here are English."""
    english = (ROOT / "assistant/locales/en-GB.toml").read_text("utf-8")
    (tmp_path / "market.toml").write_text(english.replace('market = "GB"', 'market = "FR"', 1))
    server.plug_in_headset()
    drive = start(f'locale = "{tmp_path / "market.toml"}"\n')
    eventually(drive.replies, "a warning", 30)
    warning = "sound goes to a headset take it off while you drive"
    assert recognised(recognizer, spoken(drive.replies()[0]), warning, *POSSIBLE) == warning
