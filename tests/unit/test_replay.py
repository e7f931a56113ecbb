"""The table of recordings, noise at a stated level, and verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from assistant.core.model import Candidate, Grain, Named, Span, When
from assistant.errors import ConfigError
from assistant.replay.cases import Case, load_suite
from assistant.replay.mixing import RATE_HZ, Samples, babble, cabin, loudest_rms, mix
from assistant.replay.report import group_of, is_passed
from assistant.replay.scoring import Understood, Verdict, judge, plain

ROW = (
    """{file = "a.wav", heard = "what's next", intent = "calendar.next", locale = "en-GB","""
    """ speaker = "x", kind = "synthetic", source = "x", licence = "CC0-1.0" %s}"""
)


def table(folder: Path, rows: str, now: str = "2026-03-10T10:20:00Z") -> Path:
    (folder / "cases.toml").write_text(f"now = {now}\ncase = [{rows}]\n", encoding="utf-8")
    return folder


def case(intent: str, known_miss: str = "", **slots: object) -> Case:
    return Case(
        file=Path("a.wav"),
        heard="",
        intent=intent,
        slots=slots,
        locale="en-GB",
        speaker="x",
        kind="synthetic",
        source="x",
        licence="CC0-1.0",
        known_miss=known_miss,
    )


def tone(hz: float, seconds: float, amplitude: float) -> Samples:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def test_a_table_is_read_with_files_beside_it(tmp_path: Path) -> None:
    suite = load_suite(table(tmp_path, ROW % ""))
    assert suite.now == datetime(2026, 3, 10, 10, 20, tzinfo=UTC)
    assert [c.file for c in suite.cases] == [tmp_path / "a.wav"]


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (ROW % ', colour = "red"', "case a.wav: colour"),
        (ROW % ', scope = "asleep"', "case a.wav: scope"),
        ('{file = "b.wav"}', "case b.wav: heard"),
        (f"{ROW % ''}, {ROW % ''}", "a.wav: a file has one row"),
        ("{", "TOML"),
    ],
)
def test_a_broken_table_names_its_row(tmp_path: Path, rows: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_suite(table(tmp_path, rows))


def test_a_moment_without_offset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="now"):
        load_suite(table(tmp_path, ROW % "", now="2026-03-10T10:20:00"))


@pytest.mark.parametrize("snr_db", [20.0, 6.0, 0.0, -5.0])
def test_the_ratio_is_of_the_loudest_frames_whatever_the_pauses(snr_db: float) -> None:
    speech = np.pad(tone(1000, 0.5, 0.2), RATE_HZ)
    noise = cabin(len(speech), seed=1)
    mixed = mix(speech, noise, snr_db)
    gain = float(mixed @ speech / (speech @ speech))
    ratio = loudest_rms(speech * np.float32(gain)) / loudest_rms(mixed - speech * np.float32(gain))
    assert 20 * np.log10(ratio) == pytest.approx(snr_db, abs=0.5)
    assert np.abs(mixed).max() < 1


def test_a_cabin_rumbles_below_500_hz() -> None:
    power = np.abs(np.fft.rfft(cabin(10 * RATE_HZ, seed=3))) ** 2
    hz = np.fft.rfftfreq(10 * RATE_HZ, 1 / RATE_HZ)
    assert power[hz < 200].sum() / power.sum() == pytest.approx(0.58, abs=0.01)
    assert power[hz < 500].sum() / power.sum() == pytest.approx(0.97, abs=0.01)


def test_babble_fills_any_length_and_repeats_with_its_seed() -> None:
    voices = [tone(300, 0.4, 0.5), tone(500, 0.3, 0.01)]
    assert len(babble(voices, 5 * RATE_HZ, seed=1)) == 5 * RATE_HZ
    assert np.array_equal(babble(voices, 800, seed=1), babble(voices, 800, seed=1))
    assert not np.array_equal(babble(voices, 800, seed=1), babble(voices, 800, seed=2))


@pytest.mark.parametrize(
    ("wanted", "got", "verdict"),
    [
        (case("call.person", person="Anna"), Understood(intent=""), Verdict.MISS),
        (case(""), Understood(intent="", heard="la la"), Verdict.RIGHT),
        (case(""), Understood(intent="session.yes"), Verdict.FALSE_ACCEPT),
        (case("session.yes"), Understood(intent="session.no"), Verdict.WRONG),
    ],
)
def test_verdicts(wanted: Case, got: Understood, verdict: Verdict) -> None:
    assert judge(wanted, got).verdict is verdict


def test_the_wrong_person_is_a_false_dial() -> None:
    heard = Named(heard="hannah", candidates=(Candidate(value="Hannah", score=0.9),))
    score = judge(
        case("call.person", person="Anna"),
        Understood(intent="call.person", slots={"person": heard}, dials=True),
    )
    assert score.verdict is Verdict.WRONG
    assert score.is_false_dial


def test_a_known_miss_may_do_nothing_but_never_something_else() -> None:
    row = case("session.yes", known_miss="too short for the model")
    assert is_passed(judge(row, Understood()))
    assert not is_passed(judge(row, Understood(intent="session.no")))


def test_a_known_miss_may_be_taken_for_the_intent_that_the_table_names() -> None:
    row = replace(case("call.join", known_miss="sounds alike"), taken_for="drive.navigate")
    assert is_passed(judge(row, Understood(intent="drive.navigate")))
    assert not is_passed(judge(row, Understood(intent="call.redial")))
    assert not is_passed(judge(row, Understood(intent="drive.navigate", dials=True)))


def test_times_are_compared_by_their_likeliest_meaning() -> None:
    three, four = (datetime(2026, 3, 10, hour, tzinfo=UTC) for hour in (15, 16))
    spans = (Span(start=three, end=four),)
    assert plain(When(heard="three", spans=spans, grain=Grain.INSTANT)) == "2026-03-10T15:00+00:00"
    assert plain(When(heard="three to four", spans=spans, grain=Grain.RANGE)) == (
        "2026-03-10T15:00+00:00/2026-03-10T16:00+00:00"
    )
    assert plain(When(heard="31 february", spans=(), grain=Grain.DAY)) == "31 february"


def test_noise_levels_have_rows_of_their_own() -> None:
    assert group_of(judge(case(""), Understood())) == "synthetic, quiet"
