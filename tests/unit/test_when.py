"""Spoken times in three languages: words and the moment they are said -> what is meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.core.events import Scope
from assistant.core.locales import Locale
from assistant.core.match import Matcher
from assistant.core.model import Grain, When
from assistant.core.questions import refined
from assistant.core.slots import build_vocabulary
from assistant.core.when import minutes, resolve

ZONES = {"en-GB": "Europe/London", "de-DE": "Europe/Berlin", "fr-FR": "Europe/Paris"}
MONDAY = "2026-11-23 10:00"


Hear = Callable[[str, str, str], When]


@pytest.fixture(scope="module")
def heard(language: Callable[[str], Locale]) -> Hear:
    """The words alone, as the answer to "when?"."""

    matchers: dict[str, Matcher] = {}

    def hear(tag: str, text: str, now: str) -> When:
        if tag not in matchers:
            matchers[tag] = Matcher(language(tag), build_vocabulary(language(tag), [], []))
        moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(ZONES[tag]))
        found = matchers[tag].interpret(text, now=moment, scope=Scope.QUESTION)
        values = [v for reading in found for v in reading.slots.values() if isinstance(v, When)]
        assert values, f"{text!r} is no time"
        return values[0]

    return hear


def starts(when: When) -> list[str]:
    return [span.start.strftime("%m-%d %H:%M") for span in when.spans]


INSTANTS = [
    ("en-GB", "at three", MONDAY, "11-23 15:00"),
    ("en-GB", "3pm", MONDAY, "11-23 15:00"),
    ("en-GB", "15:30", MONDAY, "11-23 15:30"),
    ("en-GB", "half past two", MONDAY, "11-23 14:30"),
    ("en-GB", "quarter to five", MONDAY, "11-23 16:45"),
    ("en-GB", "twenty past eleven", MONDAY, "11-23 11:20"),
    ("en-GB", "nine o'clock", MONDAY, "11-24 09:00"),
    ("en-GB", "ten", "2026-11-23 10:20", "11-23 10:00"),
    ("en-GB", "three pm", "2026-11-23 15:40", "11-23 15:00"),
    ("en-GB", "three pm", "2026-11-23 17:00", "11-24 15:00"),
    ("en-GB", "noon", MONDAY, "11-23 12:00"),
    ("en-GB", "tomorrow at eight in the evening", MONDAY, "11-24 20:00"),
    ("en-GB", "tonight at eight", MONDAY, "11-23 20:00"),
    ("en-GB", "at four on friday", MONDAY, "11-27 16:00"),
    ("en-GB", "friday the 27th at 9 am", MONDAY, "11-27 09:00"),
    ("en-GB", "in an hour", MONDAY, "11-23 11:00"),
    ("en-GB", "in twenty minutes", MONDAY, "11-23 10:20"),
    ("de-DE", "um drei", MONDAY, "11-23 15:00"),
    ("de-DE", "halb vier", MONDAY, "11-23 15:30"),
    ("de-DE", "viertel vor fünf", MONDAY, "11-23 16:45"),
    ("de-DE", "viertel nach zwei", MONDAY, "11-23 14:15"),
    ("de-DE", "dreiviertel drei", MONDAY, "11-23 14:45"),
    ("de-DE", "fünf vor halb vier", MONDAY, "11-23 15:25"),
    ("de-DE", "fünfzehn uhr dreißig", MONDAY, "11-23 15:30"),
    ("de-DE", "morgen um acht uhr abends", MONDAY, "11-24 20:00"),
    ("de-DE", "übermorgen um zehn", MONDAY, "11-25 10:00"),
    ("de-DE", "in einer halben stunde", MONDAY, "11-23 10:30"),
    ("fr-FR", "à quinze heures trente", MONDAY, "11-23 15:30"),
    ("fr-FR", "15 h 30", MONDAY, "11-23 15:30"),
    ("fr-FR", "à trois heures et demie", MONDAY, "11-23 15:30"),
    ("fr-FR", "cinq heures moins le quart", MONDAY, "11-23 16:45"),
    ("fr-FR", "midi et quart", MONDAY, "11-23 12:15"),
    ("fr-FR", "demain à huit heures du soir", MONDAY, "11-24 20:00"),
    ("fr-FR", "vendredi à neuf heures", MONDAY, "11-27 09:00"),
    ("fr-FR", "dans une heure", MONDAY, "11-23 11:00"),
]


@pytest.mark.parametrize(("tag", "text", "now", "expected"), INSTANTS)
def test_instants(heard: Hear, tag: str, text: str, now: str, expected: str) -> None:
    when = heard(tag, text, now)
    assert starts(when)[0] == expected
    assert when.grain is Grain.INSTANT


STRETCHES = [
    ("en-GB", "tomorrow", "11-24 00:00", "11-25 00:00"),
    ("en-GB", "the day after tomorrow", "11-25 00:00", "11-26 00:00"),
    ("en-GB", "friday", "11-27 00:00", "11-28 00:00"),
    ("en-GB", "next friday", "12-04 00:00", "12-05 00:00"),
    ("en-GB", "last friday", "11-20 00:00", "11-21 00:00"),
    ("en-GB", "friday week", "12-04 00:00", "12-05 00:00"),
    ("en-GB", "the 31st", "12-31 00:00", "01-01 00:00"),
    ("en-GB", "march the third", "03-03 00:00", "03-04 00:00"),
    ("en-GB", "next week", "11-30 00:00", "12-07 00:00"),
    ("en-GB", "this weekend", "11-28 00:00", "11-30 00:00"),
    ("en-GB", "this afternoon", "11-23 12:00", "11-23 18:00"),
    ("en-GB", "tomorrow morning", "11-24 05:00", "11-24 12:00"),
    ("en-GB", "after lunch", "11-23 13:00", "11-23 18:00"),
    ("en-GB", "between two and four", "11-23 14:00", "11-23 16:00"),
    ("en-GB", "from nine to half past ten tomorrow", "11-24 09:00", "11-24 10:30"),
    ("en-GB", "after three", "11-23 15:00", "11-24 00:00"),
    ("en-GB", "the next two hours", "11-23 10:00", "11-23 12:00"),
    ("en-GB", "in march", "03-01 00:00", "04-01 00:00"),
    ("de-DE", "heute nachmittag", "11-23 12:00", "11-23 18:00"),
    ("de-DE", "morgen früh", "11-24 05:00", "11-24 12:00"),
    ("de-DE", "freitagnachmittag", "11-27 12:00", "11-27 18:00"),
    ("de-DE", "nächste woche", "11-30 00:00", "12-07 00:00"),
    ("de-DE", "nächsten freitag", "11-27 00:00", "11-28 00:00"),
    ("de-DE", "zwischen zwei und vier", "11-23 14:00", "11-23 16:00"),
    ("de-DE", "am dritten märz", "03-03 00:00", "03-04 00:00"),
    ("de-DE", "am wochenende", "11-28 00:00", "11-30 00:00"),
    ("fr-FR", "demain matin", "11-24 05:00", "11-24 12:00"),
    ("fr-FR", "cet après-midi", "11-23 12:00", "11-23 18:00"),
    ("fr-FR", "la semaine prochaine", "11-30 00:00", "12-07 00:00"),
    ("fr-FR", "vendredi prochain", "11-27 00:00", "11-28 00:00"),
    ("fr-FR", "le premier mars", "03-01 00:00", "03-02 00:00"),
    ("fr-FR", "entre quatorze et seize heures", "11-23 14:00", "11-23 16:00"),
    ("fr-FR", "jeudi en huit", "12-03 00:00", "12-04 00:00"),
    ("en-GB", "the next hour", "11-23 10:00", "11-23 11:00"),
    ("en-GB", "until friday", "11-23 10:00", "11-27 00:00"),
    ("en-GB", "in the late afternoon", "11-23 15:30", "11-23 18:30"),
    ("de-DE", "die nächste stunde", "11-23 10:00", "11-23 11:00"),
    ("de-DE", "bis vier", "11-23 10:00", "11-23 16:00"),
    ("de-DE", "ab vier", "11-23 16:00", "11-24 00:00"),
    ("fr-FR", "dans les deux prochaines heures", "11-23 10:00", "11-23 12:00"),
    ("fr-FR", "jusqu'à vendredi", "11-23 10:00", "11-27 00:00"),
]


@pytest.mark.parametrize(("tag", "text", "start", "end"), STRETCHES)
def test_stretches(heard: Hear, tag: str, text: str, start: str, end: str) -> None:
    span = heard(tag, text, MONDAY).spans[0]
    assert (span.start.strftime("%m-%d %H:%M"), span.end.strftime("%m-%d %H:%M")) == (start, end)


DAYS = [
    ("en-GB", "3 march 2031", "2031-03-03", "2031-03-04"),
    ("en-GB", "the third of march twenty thirty one", "2031-03-03", "2031-03-04"),
    ("en-GB", "in april 2027", "2027-04-01", "2027-05-01"),
    ("en-GB", "from the 24th to the 27th", "2026-11-24", "2026-11-28"),
    ("en-GB", "from the 28th to the 3rd of december", "2026-11-28", "2026-12-04"),
    ("en-GB", "from the third to the seventh of april", "2027-04-03", "2027-04-08"),
    ("en-GB", "from 3 to 7 april 2028", "2028-04-03", "2028-04-08"),
    ("en-GB", "between tomorrow and friday", "2026-11-24", "2026-11-28"),
    ("en-GB", "from friday to tuesday", "2026-11-27", "2026-12-02"),
    ("en-GB", "the week after next", "2026-12-07", "2026-12-14"),
    ("de-DE", "am dritten märz zweitausendeinunddreißig", "2031-03-03", "2031-03-04"),
    ("de-DE", "vom 24. bis zum 27.", "2026-11-24", "2026-11-28"),
    ("de-DE", "vom dritten bis siebten april", "2027-04-03", "2027-04-08"),
    ("de-DE", "von morgen bis freitag", "2026-11-24", "2026-11-28"),
    ("de-DE", "übernächste woche", "2026-12-07", "2026-12-14"),
    ("fr-FR", "le trois mars deux mille trente et un", "2031-03-03", "2031-03-04"),
    ("fr-FR", "du 24 au 27", "2026-11-24", "2026-11-28"),
    ("fr-FR", "du trois au sept avril", "2027-04-03", "2027-04-08"),
    ("fr-FR", "de demain à vendredi", "2026-11-24", "2026-11-28"),
]


@pytest.mark.parametrize(("tag", "text", "start", "end"), DAYS)
def test_years_and_ranges_of_days(heard: Hear, tag: str, text: str, start: str, end: str) -> None:
    span = heard(tag, text, MONDAY).spans[0]
    assert (f"{span.start:%Y-%m-%d}", f"{span.end:%Y-%m-%d}") == (start, end)


@pytest.mark.parametrize(
    ("before", "said", "expected"),
    [
        ("tomorrow", "at ten", "11-24 10:00"),
        ("friday at four", "five", "11-27 17:00"),
        ("friday at four", "thursday", "11-26 16:00"),
        ("friday at four", "thursday at nine", "11-26 09:00"),
        ("friday afternoon", "at three", "11-27 15:00"),
        ("at four", "at five", "11-23 17:00"),
        ("31 february at ten", "at eleven", "11-23 11:00"),
    ],
)
def test_an_answer_completes_what_was_said_before(
    heard: Hear, before: str, said: str, expected: str
) -> None:
    when = refined(heard("en-GB", before, MONDAY), heard("en-GB", said, MONDAY))
    assert starts(when)[0] == expected
    assert when.grain is Grain.INSTANT


def test_a_day_is_one_of_the_week_said_before(heard: Hear) -> None:
    week, day = heard("en-GB", "next week", MONDAY), heard("en-GB", "thursday", MONDAY)
    assert starts(refined(week, day))[0] == "12-03 00:00"
    later = heard("en-GB", "thursday at ten", MONDAY)
    assert starts(refined(week, later))[0] == "12-03 10:00"


def test_a_bare_hour_keeps_its_other_meanings(heard: Hear) -> None:
    assert starts(heard("en-GB", "at three", MONDAY))[:2] == ["11-23 15:00", "11-24 15:00"]
    assert "11-24 03:00" in starts(heard("en-GB", "at three", MONDAY))


@pytest.mark.parametrize(
    ("tag", "text"),
    [("en-GB", "31 february"), ("de-DE", "am einunddreißigsten februar"),
     ("fr-FR", "le trente et un février")],
)  # fmt: skip
def test_a_day_that_is_none(heard: Hear, tag: str, text: str) -> None:
    assert heard(tag, text, MONDAY).spans == ()


BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)


def test_an_hour_that_the_clock_skips() -> None:
    """On the last Sunday of March 02:30 does not exist: the clock shows 03:30 by then."""
    when = resolve("x", {"day": 1, "hour": 2, "minute": 30, "meridiem": "am"}, SPRING)
    assert [span.start.strftime("%H:%M") for span in when.spans] == ["03:30"]


def test_an_hour_that_comes_twice() -> None:
    """On the last Sunday of October 02:30 comes twice, an hour apart."""
    when = resolve("x", {"day": 1, "hour": 2, "minute": 30, "meridiem": "am"}, AUTUMN)
    first, second = (span.start.astimezone(UTC) for span in when.spans)
    assert second - first == timedelta(hours=1)


@pytest.mark.parametrize(("now", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_days_that_are_not_24_hours(now: datetime, hours: int) -> None:
    span = resolve("tomorrow", {"day": 1}, now).spans[0]
    assert span.end.astimezone(UTC) - span.start.astimezone(UTC) == timedelta(hours=hours)


def test_hours_pass_across_the_change() -> None:
    night = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
    when = resolve("in an hour", {"count": 1, "unit": "hour", "sign": 1}, night)
    assert when.spans[0].start == datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)


def test_durations() -> None:
    assert minutes({"count": 2, "unit": "hour"}) == 120
    assert minutes({"hours": 1, "minutes": 20}) == 80
