"""Renders every synthetic row of every `audio_fixtures/<locale>/cases.toml` to its WAV file.

The table is the truth, the recordings follow: rows of kind "synthetic" are spoken by espeak-ng or
flite (child processes), mixed with synthetic noise and written as 16 kHz mono 16-bit WAV. The same
row gives the same bytes with the same versions of both programs. Rows of kind "human" are left
alone. `speaker` is `espeak-ng:VOICE:WORDS_PER_MINUTE:PITCH`, `flite:VOICE:STRETCH`, or "" where
nobody speaks.

usage: python audio_fixtures/generate.py [LOCALE ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import soundfile
import soxr

from assistant.replay.cases import Case, load_suite
from assistant.replay.mixing import RATE_HZ, Samples, babble, cabin, mix, scale

HERE = Path(__file__).parent
SPEECH_DBFS = -14.0
NOISE_DBFS = -24.0
FLOOR_DBFS = -72.0
LEAD_S, TAIL_S = 0.25, 0.35
CROWD = (
    ("espeak-ng:en-us+f2:165:45", "they moved the whole offsite to the week after easter"),
    ("flite:rms:1.0", "i told him that we would never ship that before the summer"),
    ("espeak-ng:en-gb+m4:170:40", "could you pass me the other folder please no the blue one"),
    ("flite:slt:1.1", "my sister said the traffic near the airport was dreadful today"),
    ("flite:awb:1.0", "and then the waiter dropped the entire tray right behind me"),
    ("espeak-ng:en-gb-scotland:160:55", "half of the budget went on paper cups apparently"),
)


def speak(speaker: str, text: str) -> Samples:
    """The text in that voice, its loudest frame at a fixed level, silence around it cut."""
    engine, voice, *numbers = speaker.split(":")
    with tempfile.TemporaryDirectory() as folder:
        wav = str(Path(folder, "speech.wav"))
        if engine == "espeak-ng":
            speed, pitch = numbers
            command = ["espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "-w", wav, text]
        else:
            stretch = f"duration_stretch={numbers[0]}"
            command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", wav]
        subprocess.run(command, check=True, capture_output=True)
        samples, rate_hz = soundfile.read(wav, dtype="float32")
    return scale(trim(soxr.resample(samples, rate_hz, RATE_HZ)), SPEECH_DBFS)


def trim(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def spoken(case: Case) -> Samples:
    """The row's words with silence around them; only silence where nobody speaks."""
    if not case.speaker:
        return np.zeros(int(case.seconds * RATE_HZ), dtype=np.float32)
    text = (case.says or case.heard).replace(" pm", " P M").replace(" am", " A M")
    speech = speak(case.speaker, text)
    speech = speech[: int(len(speech) * case.kept)]
    return np.pad(speech, (int(LEAD_S * RATE_HZ), int(TAIL_S * RATE_HZ)))


def noise(kind: str, length: int, seed: int) -> Samples:
    if kind == "car":
        return cabin(length, seed)
    if kind == "babble":
        return babble([speak(voice, text) for voice, text in CROWD], length, seed)
    clicks = np.zeros(length, dtype=np.float32)
    for start in range(0, length - 400, int(0.36 * RATE_HZ)):  # an indicator relay
        clicks[start : start + 400] = np.hanning(400) * np.sin(np.arange(400) * 0.9)
    return scale(clicks, -20.0)


def render(case: Case) -> Samples:
    seed = zlib.crc32(case.file.name.encode())
    speech = spoken(case)
    if case.noise and case.snr_db is not None:
        speech = mix(speech, noise(case.noise, len(speech), seed), case.snr_db)
    elif case.noise:
        speech = scale(noise(case.noise, len(speech), seed), NOISE_DBFS)
    hiss = np.random.default_rng(seed + 1).standard_normal(len(speech)).astype(np.float32)
    return speech + scale(hiss, FLOOR_DBFS)


def main(locales: list[str]) -> None:
    for table in sorted(HERE.glob("*/cases.toml")):
        if locales and table.parent.name not in locales:
            continue
        suite = load_suite(table.parent)
        rows = [case for case in suite.cases if case.kind == "synthetic"]
        for case in rows:
            soundfile.write(case.file, render(case), RATE_HZ, subtype="PCM_16")
        orphans = {*table.parent.glob("*.wav")} - {case.file for case in suite.cases}
        print(
            f"{table.parent.name}: {len(rows)} recordings", *(f"\n  no row: {o}" for o in orphans)
        )


if __name__ == "__main__":
    main(sys.argv[1:])
