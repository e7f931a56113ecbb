"""The matcher: exact, corrected, rough; what is refused; names and times in slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.core.consent import is_sure
from assistant.core.events import Scope
from assistant.core.locales import Locale
from assistant.core.match import Matcher
from assistant.core.model import (
    Appointment,
    Contact,
    Hypothesis,
    Interpretation,
    Named,
    When,
)
from assistant.core.questions import likeliest
from assistant.core.slots import build_vocabulary

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=ZoneInfo("Europe/London"))
PEOPLE = ("Anna Weber", "Ben Smith", "Anna Schmidt", "Claire Dubois")
TITLES = ("Budget review FY26 (final)", "Call Anna", "Q3 review")


@pytest.fixture(scope="module")
def matchers(language: Callable[[str], Locale]) -> Callable[[str], Matcher]:
    contacts = [Contact(name=name, organisation="Acme Ltd") for name in PEOPLE]
    appointments = [Appointment(uid=t, title=t, start=NOW, end=NOW) for t in TITLES]

    def build(tag: str) -> Matcher:
        return Matcher(language(tag), build_vocabulary(language(tag), contacts, appointments))

    return {tag: build(tag) for tag in ("en-GB", "de-DE", "fr-FR")}.__getitem__


@pytest.fixture
def english(matchers: Callable[[str], Matcher]) -> Matcher:
    return matchers("en-GB")


def best(matcher: Matcher, text: str, scope: Scope = Scope.IDLE) -> Interpretation:
    found = matcher.interpret(text, now=NOW, scope=scope, choices=("Anna Weber", "Ben Smith"))
    assert found, f"{text!r} is not understood"
    return found[0]


@pytest.mark.parametrize(
    ("tag", "text", "intent"),
    [
        ("en-GB", "Could you please call Ben Smith on his mobile?", "call.person"),
        ("en-GB", "uh, what's, um, next?", "calendar.next"),
        ("en-GB", "call my three no my four pm", "call.meeting"),
        ("en-GB", "when's the budgt review", "calendar.when"),
        ("en-GB", "what do i got on friday", "calendar.agenda"),
        ("de-DE", "Könnten Sie bitte Ben Smith anrufen?", "call.person"),
        ("de-DE", "äh was steht denn morgen an", "calendar.agenda"),
        ("de-DE", "ruf meinen drei uhr nein meinen vier uhr termin an", "call.meeting"),
        ("fr-FR", "Pouvez-vous appeler Ben Smith, s'il vous plaît ?", "call.person"),
        ("fr-FR", "euh qu'est-ce que j'ai donc demain", "calendar.agenda"),
    ],
)
def test_how_people_talk(
    matchers: Callable[[str], Matcher], tag: str, text: str, intent: str
) -> None:
    assert best(matchers(tag), text).intent == intent


def test_a_correction_replaces_what_it_takes_back(english: Matcher) -> None:
    when = best(english, "call my three no my four pm").slots["when"]
    assert isinstance(when, When)
    assert when.spans[0].start.hour == 16


def test_what_is_taken_back_is_no_part_of_a_name(english: Matcher) -> None:
    reading = best(english, "schedule a meeting with ben smith tomorrow at ten no wait eleven")
    assert isinstance(when := reading.slots["when"], When)
    assert (when.heard, "title" in reading.slots) == ("tomorrow at eleven", False)
    named = best(english, "remind me to say no to ben").slots["title"]
    assert isinstance(named, Named)
    assert named.heard == "say no to ben"


def test_capitals_of_free_words_are_kept(english: Matcher) -> None:
    named = best(english, "Remind me to buy Flowers for Claire").slots["title"]
    assert isinstance(named, Named)
    assert named.heard == "buy Flowers for Claire"


def test_two_annas_are_both_offered(english: Matcher) -> None:
    person = best(english, "call anna").slots["person"]
    assert isinstance(person, Named)
    assert [c.value for c in person.candidates] == ["Anna Weber", "Anna Schmidt"]


def test_an_unknown_name_is_said_to_be_missing(english: Matcher) -> None:
    reading = best(english, "call zorblax")
    assert (reading.intent, reading.missing) == ("call.person", ("person",))


def test_a_day_that_is_none_is_missing(english: Matcher) -> None:
    assert best(english, "what do i have on 31 february").missing == ("when",)
    assert best(english, "move the q3 review to 31 june").missing == ("to",)


def test_a_title_that_is_a_command_stays_a_title(english: Matcher) -> None:
    reading = best(english, "cancel call anna")
    assert reading.intent == "calendar.cancel"
    assert best(english, "call anna").intent == "call.person"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en-GB", ""),
        ("en-GB", "the quick brown fox jumps over the lazy dog"),
        ("en-GB", "play some music"),
        ("en-GB", "what is the temperature outside"),
        ("en-GB", "delete the timer"),
        ("en-GB", "my sister called anna yesterday about the budget"),
        ("en-GB", " ".join(["so and then he said that we"] * 30)),
        ("de-DE", "spiel musik"),
        ("de-DE", "stell den wecker auf sieben"),
        ("de-DE", "regnet es morgen in hamburg"),
        ("fr-FR", "joue de la musique"),
        ("fr-FR", "quel temps fera-t-il demain à paris"),
        ("fr-FR", "arrête la minuterie"),
    ],
)
def test_other_peoples_business(matchers: Callable[[str], Matcher], tag: str, text: str) -> None:
    assert not matchers(tag).interpret(text, now=NOW)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en-GB", "do not cancel the q3 review"),
        ("en-GB", "please don't move the q3 review to friday"),
        ("en-GB", "don't schedule a meeting on friday"),
        ("en-GB", "i can't take it but don't decline the call"),
        ("de-DE", "ich kann nicht lehn den anruf nicht ab"),
        ("fr-FR", "je ne peux pas répondre ne refuse pas l'appel"),
        ("de-DE", "ruf anna weber nicht an"),
        ("de-DE", "ruf bitte nicht anna weber an"),
        ("de-DE", "lösche den termin nicht"),
        ("de-DE", "leg nicht auf"),
        ("fr-FR", "n'appelle pas anna weber"),
        ("fr-FR", "ne supprime pas la réunion"),
        ("fr-FR", "ne raccroche pas"),
    ],
)
def test_a_negation_is_never_overheard(
    matchers: Callable[[str], Matcher], tag: str, text: str
) -> None:
    matcher = matchers(tag)
    found = matcher.interpret(text, now=NOW)
    assert not any(matcher.locale.intents[reading.intent].careful for reading in found)


@pytest.mark.parametrize(
    ("tag", "text", "intent"),
    [
        ("en-GB", "don't answer", "call.decline"),
        ("en-GB", "don't let me forget the milk", "calendar.create"),
        ("en-GB", "i don't need the reminder anymore", "calendar.cancel"),
        ("de-DE", "nimm den anruf nicht an", "call.decline"),
        ("fr-FR", "ne réponds pas", "call.decline"),
    ],
)
def test_a_negation_that_is_meant(
    matchers: Callable[[str], Matcher], tag: str, text: str, intent: str
) -> None:
    assert best(matchers(tag), text).intent == intent


@pytest.mark.parametrize(
    ("tag", "text", "intent"),
    [
        ("en-GB", "what's fucking next", "calendar.next"),
        ("de-DE", "was kommt verdammt als nächstes", "calendar.next"),
        ("fr-FR", "putain quelle est ma prochaine réunion", "calendar.next"),
    ],
)
def test_swearing_changes_nothing(
    matchers: Callable[[str], Matcher], tag: str, text: str, intent: str
) -> None:
    assert best(matchers(tag), text).intent == intent


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en-GB", "so call anna and then cancel the meeting i said"),
        ("de-DE", "also ruf anna an und dann lösch den termin sagte ich"),
        ("fr-FR", "alors appelle anna et puis annule la réunion disais je"),
    ],
)
def test_two_hundred_words_are_no_order(
    matchers: Callable[[str], Matcher], tag: str, words: str
) -> None:
    assert not matchers(tag).interpret(" ".join([words] * 20), now=NOW)


@pytest.mark.parametrize("text", ["start a call for 45 minutes", "call 45 minutes tomorrow"])
def test_a_number_is_nobodys_name(english: Matcher, text: str) -> None:
    found = english.interpret(text, now=NOW)
    assert not any(reading.intent == "call.person" for reading in found)


def test_small_words_are_no_title(matchers: Callable[[str], Matcher]) -> None:
    found = matchers("de-DE").interpret("erstell einen heute", now=NOW)
    assert not any(reading.intent == "calendar.create" for reading in found)


@pytest.mark.parametrize("text", ["anna weber", "anna at three", "my budget review tomorrow"])
def test_half_a_sentence_makes_no_call_and_no_change(english: Matcher, text: str) -> None:
    found = english.interpret(text, now=NOW)
    assert not any(english.locale.intents[reading.intent].careful for reading in found)


@pytest.mark.parametrize(
    ("tag", "text", "intent"),
    [
        ("en-GB", "could you delete, like, all of these silly meetings", "calendar.cancel"),
        ("en-GB", "remind about the insurance papers on friday please", "calendar.create"),
        ("en-GB", "so what on earth is on my calendar there for friday", "calendar.agenda"),
        ("de-DE", "erinnere bloß ans auto waschen", "calendar.create"),
        ("de-DE", "diesen blöden termin am freitag bitte löschen", "calendar.cancel"),
        ("fr-FR", "tu me rappelleras, enfin rappelle moi le contrôle technique", "calendar.create"),
    ],
)
def test_key_words_tell_what_no_template_fits(
    matchers: Callable[[str], Matcher], tag: str, text: str, intent: str
) -> None:
    assert best(matchers(tag), text).intent == intent


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en-GB", "is there a birthday party today"),
        ("en-GB", "does friday have any lunch"),
        ("en-GB", "did i set a reminder for tomorrow"),
        ("en-GB", "then what is my second event for tomorrow"),
        ("en-GB", "thanks is bonnie coming over for the yoga session this weekend"),
        ("de-DE", "ist am freitag irgendein mittagessen"),
        ("fr-FR", "y a-t-il un déjeuner demain"),
    ],
)
def test_a_question_changes_nothing(
    matchers: Callable[[str], Matcher], tag: str, text: str
) -> None:
    assert not matchers(tag).locale.intents[best(matchers(tag), text).intent].careful


@pytest.mark.parametrize(
    ("tag", "text", "intent"),
    [
        ("en-GB", "i have a meeting at five don't let me forget", "calendar.create"),
        ("en-GB", "remind la to go grocery shopping today", "calendar.create"),
        ("en-GB", "change the time to 5 pm", "calendar.move"),
        ("en-GB", "turn off the reminder for the dentist", "calendar.cancel"),
        ("de-DE", "erinnere heute abend den ofen zu prüfen", "calendar.create"),
        ("de-DE", "schalte die erinnerung aus", "calendar.cancel"),
        ("de-DE", "stell bitte alle erinnerungen ab", "calendar.cancel"),
        ("fr-FR", "désactive le rappel", "calendar.cancel"),
        ("fr-FR", "je ne veux pas oublier le dîner de demain", "calendar.create"),
    ],
)
def test_key_words_of_changes(
    matchers: Callable[[str], Matcher], tag: str, text: str, intent: str
) -> None:
    assert best(matchers(tag), text).intent == intent


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en-GB", "what is going on in milwaukee tonight"),
        ("en-GB", "events in plano next month"),
        ("en-GB", "set notification for news about the pipeline"),
        ("de-DE", "den aktuellen anruf"),
        ("de-DE", "meinen anruf"),
        ("fr-FR", "trouve moi des concerts à melbourne demain"),
    ],
)
def test_too_little_is_nothing(matchers: Callable[[str], Matcher], tag: str, text: str) -> None:
    assert matchers(tag).interpret(text, now=NOW) == ()


@pytest.mark.parametrize("text", ["the 8 pm reminder", "my three pm", "the 8 pm call reminder"])
def test_the_verb_of_a_call_is_never_imagined(english: Matcher, text: str) -> None:
    found = english.interpret(text, now=NOW)
    assert not any(reading.intent.startswith("call.") for reading in found)


@pytest.mark.parametrize(("tag", "text"), [("en-GB", "call"), ("de-DE", "anrufen")])
def test_half_a_command_lacks_its_other_half(
    matchers: Callable[[str], Matcher], tag: str, text: str
) -> None:
    found = matchers(tag).interpret(text, now=NOW)
    chosen = likeliest(None, found)
    assert chosen is not None
    assert (chosen.intent, chosen.missing) == ("call.person", ("person",))


@pytest.mark.parametrize(("tag", "text"), [("en-GB", "join"), ("de-DE", "beitreten")])
def test_one_word_is_no_clear_order(
    matchers: Callable[[str], Matcher], tag: str, text: str
) -> None:
    found = matchers(tag).interpret(text, now=NOW)
    assert found[0].intent == "call.join"
    assert not is_sure(Hypothesis(text=text), found[0], found)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de-DE", "vereinbare morgen um zehn uhr einen termin mit ben smith"),
        ("de-DE", "plane morgen um zehn eine besprechung mit ben smith"),
    ],
)
def test_an_article_after_the_hour_is_no_minute(
    matchers: Callable[[str], Matcher], tag: str, text: str
) -> None:
    when = best(matchers(tag), text).slots["when"]
    assert isinstance(when, When)
    assert (when.spans[0].start.hour, when.spans[0].start.minute) == (10, 0)


def test_what_repeats_is_told(english: Matcher) -> None:
    assert best(english, "schedule a meeting with ben every monday at ten").slots["every"] is True
    assert "every" not in best(english, "schedule a meeting with ben on monday at ten").slots


def test_of_two_orders_the_first_counts(english: Matcher) -> None:
    assert best(english, "what time is it and what's next").intent == "session.time"


def test_scopes(english: Matcher) -> None:
    assert best(english, "yes please", Scope.RINGING).intent == "session.yes"
    assert best(english, "yes please", Scope.QUESTION).intent == "session.yes"
    assert best(english, "ben", Scope.QUESTION).slots["choice"] == 2
    assert best(english, "pick up", Scope.RINGING).intent == "call.answer"
    assert best(english, "cancel", Scope.RINGING).intent == "session.cancel"


@pytest.mark.parametrize(
    ("tag", "text", "digits"),
    [
        ("en-GB", "dial oh one seven one 555", "0171555"),
        ("de-DE", "wähle die nummer null eins siebzig", "0170"),
        ("fr-FR", "compose le zéro six douze quatre-vingt-dix", "061290"),
    ],
)
def test_numbers(matchers: Callable[[str], Matcher], tag: str, text: str, digits: str) -> None:
    reading = best(matchers(tag), text)
    assert (reading.intent, reading.slots["digits"]) == ("call.number", digits)


@pytest.mark.parametrize(
    ("tag", "text", "digits"),
    [
        ("en-GB", "call nine nine nine", "999"),
        ("en-GB", "call 911", "911"),
        ("de-DE", "ruf 112 an", "112"),
        ("fr-FR", "appelle le 15", "15"),
    ],
)
def test_emergencies(matchers: Callable[[str], Matcher], tag: str, text: str, digits: str) -> None:
    reading = best(matchers(tag), text)
    assert (reading.intent, reading.slots["digits"]) == ("call.emergency", digits)


def test_what_is_heard_must_be_a_whole_sentence(english: Matcher) -> None:
    half = "join my meeting with"
    assert english.interpret(half, now=NOW)
    assert not english.interpret(half, now=NOW, is_spoken=True)
    assert english.interpret("join my meeting", now=NOW, is_spoken=True)


def test_a_meaning_is_the_same_in_other_words_but_not_for_another_person(english: Matcher) -> None:
    meant = best(english, "call ben smith").meaning
    assert best(english, "could you ring ben smith please").meaning == meant
    assert best(english, "call anna weber").meaning != meant


def test_half_a_name_means_less_than_the_whole(english: Matcher) -> None:
    """Which Anna has to be asked: hearing her first name is no evidence for her surname."""
    assert best(english, "call anna").meaning != best(english, "call anna weber").meaning
