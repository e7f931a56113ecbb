"""How times, days, lists and titles are spoken, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from assistant import errors
from assistant.assembly import build_locale
from assistant.core.model import Appointment
from assistant.core.wording import Wording, budget, render, speakable
from assistant.errors import AssistantError, ConfigError

TAGS = ("en-GB", "de-DE", "fr-FR")
LOCALES = {tag: build_locale(tag) for tag in TAGS}
SPOKEN = {
    tag: Wording(tag, locale.replies, locale.phrases, locale.errors)
    for tag, locale in LOCALES.items()
}


def at(clock: str) -> datetime:
    return datetime.strptime(clock, "%H:%M").replace(year=2026, month=11, day=23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "clock", "spoken"),
    [
        ("en-GB", "15:00", "three o'clock"),
        ("en-GB", "15:15", "quarter past three"),
        ("en-GB", "15:30", "half past three"),
        ("en-GB", "15:45", "quarter to four"),
        ("en-GB", "09:05", "nine oh five"),
        ("en-GB", "06:30", "half past six in the morning"),
        ("en-GB", "20:20", "eight twenty in the evening"),
        ("en-GB", "12:00", "noon"),
        ("en-GB", "00:00", "midnight"),
        ("de-DE", "15:00", "fünfzehn Uhr"),
        ("de-DE", "13:00", "dreizehn Uhr"),
        ("de-DE", "01:00", "ein Uhr"),
        ("de-DE", "09:30", "neun Uhr dreißig"),
        ("de-DE", "21:05", "einundzwanzig Uhr fünf"),
        ("fr-FR", "15:00", "quinze heures"),
        ("fr-FR", "15:15", "quinze heures quinze"),
        ("fr-FR", "01:00", "une heure"),
        ("fr-FR", "21:30", "vingt et une heures trente"),
        ("fr-FR", "12:00", "midi"),
    ],
)
def test_a_clock_time_is_said_as_people_say_it(tag: str, clock: str, spoken: str) -> None:
    assert SPOKEN[tag].time(at(clock)) == spoken


@pytest.mark.parametrize(
    ("tag", "ahead", "spoken"),
    [
        ("en-GB", 0, "today"),
        ("en-GB", 1, "tomorrow"),
        ("en-GB", 4, "on Friday"),
        ("en-GB", 10, "on Thursday the third of December"),
        ("en-GB", 1561, "on Monday the third of March 2031"),
        ("de-DE", 1, "morgen"),
        ("de-DE", 4, "am Freitag"),
        ("de-DE", 10, "am Donnerstag, den dritten Dezember"),
        ("de-DE", -1, "gestern"),
        ("fr-FR", 4, "vendredi"),
        ("fr-FR", 8, "mardi premier décembre"),
        ("fr-FR", 10, "jeudi trois décembre"),
    ],
)
def test_a_day_is_said_by_how_near_it_is(tag: str, ahead: int, spoken: str) -> None:
    today = date(2026, 11, 23)
    assert SPOKEN[tag].day(today + timedelta(days=ahead), today) == spoken


@pytest.mark.parametrize(
    ("tag", "minutes", "spoken"),
    [
        ("en-GB", 0, "1 minute"),
        ("en-GB", 90, "1 hour and 30 minutes"),
        ("de-DE", 45, "45 Minuten"),
        ("fr-FR", 60, "1 heure"),
    ],
)
def test_a_duration_has_hours_and_minutes(tag: str, minutes: int, spoken: str) -> None:
    assert SPOKEN[tag].duration(timedelta(minutes=minutes)) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("RE: FW: Budget 🎉 review", "Budget review"),
        ("AW: Planung https://teams.example/x?y=1", "Planung"),
        ("Q3 review [internal]", "Q 3 review internal"),
        ("1:1 with Ben", "one to one with Ben"),
        ("🎉🎉", ""),
    ],
)
def test_titles_are_cleaned_for_the_ear(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


@pytest.mark.parametrize("tag", TAGS)
def test_a_private_title_is_never_told(tag: str) -> None:
    start = at("10:00")
    secret = Appointment(
        uid="1", title="Oncologist", start=start, end=start + timedelta(hours=1), is_private=True
    )
    assert "Oncologist" not in SPOKEN[tag].title(secret)
    plain = Appointment(uid="2", title="Lunch", start=start, end=start + timedelta(hours=1))
    assert SPOKEN[tag].title(plain, hidden=True) == SPOKEN[tag].title(secret)


def test_optional_parts_go_with_their_values() -> None:
    template = "Next is {title}[ {day}] at {time}[, with {who}]."
    full = {"title": "Lunch", "day": "tomorrow", "time": "noon", "who": "Ben"}
    assert render(template, full) == "Next is Lunch tomorrow at noon, with Ben."
    assert render(template, full | {"day": "", "who": ""}) == "Next is Lunch at noon."
    with pytest.raises(ConfigError, match="title"):
        render(template, {"time": "noon"})


def test_braces_in_a_title_are_only_text() -> None:
    assert render("{title}.", {"title": "{time} [x]"}) == "{time} [x]."


def test_a_long_answer_is_cut_at_a_sentence() -> None:
    first = "One two three four five six seven eight nine ten."
    second = (
        "And eleven twelve thirteen fourteen fifteen more than seventeen eighteen nineteen twenty."
    )
    assert budget(f"{first} {second}") == (first, second)
    assert budget(first) == (first, "")
    assert budget(second * 2)[0], "one endless sentence is said as it is"


def all_errors(root: type[AssistantError]) -> list[type[AssistantError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in all_errors(child))]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("error", all_errors(errors.AssistantError), ids=lambda e: e.__name__)
def test_every_error_has_a_sentence_in_every_language(
    tag: str, error: type[AssistantError]
) -> None:
    if "say" in vars(error):
        assert error.say in LOCALES[tag].errors


@pytest.mark.parametrize("tag", TAGS)
def test_every_language_says_as_much_as_english(tag: str) -> None:
    english, other = LOCALES["en-GB"], LOCALES[tag]
    assert set(other.replies) == set(english.replies)
    assert set(other.errors) == set(english.errors)
    optional = {key for key in english.phrases if key.startswith("time_")}
    forms = {
        "hour_1",
        "hour_21",
        "hour_unit_one",
        "hour_unit_other",
        "dom_1",
        "nouns",
        "infinitive",
    }
    assert set(english.phrases) - optional <= set(other.phrases)
    assert set(other.phrases) - set(english.phrases) <= forms
