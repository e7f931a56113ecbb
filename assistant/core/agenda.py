"""The one rule for "next" and its friends.

The rule, used for every question about the day:

1. Cancelled and declined entries do not exist. (`attended`)
2. Whole-day entries and entries shown as free never block time and are never "next"; they are
   told apart from the timed ones when the day is read out. (`blocking`, `whole_days`)
3. A running meeting is named first, then the next: the earliest blocking start strictly after
   now. Entries that start together are all "next" and clash.
4. A meeting that starts exactly now is running. A meeting that ends exactly now is over.
5. Tentative entries count, and are said to be tentative (`wording` does that).
6. Back to back means at most `BACK_TO_BACK` between end and start.

Times are compared as instants, so the two DST days need no special care; days are cut at
midnight of the car's zone. Pure; `actions` ask, `wording` speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from assistant.core.model import Appointment, Attendee, Grain, Response, Span, When

BACK_TO_BACK = timedelta(minutes=5)
"""Pauses up to this long are no gap to a driver."""

JOIN_EARLY = timedelta(minutes=15)
"""Online rooms are worth entering this long before the start."""

NEAR = timedelta(hours=2)
"""How far from a spoken time an appointment may lie to be offered instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Where the driver stands in the day."""

    running: tuple[Appointment, ...]
    """Blocking entries under way, the one ending first in front."""
    next: tuple[Appointment, ...]
    """The next blocking entries; more than one when they start together."""


def attended(appointments: Iterable[Appointment]) -> tuple[Appointment, ...]:
    """Entries the driver may go to."""
    return tuple(
        a for a in appointments if not a.is_cancelled and a.response is not Response.DECLINED
    )


def timed(appointments: Iterable[Appointment]) -> tuple[Appointment, ...]:
    """Attended entries with a clock time, by start."""
    found = [a for a in attended(appointments) if not a.is_all_day]
    return tuple(sorted(found, key=lambda a: (a.span.start, a.span.end, a.uid)))


def blocking(appointments: Iterable[Appointment]) -> tuple[Appointment, ...]:
    """Timed entries that take the driver's time, by start."""
    return tuple(a for a in timed(appointments) if not a.is_free)


def whole_days(appointments: Iterable[Appointment], day: date) -> tuple[Appointment, ...]:
    """Attended whole-day entries that cover `day`."""
    return tuple(a for a in attended(appointments) if a.is_all_day and _covers(a, day))


def outlook(appointments: Iterable[Appointment], now: datetime) -> Outlook:
    """Apply the rule above at `now`."""
    entries = blocking(appointments)
    running = sorted((a for a in entries if a.span.contains(now)), key=lambda a: a.span.end)
    later = [a for a in entries if a.span.start > now]
    first = later[0].span.start if later else None
    return Outlook(running=tuple(running), next=tuple(a for a in later if a.span.start == first))


def within(appointments: Iterable[Appointment], span: Span) -> tuple[Appointment, ...]:
    """Timed entries that touch `span`; a moment-long entry counts at its start."""
    return tuple(
        a for a in timed(appointments) if a.span.overlaps(span) or span.contains(a.span.start)
    )


def at(appointments: Sequence[Appointment], when: When) -> tuple[Appointment, ...]:
    """Entries meant by a spoken time.

    An instant means what starts in that minute, else what is under way then; the meanings of
    "three" are tried in order and the first that finds something wins.
    """
    for span in when.spans:
        if when.grain is not Grain.INSTANT:
            found = within(appointments, span)
        else:
            moment = span.start
            starts = [a for a in timed(appointments) if span.contains(a.span.start)]
            found = tuple(starts) or tuple(
                a for a in timed(appointments) if a.span.contains(moment)
            )
        if found:
            return found
    return ()


def near(appointments: Iterable[Appointment], moment: datetime) -> tuple[Appointment, ...]:
    """The closest blocking entries around `moment`, at most one on each side within NEAR."""
    entries = blocking(appointments)
    before = [a for a in entries if moment - NEAR <= a.span.start < moment]
    after = [a for a in entries if moment <= a.span.start <= moment + NEAR]
    return tuple(before[-1:] + after[:1])


def gaps(appointments: Iterable[Appointment], span: Span) -> tuple[Span, ...]:
    """Stretches of `span` longer than BACK_TO_BACK in which nothing blocks."""
    free: list[Span] = []
    cursor = span.start
    for entry in (a for a in blocking(appointments) if a.span.overlaps(span)):
        if entry.span.start - cursor > BACK_TO_BACK:
            free.append(Span(start=cursor, end=entry.span.start))
        cursor = max(cursor, entry.span.end)
    if span.end - cursor > BACK_TO_BACK:
        free.append(Span(start=cursor, end=span.end))
    return tuple(free)


def clashes(appointments: Iterable[Appointment]) -> tuple[tuple[Appointment, Appointment], ...]:
    """Pairs of blocking entries that overlap, by start."""
    entries = blocking(appointments)
    return tuple(
        (first, second)
        for index, first in enumerate(entries)
        for second in entries[index + 1 :]
        if first.span.overlaps(second.span)
    )


def joinable(appointments: Iterable[Appointment], now: datetime) -> tuple[Appointment, ...]:
    """Online entries that can be entered now, likeliest first.

    About to start or just started beats long under way: who says "join" at 10:58 means 11:00.
    """
    entries = [
        a for a in timed(appointments) if a.join and a.span.start - JOIN_EARLY <= now < a.span.end
    ]
    return tuple(sorted(entries, key=lambda a: (abs(a.span.start - now), a.uid)))


def counterparts(appointment: Appointment) -> tuple[Attendee, ...]:
    """Whom "call my 3 pm" may mean: the one other person, else the organiser, else all others.

    Those who declined are not there to be called. More than one result means: ask.
    """
    others = tuple(a for a in appointment.others if a.response is not Response.DECLINED)
    if len(others) <= 1:
        return others or appointment.others[:1]
    organizer = appointment.organizer
    if organizer and not organizer.is_self and not organizer.is_resource:
        return (organizer,)
    return others


def day_span(day: date, zone: tzinfo) -> Span:
    """Midnight to midnight of the car's zone; 23 or 25 hours on DST days."""
    start = datetime.combine(day, time(), tzinfo=zone)
    return Span(start=start, end=datetime.combine(day + timedelta(days=1), time(), tzinfo=zone))


def _covers(appointment: Appointment, day: date) -> bool:
    start, end = appointment.start, appointment.end
    return start <= day < end or start == day
