"""Audio files as people have them: any rate, broken, or no audio at all."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.errors import BadAudio
from assistant.speech.audio import Pcm, read_wav, write_wav


def tone(path: Path, *, rate_hz: int = 16000, seconds: float = 1.0, channels: int = 1) -> Path:
    time_s = np.arange(round(rate_hz * seconds)) / rate_hz
    wave = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate_hz, subtype="PCM_16")
    return path


def hertz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples))


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels"),
    [("a.wav", 16000, 1), ("b.wav", 44100, 2), ("c.wav", 48000, 6), ("d.flac", 22050, 1)],
)
def test_any_rate_and_channels(tmp_path: Path, name: str, rate_hz: int, channels: int) -> None:
    recording = read_wav(tone(tmp_path / name, rate_hz=rate_hz, channels=channels))
    assert recording.seconds == pytest.approx(1.0, abs=0.01)
    assert hertz(recording.pcm) == pytest.approx(440, abs=2)
    assert recording.notes == ()


def test_a_telephone_recording_is_used_with_a_note(tmp_path: Path) -> None:
    recording = read_wav(tone(tmp_path / "phone.wav", rate_hz=8000))
    assert hertz(recording.pcm) == pytest.approx(440, abs=2)
    assert "8000 Hz" in recording.notes[0]


def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tone(tmp_path / "cut.wav", seconds=2.0)
    path.write_bytes(path.read_bytes()[:32044])
    recording = read_wav(path)
    assert recording.seconds == pytest.approx(1.0, abs=0.01)
    assert "cut short" in recording.notes[0]


def test_digital_silence_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    write_wav(path, Pcm(data=bytes(32000), rate_hz=16000))
    assert read_wav(path).notes == ("holds only silence",)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pcm = read_wav(tone(tmp_path / "a.wav")).pcm
    write_wav(tmp_path / "b.wav", Pcm(data=pcm, rate_hz=16000))
    again = np.frombuffer(read_wav(tmp_path / "b.wav").pcm, "<i2").astype(int)
    assert np.abs(again - np.frombuffer(pcm, "<i2")).max() <= 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"MThd is no wave", "not a sound file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not a sound file"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "speech.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadAudio, match=problem) as caught:
        read_wav(path)
    assert str(path) in str(caught.value)


def test_a_folder_and_a_click_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="folder"):
        read_wav(tmp_path)
    with pytest.raises(BadAudio, match="too short"):
        read_wav(tone(tmp_path / "click.wav", seconds=0.1))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=r"x\.wav"):
        write_wav(tmp_path / "missing" / "x.wav", Pcm(data=b"", rate_hz=16000))


def test_a_file_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        assert not (tmp_path / "a.wav").exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframes", full)
    with pytest.raises(BadAudio, match="No space left"):
        write_wav(tmp_path / "a.wav", Pcm(data=bytes(32000), rate_hz=16000))
    assert list(tmp_path.iterdir()) == []
