"""The change digest: what became different in the calendar, in one short sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from assistant.actions import telling
from assistant.actions.world import World
from assistant.core.changes import Change, ChangeKind, soon
from assistant.core.model import Appointment, Interpretation
from assistant.core.outcome import Card, Glyph, Outcome, Reply
from assistant.core.wording import MAX_ITEMS


def changed(world: World, reading: Interpretation) -> Outcome:
    """calendar.changes: what the driver asks for, or the `changes` nobody was told of yet."""
    is_asked = "changes" not in reading.slots
    fresh = reading.slots.get("changes", world.changes)
    assert isinstance(fresh, Sequence)
    changes = soon(fresh, world.now)
    has_title = len(changes) == 1
    items = [text for change in changes if (text := _item(world, change, has_title=has_title))]
    if not items and is_asked:
        return telling.reply(world, world.wording.reply("calendar.changes.none"))
    if not items:
        return Reply(text="", card=_card(world, changes))
    listed = world.wording.listing(items[:MAX_ITEMS])
    text = world.wording.reply("calendar.changes.say", items=listed)
    rest = [f"{item[0].upper()}{item[1:]}." for item in items[MAX_ITEMS:]]
    if rest:
        text = f"{text} {world.wording.phrase('more')}"
    reply = telling.reply(world, text, _standing(changes))
    said = reply.text if is_asked else text  # what has just come is not as old as the oldest copy
    return replace(reply, text=said, card=_card(world, changes), rest=" ".join(rest))


def _standing(changes: Iterable[Change]) -> tuple[Appointment, ...]:
    """What "who's coming?" may be about afterwards."""
    return tuple(c.after for c in changes if c.after and not c.after.is_cancelled)


def _item(world: World, change: Change, *, has_title: bool) -> str:
    """One change as a clause, "" where there is nothing that may be said."""
    known, now_is = change.appointment, change.after or change.appointment
    facts = telling.values(world, known)
    if known.is_private or world.context.is_private or not has_title:
        facts["title"] = ""
    facts |= {
        "new_time": world.wording.time(now_is.span.start),
        "new_until": world.wording.time(now_is.span.end),
        "new_day": world.wording.day(now_is.span.start.date(), world.now.date()),
        "new_place": telling.values(world, now_is)["place"],
    }
    form = _form(change, known.span.start, now_is.span.start)
    if form == "relocated" and not facts["new_place"]:
        return ""
    if form == "added":
        facts["title"] = telling.title(world, known)
    return world.wording.reply(f"calendar.changes.{form}", **facts)


def _form(change: Change, was: datetime, now_is: datetime) -> str:
    if change.kind is not ChangeKind.MOVED:
        return change.kind.value
    if was == now_is:
        return "lasts"
    return "moved" if was.date() == now_is.date() else "moved_day"


def _card(world: World, changes: Sequence[Change]) -> Card:
    """`10:00 → 10:30 Budget review`, `14:00 × Stand-up`."""
    return Card(glyph=Glyph.AGENDA, lines=tuple(_line(world, c) for c in changes), is_private=True)


def _line(world: World, change: Change) -> str:
    title = world.wording.title(change.appointment, hidden=world.context.is_private)
    was = world.wording.clock(change.appointment.span.start)
    match change.kind:
        case ChangeKind.ADDED:
            return f"{was} + {title}"
        case ChangeKind.CANCELLED:
            return f"{was} × {title}"
    assert change.after is not None
    now_is = world.wording.clock(change.after.span.start)
    return f"{was} → {now_is} {title}" if now_is != was else f"{was} {title}"
