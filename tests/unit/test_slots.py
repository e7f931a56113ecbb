"""The driver's vocabulary: how people and meetings are named, and what a name may mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from assistant.core.locales import Locale
from assistant.core.model import Appointment, Attendee, Contact, NumberKind, PhoneNumber
from assistant.core.slots import Vocabulary, build_vocabulary, likeliest, named

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def meeting(title: str, *attendees: Attendee, is_private: bool = False) -> Appointment:
    return Appointment(
        uid=title, title=title, start=NOW, end=NOW, attendees=attendees, is_private=is_private
    )


@pytest.fixture(scope="module")
def english(language: Callable[[str], Locale]) -> Locale:
    return language("en-GB")


def of_people(locale: Locale, *contacts: Contact) -> Vocabulary:
    return build_vocabulary(locale, contacts, [])


def of_title(locale: Locale, title: str) -> set[str]:
    return set(build_vocabulary(locale, [], [meeting(title)]).title.texts)


@pytest.mark.parametrize(
    "said",
    ["anna weber", "anna", "weber", "miss weber", "doctor weber", "anni", "anni weber", "a w"],
)
def test_ways_to_name_a_person(english: Locale, said: str) -> None:
    contact = Contact(name="Weber, Dr. Anna (ACME)", nicknames=("Anni",))
    names = named(of_people(english, contact).person, said)
    assert [c.value for c in names.candidates] == [contact.name]


def test_two_annas_are_equal(english: Locale) -> None:
    people = of_people(english, Contact(name="Anna Weber"), Contact(name="Anna Schmidt"))
    first, second = named(people.person, "anna").candidates
    assert first.score == second.score


def test_a_whole_name_comes_before_a_part_of_one(english: Locale) -> None:
    people = of_people(english, Contact(name="Ben Carter"), Contact(name="Ben"))
    first, second = named(people.person, "ben").candidates
    assert first.value == "Ben"
    assert first.score - second.score >= 0.08


def test_common_short_names(english: Locale) -> None:
    people = of_people(english, Contact(name="Benjamin Okafor"))
    assert named(people.person, "ben").candidates[0].value == "Benjamin Okafor"


def test_a_name_heard_a_little_differently(english: Locale) -> None:
    people = of_people(english, Contact(name="Anna Weber"), Contact(name="Hanno Kuhn"))
    best = named(people.person, "anna webber").candidates[0]
    assert best.value == "Anna Weber"
    assert 0.9 < best.score < 1


def test_strangers_resemble_nobody(english: Locale) -> None:
    assert not named(of_people(english, Contact(name="Anna Weber")).person, "zorblax").candidates


def test_of_too_many_people_those_of_the_calendar_are_heard_first() -> None:
    number = PhoneNumber(kind=NumberKind.MOBILE, uri="tel:+442079460000")
    strangers = [Contact(name=f"Stranger {n}") for n in range(50)]
    called = Contact(name="Cem Called", numbers=(number,))
    named_so = Contact(name="Siobhán Said", say_like="shiv awn")
    by_mail = Contact(name="Mia Mailed", emails=("Mia@Example.com",))
    by_name = Contact(name="Ned Named")
    people = [*strangers, called, named_so, by_mail, by_name]
    invited = meeting(
        "Sync", Attendee(name="M. M.", email="mia@example.com"), Attendee(name="Ned Named")
    )
    best = [by_mail, by_name, named_so, called, strangers[0]]
    assert list(likeliest(people, [invited], 5)) == best
    assert list(likeliest(people, [], 99)) == people


def test_attendees_are_people_and_known_ones_only_once(english: Locale) -> None:
    invited = meeting(
        "Sync",
        Attendee(name="Weber, Anna", email="anna@example.com"),
        Attendee(name="Chris Doe"),
        Attendee(name="Room 4", is_resource=True),
    )
    contact = Contact(name="Anna Weber", emails=("anna@example.com",))
    people = build_vocabulary(english, [contact], [invited]).person
    assert [c.value for c in named(people, "anna").candidates] == ["Anna Weber"]
    assert named(people, "chris doe").candidates
    assert not named(people, "room").candidates


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Budget review FY26 (final)", {"budget review", "budget"}),
        ("RE: FW: Steering committee", {"steering committee", "steering"}),
        ("Q3 review", {"q three review", "quarter three review"}),
        ("1:1 with Ben", {"one on one with ben", "one to one with ben"}),
        ("Sprint #4", {"sprint four", "sprint number four"}),
        ("DACH sync", {"dach sync", "d a c h sync"}),
        ("Kick-off Acme | https://example.com/j/1", {"kick off acme"}),
        ("🎉 Party R&D", {"party"}),
    ],
)
def test_ways_to_name_a_meeting(english: Locale, title: str, said: set[str]) -> None:
    assert said <= of_title(english, title)


def test_common_words_do_not_name_a_meeting(english: Locale) -> None:
    assert "review" not in of_title(english, "Budget review")


def test_private_titles_stay_private(english: Locale) -> None:
    secret = build_vocabulary(english, [], [meeting("Divorce lawyer", is_private=True)])
    assert not secret.title.phrases


def test_calendars_are_named_as_people_bend_them(language: Callable[[str], Locale]) -> None:
    names = ["Privat", "Team Nord", "Work calendar"]
    german = build_vocabulary(language("de-DE"), [], [], names).calendar
    for heard, meant in (
        ("privaten", "Privat"),
        ("team nord", "Team Nord"),
        ("privatkalender", "Privat"),
        ("work", "Work calendar"),
    ):
        assert named(german, heard).candidates[0].value == meant
    english = build_vocabulary(language("en-GB"), [], [], names).calendar
    assert "privaten" not in english.texts
