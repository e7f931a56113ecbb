"""Today as a line: which blocks and gaps are drawn where.

Pure. Neighbours: `agenda` says what counts as an appointment, a gap and a clash; `focus` words
titles and buttons; `hud` puts the line on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from assistant.core import agenda
from assistant.core.focus import button_for, clock_text, meeting_that_matters, title_of
from assistant.core.glance import MAX_CHARS, MAX_ITEMS, cut
from assistant.core.model import Appointment, Span
from assistant.core.view import Block, Gap, Scene, TimeLine

MIN_GAP = timedelta(minutes=15)
"""Shorter pauses are not worth drawing."""

MIN_HOURS = 8
"""The line covers at least this much of the day, so that an hour keeps its length."""

DAY_MIN = 24 * 60


def build_time_line(scene: Scene) -> TimeLine:
    """Today's blocking appointments; while moving, only the next few and without words."""
    today = agenda.day_span(scene.now.date(), scene.zone)
    entries = [a for a in agenda.blocking(scene.copy.appointments) if a.span.overlaps(today)]
    if scene.status.is_moving:
        entries = [a for a in entries if a.span.end > scene.now][:MAX_ITEMS]
    blocks = _blocks(scene, entries, today)
    start_min, end_min = _range(blocks, minute_of(scene.now, today))
    return TimeLine(
        start_min=start_min,
        end_min=end_min,
        now_min=minute_of(scene.now, today),
        lanes=1 + max((block.lane for block in blocks), default=0),
        blocks=blocks,
        gaps=_gaps(scene, entries, today),
    )


def minute_of(moment: datetime, day: Span) -> int:
    """Minutes on the clock of `day`, cut to 0 and 1440. On DST days the clock, not the sun."""
    if moment <= day.start:
        return 0
    if moment >= day.end:
        return DAY_MIN
    local = moment.astimezone(day.start.tzinfo)
    return local.hour * 60 + local.minute


def _blocks(scene: Scene, entries: Sequence[Appointment], today: Span) -> tuple[Block, ...]:
    clashing = [a for pair in agenda.clashes(entries) for a in pair]
    lanes = _lanes(entries)
    has_words = scene.shows_names and not scene.status.is_moving
    matters = meeting_that_matters(scene)
    return tuple(
        Block(
            start_min=minute_of(a.span.start, today),
            end_min=minute_of(a.span.end, today),
            clock=clock_text(scene, a.span.start),
            lane=lane,
            title=cut(title_of(scene, a), MAX_CHARS) if has_words else "",
            is_over=a.span.end <= scene.now,
            is_focus=a == matters,
            is_clash=a in clashing,
            is_tentative=a.is_tentative,
            is_private=a.is_private,
            button=None if scene.status.is_moving else button_for(scene, a),
        )
        for a, lane in zip(entries, lanes, strict=True)
    )


def _lanes(entries: Sequence[Appointment]) -> list[int]:
    """The first row that is free for each, in order of start."""
    ends: list[datetime] = []
    lanes: list[int] = []
    for entry in entries:
        free = [lane for lane, end in enumerate(ends) if end <= entry.span.start]
        lane = free[0] if free else len(ends)
        ends[lane : lane + 1] = [entry.span.end]
        lanes.append(lane)
    return lanes


def _range(blocks: Sequence[Block], now_min: int) -> tuple[int, int]:
    """Full hours around the blocks and now, at least MIN_HOURS of them."""
    first = min([now_min, *(block.start_min for block in blocks)]) // 60
    last = -(-max([now_min + 1, *(block.end_min for block in blocks)]) // 60)
    last = min(24, max(last, first + MIN_HOURS))
    return min(first, last - MIN_HOURS) * 60, last * 60


def _gaps(scene: Scene, entries: Sequence[Appointment], today: Span) -> tuple[Gap, ...]:
    """Pauses still to come between the first and the last block."""
    if not entries:
        return ()
    last = max(entry.span.end for entry in entries)
    begin = max(scene.now, entries[0].span.end)
    if last <= begin:
        return ()
    return tuple(
        Gap(
            start_min=minute_of(gap.start, today),
            end_min=minute_of(gap.end, today),
            label="" if scene.status.is_moving else _length(scene, gap.end - gap.start),
        )
        for gap in agenda.gaps(entries, Span(start=begin, end=last))
        if gap.end - gap.start >= MIN_GAP
    )


def _length(scene: Scene, pause: timedelta) -> str:
    minutes = round(pause / timedelta(minutes=1))
    if minutes < 60:
        return f"{minutes} {scene.label('minutes')}"
    hours = f"{minutes // 60}:{minutes % 60:02}".removesuffix(":00")
    return f"{hours} {scene.label('hours')}"
