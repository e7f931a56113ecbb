"""The head-up view: from what is known to what is shown, within the glance rules.

`build_view` is cheap enough to be called every second and returns an equal View while nothing
worth showing has changed. Pure. Neighbours: `focus` and `timeline` choose and word, `glance` has
the limits, `display/server.py` sends the JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta

from assistant.core import agenda, glance
from assistant.core.focus import build_focus, clock_text, date_text, title_of
from assistant.core.model import Span
from assistant.core.states import State
from assistant.core.timeline import build_time_line
from assistant.core.view import Block, Focus, FocusKind, Notice, NoticeKind, Scene, TimeLine, View

UNSENT = frozenset({"interpretation", "identity", "focus_since"})
"""Fields of a View that never leave the program."""

PAGE_LABELS = ("push_to_talk", "disconnected", "say")
"""Words that the page itself uses."""

LABELS = (
    *PAGE_LABELS,
    *("minutes", "minutes_left", "hours", "hours_left"),
    *("leave_by", "clash", "with", "people", "tentative", "private_appointment", "nothing_more"),
    *("join", "call", "hang_up", "answer", "decline", "mute", "unmute", "resume"),
    *("sign_in", "say_sign_in", "signed_out"),
    *("say_join", "say_call", "say_hang_up", "say_answer", "say_decline"),
    *("say_mute", "say_unmute", "say_resume"),
    *("call_incoming", "call_ringing", "call_connected", "call_waiting", "call_unknown"),
    *("muted", "held"),
    *("asleep", "listening", "thinking", "speaking"),
    *("as_of", "ear_worn", "private_mode", "microphone_off"),
)
"""Every key that `Look.labels` must have."""

HORIZON = timedelta(days=4)
"""How far ahead the next meeting is looked for: over a long weekend."""

MAX_HEARD = 60
"""Characters of the last utterance while parked."""

MAX_COMING = 4
"""Rows beside the focus while parked."""

MAX_PARKED_CHARS = 60
"""Characters of a line while parked."""


def build_view(scene: Scene, previous: View | None = None) -> View:
    """The page for `scene`; `previous` is what is shown now, to hold it for MIN_DWELL_S."""
    scene = _near(scene)
    status, look = scene.status, scene.look
    activity = State.ASLEEP if status.is_resting else status.activity
    time_line = build_time_line(scene)
    wanted = View(
        locale=look.locale,
        theme=look.theme,
        font_px=glance.font_px(look.panel, is_moving=status.is_moving),
        is_moving=status.is_moving,
        is_private=status.is_private,
        takes_touch=look.rules.touch_while_moving or not status.is_moving,
        clock=clock_text(scene, scene.now),
        date=_date(scene),
        activity=activity,
        activity_label=scene.label(activity),
        heard=_heard(scene),
        answered=_answered(scene),
        focus=build_focus(scene),
        focus_since=scene.now,
        coming=_coming(scene, time_line),
        time_line=time_line,
        notices=_notices(scene),
        labels={key: look.labels[key] for key in PAGE_LABELS},
    )
    return _fitted(_settled(wanted, previous) if previous else wanted)


def _near(scene: Scene) -> Scene:
    """Leave out what is far away: a page that is built every second must stay cheap."""
    today = agenda.day_span(scene.now.date(), scene.zone)
    near = Span(start=today.start, end=today.end + HORIZON)
    kept = (a for a in scene.copy.appointments if a.is_all_day or a.span.overlaps(near))
    return replace(scene, copy=replace(scene.copy, appointments=tuple(kept)))


def to_json(view: View) -> str:
    """What the page gets; what a touch means stays here."""
    return json.dumps(asdict(view, dict_factory=_public), ensure_ascii=False)


def _public(items: list[tuple[str, object]]) -> dict[str, object]:
    return {key: value for key, value in items if key not in UNSENT}


def _settled(wanted: View, previous: View) -> View:
    """Keep what is in the middle for a while, unless the driver or a call asked for the change."""
    if wanted.focus.identity == previous.focus.identity:
        return replace(wanted, focus_since=previous.focus_since)
    kinds = {wanted.focus.kind, previous.focus.kind}
    is_asked = wanted.activity is not State.ASLEEP or FocusKind.CALL in kinds
    is_answer = wanted.focus.kind is FocusKind.CARD
    same_mode = (wanted.is_moving, wanted.is_private) == (previous.is_moving, previous.is_private)
    dwell_s = (wanted.focus_since - previous.focus_since).total_seconds()
    if is_asked or is_answer or not same_mode or not 0 <= dwell_s < glance.MIN_DWELL_S:
        return wanted
    return replace(wanted, focus=previous.focus, focus_since=previous.focus_since)


def _fitted(view: View) -> View:
    """Cut every line; while moving, share MAX_LINES among all running text on the page."""
    if not view.is_moving:
        return replace(view, focus=_cut(view.focus, glance.MAX_LINES, MAX_PARKED_CHARS))
    spent = sum(map(bool, (view.heard, *(notice.text for notice in view.notices))))
    return replace(view, focus=_cut(view.focus, glance.MAX_LINES - spent, glance.MAX_CHARS))


def _cut(focus: Focus, lines: int, chars: int) -> Focus:
    return replace(focus, lines=tuple(glance.cut(line, chars) for line in focus.lines[:lines]))


def _date(scene: Scene) -> str:
    if scene.status.is_moving:
        return ""
    day = date_text(scene, scene.now, "MMMEd")
    names = [
        title_of(scene, a) for a in agenda.whole_days(scene.copy.appointments, scene.now.date())
    ]
    shown = names[:1] if scene.shows_names else []
    return glance.cut(" · ".join([day, *shown]), MAX_PARKED_CHARS)


def _coming(scene: Scene, time_line: TimeLine) -> tuple[Block, ...]:
    status = scene.status
    if status.is_moving or status.card or status.call or not scene.shows_names:
        return ()
    later = (block for block in time_line.blocks if not block.is_over and not block.is_focus)
    return tuple(later)[:MAX_COMING]


def _heard(scene: Scene) -> str:
    """The driver's own words; while moving only until there is an answer to look at."""
    status = scene.status
    is_old = status.is_resting or status.card is not None
    if not scene.shows_names or (status.is_moving and is_old):
        return ""
    return glance.cut(status.heard, glance.MAX_CHARS if status.is_moving else MAX_HEARD)


def _answered(scene: Scene) -> str:
    """Text to be read is for the parked car only (NHTSA 2013, lock-outs)."""
    if not scene.shows_names or scene.status.is_moving:
        return ""
    return glance.cut(scene.status.answered, glance.MAX_TEXT)


def _notices(scene: Scene) -> tuple[Notice, ...]:
    """Problems first; while moving only the first has words, and only if it is a problem."""
    found = [*scene.status.health, *_own_notices(scene)]
    found.sort(key=lambda notice: not notice.is_problem)
    if not scene.status.is_moving:
        return tuple(found)
    return tuple(
        replace(notice, text=_words(notice) if index == 0 else "")
        for index, notice in enumerate(found[: glance.MAX_ITEMS])
    )


def _words(notice: Notice) -> str:
    return glance.cut(notice.text, glance.MAX_CHARS) if notice.is_problem else ""


def _own_notices(scene: Scene) -> list[Notice]:
    status, notices = scene.status, []
    if status.is_ear_worn and scene.look.rules.warns_ear_worn:
        notices.append(_notice(scene, NoticeKind.EAR, "ear_worn", is_problem=True))
    if status.is_muted:
        notices.append(_notice(scene, NoticeKind.MUTED, "microphone_off", is_problem=True))
    if status.is_signed_out:
        notices.append(_notice(scene, NoticeKind.SIGN_IN, "signed_out", is_problem=True))
    if scene.now - scene.copy.as_of > scene.look.stale_after:
        text = scene.label("as_of", time=_as_of(scene))
        notices.append(Notice(kind=NoticeKind.CALENDAR, text=text))
    if status.is_private:
        notices.append(_notice(scene, NoticeKind.PRIVATE, "private_mode"))
    return notices


def _notice(scene: Scene, kind: NoticeKind, key: str, *, is_problem: bool = False) -> Notice:
    return Notice(kind=kind, text=scene.label(key), is_problem=is_problem)


def _as_of(scene: Scene) -> str:
    """Time alone for today, else with the day."""
    moment = scene.copy.as_of.astimezone(scene.zone)
    clock = clock_text(scene, moment)
    if moment.date() == scene.now.date():
        return clock
    return f"{date_text(scene, moment, 'MMMEd')} {clock}"
