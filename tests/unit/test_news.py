"""The change digest in words: short, once, and nothing that is private."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.actions.news import changed
from assistant.actions.world import World
from assistant.core.changes import diff
from assistant.core.locales import Locale
from assistant.core.model import Appointment, CalendarCopy, Interpretation
from assistant.core.outcome import Context, Reply
from assistant.core.wording import Wording

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REACH = NOW + timedelta(days=14)
ASKED = Interpretation(intent="calendar.changes")


def meeting(uid: str, hour: float, title: str = "", day: int = 0, **more: object) -> Appointment:
    start = NOW.replace(hour=0) + timedelta(days=day, hours=hour)
    plain = Appointment(uid=uid, title=title or uid, start=start, end=start + timedelta(minutes=30))
    return replace(plain, **more)  # type: ignore[arg-type]


def tell(
    locale: Locale,
    before: list[Appointment],
    after: list[Appointment],
    *,
    is_private: bool = False,
    is_asked: bool = True,
) -> Reply:
    changes = diff(before, after, NOW, REACH)
    world = World(
        now=NOW,
        calendar=CalendarCopy(appointments=tuple(after), as_of=NOW - timedelta(minutes=29)),
        stale_after=timedelta(minutes=30 if is_asked else 1),
        people=(),
        wording=Wording(locale.tag, locale.replies, locale.phrases, locale.errors),
        context=Context(is_private=is_private),
        changes=changes,
    )
    order = ASKED if is_asked else replace(ASKED, slots={"changes": changes})
    reply = changed(world, order)
    assert isinstance(reply, Reply)
    return reply


TWO = (
    [meeting("Budget", 10), meeting("Stand-up", 14), meeting("Late", 17)],
    [meeting("Budget", 10.5), meeting("Late", 17)],
)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en-GB", "the ten o'clock moved to half past ten and the two o'clock was cancelled."),
        (
            "de-DE",
            "der Termin um zehn Uhr ist jetzt um zehn Uhr dreißig"
            " und der Termin um vierzehn Uhr fällt aus.",
        ),
        (
            "fr-FR",
            "le rendez-vous à dix heures passe à dix heures trente"
            " et le rendez-vous à quatorze heures est annulé.",
        ),
    ],
)
def test_several_are_named_by_their_time(
    language: Callable[[str], Locale], tag: str, words: str
) -> None:
    reply = tell(language(tag), *TWO)
    assert reply.text == words
    assert reply.card.lines == ("10:00 → 10:30 Budget", "14:00 × Stand-up")
    assert reply.card.is_private
    assert [one.title for one in reply.topic] == ["Budget"]


OLD = meeting("Budget", 10, location="Room 4")
OTHER = meeting("Late", 17)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (OLD, replace(OLD, is_cancelled=True), "the ten o'clock, Budget, was cancelled."),
        (
            OLD,
            meeting("Budget", 9, day=2),
            "the ten o'clock, Budget, is now on Wednesday at nine o'clock.",
        ),
        (
            meeting("Plan", 8, day=1),
            meeting("Plan", 8.5, day=1),
            "the eight o'clock tomorrow, Plan, moved to half past eight.",
        ),
        (
            OLD,
            replace(OLD, end=OLD.span.end + timedelta(hours=1)),
            "the ten o'clock, Budget, now lasts until half past eleven.",
        ),
        (OLD, replace(OLD, location="Room 9"), "the ten o'clock, Budget, is now in Room 9."),
        (OLD, replace(OLD, location="https://example.com/x"), "Nothing has changed."),
        (None, meeting("Lunch", 12), "new at noon: Lunch."),
        (OLD, OLD, "Nothing has changed."),
    ],
)
def test_one_has_its_title(
    language: Callable[[str], Locale],
    before: Appointment | None,
    after: Appointment,
    words: str,
) -> None:
    old = [before, OTHER] if before else [OTHER]
    assert tell(language("en-GB"), old, [after, OTHER]).text == words


def test_private_titles_are_not_told(shipped: Locale) -> None:
    secret = meeting("Merger", 10, is_private=True)
    before, after = [secret, OTHER], [replace(secret, start=NOW.replace(hour=11)), OTHER]
    for reply in (
        tell(shipped, before, after),
        tell(shipped, [OTHER], [secret, OTHER]),
        tell(shipped, *TWO, is_private=True),
        tell(shipped, [OTHER], [meeting("Budget", 11), OTHER], is_private=True),
    ):
        told = f"{reply.text} {reply.card.lines}"
        assert "Merger" not in told and "Budget" not in told


def test_many_are_cut_and_go_on_with_more(language: Callable[[str], Locale]) -> None:
    day = [meeting(f"m{hour}", hour) for hour in range(10, 16)]
    reply = tell(language("en-GB"), [*day, OTHER], [OTHER])
    assert reply.text.endswith("the noon was cancelled. More?")
    assert reply.rest.startswith("The one o'clock was cancelled. The two o'clock")


def test_unasked_nothing_is_said_of_nothing_nor_of_another_calendars_age(shipped: Locale) -> None:
    online = replace(OLD, location="https://example.com/x")
    assert tell(shipped, [OLD, OTHER], [online, OTHER], is_asked=False).text == ""
    assert tell(shipped, *TWO, is_asked=False).text == tell(shipped, *TWO).text
