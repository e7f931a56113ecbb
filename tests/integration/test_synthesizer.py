"""Real speech from the real children, and what happens when they die, hang or are missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.core.model import Contact
from assistant.errors import VoiceMissing
from assistant.speech import espeak, pyttsx3_child
from assistant.speech.spoken_names import SpokenNames
from assistant.speech.synthesizer import Child, Synthesizer, clauses


@pytest.fixture(scope="module")
def synthesizer() -> Iterator[Synthesizer]:
    with Synthesizer("en-GB") as synthesizer:
        yield synthesizer


def loudness(data: bytes) -> float:
    return float(np.abs(np.frombuffer(data, "<i2").astype(float)).mean())


def test_a_reply_is_rendered_clause_by_clause(synthesizer: Synthesizer) -> None:
    spoken = list(
        synthesizer.render("Your next meeting is at three, with Anna Weber. It is online.")
    )
    assert len(spoken) == 2
    assert 2.5 < sum(pcm.seconds for pcm in spoken) < 8
    assert all(loudness(pcm.data) > 300 for pcm in spoken)


def test_a_long_run_never_falls_silent(synthesizer: Synthesizer) -> None:
    for number in range(150):
        (pcm,) = synthesizer.render(f"Number {number}")
        assert loudness(pcm.data) > 300


@pytest.mark.parametrize("tag", ["en-GB", "en-US", "de-DE", "fr-FR"])
@pytest.mark.parametrize("module", [pyttsx3_child.__name__, espeak.__name__])
def test_both_voices_speak_every_locale(tag: str, module: str) -> None:
    child = Child(module)
    request = {"render": "Hallo Anna", "voice": tag.lower(), "words_per_minute": 165, "volume": 1.0}
    assert 0.3 < child.ask(request).seconds < 2
    child.stop()


def test_rate_and_volume(synthesizer: Synthesizer) -> None:
    (normal,) = synthesizer.render("The quick brown fox")
    synthesizer.words_per_minute, synthesizer.volume = 240, 0.4
    (fast,) = synthesizer.render("The quick brown fox")
    synthesizer.words_per_minute, synthesizer.volume = 165, 1.0
    assert fast.seconds < 0.85 * normal.seconds
    assert loudness(fast.data) < 0.7 * loudness(normal.data)


def test_foreign_names_are_said_by_the_same_voice_in_their_language() -> None:
    with Synthesizer("en-GB") as synthesizer:
        (read,) = synthesizer.render("Calling Łukasz Wojciechowski.")
        synthesizer.names = SpokenNames([Contact(name="Łukasz Wojciechowski")], "en")
        (said,) = synthesizer.render("Calling Łukasz Wojciechowski.")
    assert said.data != read.data
    assert said.rate_hz == read.rate_hz
    assert said.seconds == pytest.approx(read.seconds, rel=0.5), "the markup is not read out"
    assert loudness(said.data) == pytest.approx(loudness(read.data), rel=0.5)


def test_a_killed_child_is_started_anew(synthesizer: Synthesizer) -> None:
    list(synthesizer.render("before"))
    os.kill(synthesizer.children[0].pid, signal.SIGKILL)
    assert loudness(next(iter(synthesizer.render("after"))).data) > 300


def test_a_hanging_child_is_replaced() -> None:
    child = Child(espeak.__name__, clause_s=0.3)
    request = {"render": "one", "voice": "en-gb", "words_per_minute": 165, "volume": 1.0}
    assert child.ask(request).data
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(VoiceMissing, match="no answer"):
        child.ask(request)
    assert child.ask(request).data
    child.stop()


def test_an_unknown_language_is_named() -> None:
    with Synthesizer("tlh-XX") as synthesizer, pytest.raises(VoiceMissing, match="tlh-xx"):
        synthesizer.warm_up()


def test_no_python_for_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with Synthesizer("en-GB") as synthesizer, pytest.raises(VoiceMissing):
        synthesizer.warm_up()


def test_the_library_is_never_loaded_here(synthesizer: Synthesizer) -> None:
    list(synthesizer.render("Where am I?"))
    assert "espeak" not in Path("/proc/self/maps").read_text()


def test_a_child_without_library_says_so(tmp_path: Path) -> None:
    environment = {"PATH": "/nonexistent", "PYTHONPATH": os.pathsep.join(sys.path)}
    script = "import ctypes; ctypes.CDLL = lambda *_: (_ for _ in ()).throw(OSError('gone'))\n"
    script += "import sys; from assistant.speech.espeak import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=tmp_path,
        input=b"",
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr.decode().strip() == "no espeak-ng library: pip install espeakng-loader"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Yes.", ["Yes."]),
        ("Yes, it is at three.", ["Yes, it is at three."]),
        ("You have four meetings. The first is at nine.", None),
        ("  …  ", []),
        ("", []),
    ],
)
def test_clauses(text: str, pieces: list[str] | None) -> None:
    expected = text.split(". ") if pieces is None else pieces
    assert [p.rstrip(".") for p in clauses(text)] == [e.rstrip(".") for e in expected]
