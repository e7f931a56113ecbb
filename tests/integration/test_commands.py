"""The command line as a user meets it: JSON per turn, one clear line for bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures/en-GB"
NOW = "2026-03-10T09:50"
KEYS = ["heard", "confidence", "intent", "slots", "reply", "asks", "action", "card", "timings_ms"]
EVENT = (
    "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{start}\r\nDTEND:20260310T110000Z\r\n"
    "SUMMARY:{title}\r\nEND:VEVENT\r\n"
)


def roadcall(
    *arguments: str, typed: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=False,
    )


def objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2, one clear line that names the thing, no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    told = [ln for ln in done.stderr.splitlines() if "the sample week" not in ln]
    assert len(told) == 1, done.stderr
    for word in words:
        assert word in told[0]


def test_ask_prints_one_object_per_line_in_one_dialogue() -> None:
    typed = "call anna\nthe other one\n"
    first, second = objects(roadcall("ask", "-", "--json", "--now", NOW, typed=typed))
    assert list(first) == KEYS
    assert first["asks"] is True and first["action"] is None
    assert second["slots"] == {"choice": -1}
    assert second["action"] == {
        "kind": "call",
        "target": "tel:+442079460103",
        "backend": "dryrun",
    }


def test_ask_fresh_takes_each_line_alone() -> None:
    typed = "call anna\nthe other one\n"
    rows = objects(roadcall("ask", "-", "--fresh", "--json", "--now", NOW, typed=typed))
    assert len(rows) == 2
    assert rows[1]["action"] is None and rows[1]["asks"] is False


def test_the_sample_week_only_says_what_it_would_change() -> None:
    typed = "tell them i'm ten minutes late\nyes\n"
    done = roadcall("ask", "-", "--json", "--now", NOW, typed=typed)
    asked, sent = objects(done)
    assert asked["asks"] is True and asked["action"] is None
    assert sent["action"] == {
        "kind": "message",
        "target": "sample-04@northbridge.example",
        "backend": "",
    }
    assert "would write to ben.carter@northbridge.example, " in done.stderr


def test_hear_takes_a_recording_through_everything() -> None:
    recording = FIXTURES / "join-slt.wav"
    (row,) = objects(roadcall("hear", str(recording), "--json", "--now", NOW))
    assert list(row) == KEYS
    assert row["intent"] == "call.join"
    assert {"endpoint", "recognise", "understand", "act"} <= set(row["timings_ms"])  # type: ignore[call-overload]


def test_hear_with_a_locale_file_of_another_domain(tmp_path: Path) -> None:
    locale = tmp_path / "lamps.toml"
    locale.write_text(
        '[locale]\ntag = "en-GB"\n[slots]\nroom = ["kitchen", "bedroom"]\n'
        '[intents.join]\nhear = ["join my (meeting|call)"]\n'
        '[intents.lamp]\nhear = ["turn (on|off) the {room} (light|lights)"]\n'
    )
    recording = str(FIXTURES / "join-slt.wav")
    (row,) = objects(roadcall("hear", recording, "--locale", str(locale), "--json"))
    assert (row["intent"], row["slots"], row["action"]) == ("join", {}, None)


def test_a_recording_of_another_domain_is_one_utterance_whatever_its_pauses(
    tmp_path: Path,
) -> None:
    locale = tmp_path / "two.toml"
    locale.write_text(
        '[locale]\ntag = "en-GB"\n[slots]\nsure = ["yes"]\n'
        '[intents.join]\nhear = ["join my meeting [{sure}]"]\n'
    )
    join, rate_hz = soundfile.read(FIXTURES / "join-slt.wav")
    yes, _ = soundfile.read(FIXTURES / "yes-rms.wav")
    path = tmp_path / "pause.wav"
    soundfile.write(path, np.concatenate([join, np.zeros(2 * rate_hz), yes]), rate_hz)
    (row,) = objects(roadcall("hear", str(path), "--locale", str(locale), "--json"))
    assert row["slots"] == {"sure": "yes"}


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(8000, 1), (44100, 2), (48000, 1)], ids=["8k", "cd", "48k"]
)
def test_other_rates_are_heard(tmp_path: Path, rate_hz: int, channels: int) -> None:
    import soxr

    samples, rate = soundfile.read(FIXTURES / "join-slt.wav")
    other = soxr.resample(samples, rate, rate_hz)
    path = tmp_path / "other.wav"
    soundfile.write(path, np.column_stack([other] * channels), rate_hz, subtype="PCM_16")
    (row,) = objects(roadcall("hear", str(path), "--json", "--now", NOW))
    assert row["intent"] == "call.join"


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("missing.wav", None, "no such file"),
        ("empty.wav", b"", "is empty"),
        ("text.wav", b"this is not a sound at all", "not a sound file"),
        ("short.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "short.wav"),
    ],
)
def test_a_bad_recording_is_named(
    tmp_path: Path, name: str, content: bytes | None, word: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    refused(roadcall("hear", str(path), "--now", NOW), name, word)


def test_a_broken_entry_is_named_and_the_good_ones_survive(tmp_path: Path) -> None:
    good = EVENT.format(uid="1", start="20260310T100000Z", title="Lunch")
    bad = EVENT.format(uid="2", start="yesterday-ish", title="Broken one")
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\n{bad}{good}END:VCALENDAR\r\n"
    calendar = write(tmp_path / "mine.ics", text.encode())
    done = roadcall("agenda", "--calendar", calendar, "--now", NOW)
    assert done.returncode == 0
    assert "Lunch" in done.stdout
    assert "Broken one" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--calendar", "{tmp}/none.ics"), ("none.ics",)),
        (("--calendar", "{tmp}/junk"), ("junk",)),
        (("--contacts", "{tmp}/none.vcf"), ("none.vcf",)),
        (("--config", "{tmp}/unknown.toml"), ("unknown.toml", "colour")),
        (("--config", "{tmp}/junk"), ("junk", "TOML")),
        (("--locale", "xx-XX"), ("xx-XX", "en-GB")),
        (("--locale", "{tmp}/none.toml"), ("none.toml",)),
    ],
)
def test_a_bad_set_up_is_one_clear_line(
    tmp_path: Path, arguments: Sequence[str], words: Sequence[str]
) -> None:
    write(tmp_path / "junk", b"\x00\x01 not anything")
    write(tmp_path / "unknown.toml", b'colour = "blue"\n')
    filled = [a.replace("{tmp}", str(tmp_path)) for a in arguments]
    refused(roadcall("ask", "what's next", *filled), *words)


@pytest.mark.parametrize("broken", ["", "am/final.mdl", "graph/units.tsv"])
def test_a_missing_or_half_model_is_named(tmp_path: Path, broken: str) -> None:
    model = tmp_path / "model"
    if broken:
        import shutil

        shutil.copytree(ROOT / "models/en", model)
        (model / broken).unlink()
    config = write(tmp_path / "car.toml", f'model = "{model}"\n'.encode())
    recording = str(FIXTURES / "join-slt.wav")
    refused(roadcall("hear", recording, "--config", config, "--now", NOW), "speech model")


def test_check_says_what_is_missing() -> None:
    done = roadcall("check", "--json", "--now", NOW)
    parts = {row["part"]: row["state"] for row in map(json.loads, done.stdout.splitlines())}
    assert parts["model"] in ("fine", "limited")
    assert "exact grammar" in done.stdout
    assert parts["calendar"] == "fine"
    assert parts["lines"] == "limited"


def test_a_huge_address_book_is_heard_in_part_and_says_so(tmp_path: Path) -> None:
    rows = [b"Name,Mobile Phone"] + [b"Anna%d Weber,+442079460000" % n for n in range(4000)]
    book = write(tmp_path / "people.csv", b"\n".join(rows))
    done = roadcall("check", "--json", "--now", NOW, "--contacts", book)
    says = {row["part"]: row["says"] for row in map(json.loads, done.stdout.splitlines())}
    assert "3,000 of 4,0" in says["model"]
    assert says["contacts"].startswith("4000 people")


def test_a_language_without_a_model_says_what_to_install(tmp_path: Path) -> None:
    recording = str(FIXTURES / "join-slt.wav")
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    done = roadcall("hear", recording, "--locale", "de-DE", "--now", NOW, environment=environment)
    refused(done, "roadcall models install de")
