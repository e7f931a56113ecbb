"""Whom and what the driver means: slots + context -> appointments, contacts.

A name counts as meant only with a clear winner: enough likeness *and* a margin to the next.
Everything less is asked. Nothing here guesses a person to be called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.actions.world import World, in_view
from assistant.core import agenda
from assistant.core.model import (
    Appointment,
    Attendee,
    Candidate,
    Contact,
    Interpretation,
    Named,
    When,
)
from assistant.core.outcome import Ask, Card, Choice, Glyph
from assistant.errors import OutOfView

CLEAR_SCORE = 0.8
"""Likeness from which a name is taken without asking."""
CLEAR_MARGIN = 0.08
"""Distance to the next different name that makes it the only one meant."""
POSSIBLE_SCORE = 0.6
"""Below this a candidate is not even offered."""


def meant(named: Named) -> tuple[str, ...]:
    """What a spoken name may mean: one value when clear, several to ask, none when unknown."""
    possible = [c for c in named.candidates if c.score >= POSSIBLE_SCORE]
    if not possible:
        return ()
    best = possible[0].score
    return tuple(c.value for c in possible if best - c.score < CLEAR_MARGIN)


def is_clear(named: Named) -> bool:
    return len(meant(named)) == 1 and named.candidates[0].score >= CLEAR_SCORE


def when_of(reading: Interpretation, slot: str = "when") -> When | None:
    value = reading.slots.get(slot)
    return value if isinstance(value, When) else None


def named_of(reading: Interpretation, slot: str) -> Named | None:
    value = reading.slots.get(slot)
    return value if isinstance(value, Named) else None


def in_calendar(world: World, reading: Interpretation) -> tuple[World, Interpretation]:
    """Where a calendar is named, a world with nothing but it, and the rest of the question."""
    named = named_of(reading, "calendar")
    if named is None:
        return world, reading
    names = meant(named)
    own = tuple(a for a in world.appointments if a.calendar in names)
    rest = {slot: value for slot, value in reading.slots.items() if slot != "calendar"}
    only = replace(world, calendar=replace(world.copy, appointments=own))
    return only, replace(reading, slots=rest)


def contacts_called(world: World, names: Sequence[str]) -> tuple[Contact, ...]:
    wanted = set(names)
    return tuple(c for c in world.people if c.name in wanted)


def contact_of(world: World, attendee: Attendee) -> Contact:
    """The attendee in the address book, by address before name; a bare contact when unknown."""
    by_email = [c for c in world.people if attendee.email and attendee.email in c.emails]
    found = by_email or list(contacts_called(world, (attendee.name,)))
    return found[0] if len(found) == 1 else Contact(name=attendee.name)


def appointments_meant(world: World, reading: Interpretation) -> tuple[Appointment, ...]:
    """Appointments the slots describe, the likeliest first; without slots, the topic.

    Upcoming ones come before past ones, each by nearness to now. Raises OutOfView.
    """
    chosen = reading.slots.get("uid")
    if chosen:
        return tuple(a for a in world.appointments if a.uid == chosen)
    if "subject" in reading.slots:
        return ()  # words that name nothing in this calendar
    found: tuple[Appointment, ...] = ()
    when = when_of(reading)
    if when:
        if when.spans and when.spans[0].start >= in_view(world.now).end:
            raise OutOfView("calendar")
        found = agenda.at(world.appointments, when)
    elif any(slot in reading.slots for slot in ("title", "person", "org")):
        found = agenda.attended(world.appointments)
    elif "next" in reading.slots:
        return agenda.outlook(world.appointments, world.now).next[:1]
    elif world.context.topic:
        return tuple(
            b for a in world.context.topic for b in (_entered(world, a) if not a.uid else (a,))
        )
    found = _by_nearness(world, tuple(a for a in found if _fits(a, reading)))
    if "next" in reading.slots:
        return tuple(a for a in found if a.span.start > world.now)[:1]
    return found


def _entered(world: World, new: Appointment) -> tuple[Appointment, ...]:
    """What was added by voice, as the calendar has it; nothing until it has been read again."""
    same = (a for a in world.appointments if (a.title, a.start) == (new.title, new.start))
    return tuple(same)[:1]


def _fits(appointment: Appointment, reading: Interpretation) -> bool:
    return all(
        test(appointment, meant(named))
        for slot, test in _TESTS.items()
        if (named := named_of(reading, slot))
    )


def _has_title(appointment: Appointment, titles: Sequence[str]) -> bool:
    return not appointment.is_private and appointment.title in titles


def _has_person(appointment: Appointment, names: Sequence[str]) -> bool:
    return any(a.name in names for a in appointment.others) or (
        appointment.organizer is not None and appointment.organizer.name in names
    )


def _has_org(appointment: Appointment, orgs: Sequence[str]) -> bool:
    """By its title, or by addresses such as grace@harbour-health.example."""
    title = _letters(appointment.title)
    return any(_letters(org) in title for org in orgs) or any(
        works_for(one, orgs) for one in appointment.others
    )


def works_for(one: Attendee, orgs: Sequence[str]) -> bool:
    domain = _letters(one.email.partition("@")[2])
    return any(_letters(org) in domain for org in orgs)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


_TESTS: dict[str, Callable[[Appointment, Sequence[str]], bool]] = {
    "title": _has_title,
    "person": _has_person,
    "org": _has_org,
}


def _by_nearness(world: World, found: Sequence[Appointment]) -> tuple[Appointment, ...]:
    def key(appointment: Appointment) -> tuple[bool, float]:
        if appointment.is_all_day:
            return (False, 0.0)
        span = appointment.span
        is_over = span.end <= world.now
        return (is_over, abs((span.start - world.now).total_seconds()))

    return tuple(sorted(found, key=key))


def ask_which_person(
    world: World, reading: Interpretation, names: Sequence[str], slot: str = "person"
) -> Ask:
    """ "Anna Weber or Anna Schmidt?" """
    text = world.wording.phrase("which", choices=world.wording.listing(names, "or"))
    choices = tuple(Choice(label=name, slots={slot: exactly(name)}) for name in names)
    card = Card(glyph=Glyph.QUESTION, lines=tuple(names), is_private=True)
    return Ask(text=text, card=card, interpretation=reading, choices=choices, slot=slot)


def exactly(name: str) -> Named:
    """A name that needs no second thought: it was chosen."""
    return Named(heard=name, candidates=(Candidate(value=name, score=1.0),))
