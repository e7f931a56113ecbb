"""The one thing in the middle of the page: a call, an answer, the meeting that matters, or peace.

Pure. Neighbours: `agenda` knows what is running and next, `view` names the parts, `hud` trims
them to the glance rules.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from babel import Locale
from babel.dates import format_skeleton, format_time

from assistant.core import agenda
from assistant.core.model import Appointment, Candidate, Grain, Interpretation, Named, Span, When
from assistant.core.view import Button, Call, CallPhase, Focus, FocusKind, Scene, Tone

SOON = timedelta(minutes=10)
"""The next meeting takes the place of the running one this long before it starts."""

URGENT = timedelta(minutes=5)
"""The countdown is coloured from here on."""

MAX_MINUTES = 100
"""From here on a countdown is told in hours."""


def build_focus(scene: Scene) -> Focus:
    """A call goes before an answer, an answer before the calendar."""
    if scene.status.call:
        return _call(scene, scene.status.call)
    focus = _card(scene) or _meeting(scene) or _free(scene)
    if scene.status.is_moving or not scene.status.can_sign_in:
        return focus
    sign_in = _button(scene, "sign_in", Tone.GO, "session.sign_in")
    return replace(focus, buttons=(*focus.buttons, sign_in))


def title_of(scene: Scene, appointment: Appointment) -> str:
    if scene.is_times_only:
        return ""
    if appointment.is_private or scene.status.is_private:
        return scene.label("private_appointment")
    return appointment.title


def clock_text(scene: Scene, moment: datetime) -> str:
    """Hours and minutes as the locale writes them."""
    local = moment.astimezone(scene.zone)
    return format_time(local, "short", locale=Locale.parse(scene.look.locale, sep="-"))


def date_text(scene: Scene, moment: datetime, skeleton: str) -> str:
    """The parts that a CLDR skeleton names, in the locale's order: `E` weekday, `MMMEd` date."""
    local = moment.astimezone(scene.zone)
    return format_skeleton(skeleton, local, locale=Locale.parse(scene.look.locale, sep="-"))


def button_for(scene: Scene, appointment: Appointment) -> Button | None:
    """Join what can be joined about now, else call whom the meeting is with."""
    open_from = appointment.span.start - agenda.JOIN_EARLY
    if appointment.span.end <= scene.now:
        return None
    if appointment.join and open_from <= scene.now:
        return _button(scene, "join", Tone.GO, "call.join", appointment)
    if agenda.counterparts(appointment):
        return _button(scene, "call", Tone.GO, "call.meeting", appointment)
    return None


def _button(
    scene: Scene, glyph: str, tone: Tone, intent: str, appointment: Appointment | None = None
) -> Button:
    return Button(
        key=" ".join([intent, *_identity(appointment)]),
        label=scene.label(glyph),
        glyph=glyph,
        tone=tone,
        words=_words(scene, glyph, appointment),
        interpretation=Interpretation(
            intent=intent, slots=_slots(scene, appointment) if appointment else {}
        ),
    )


def _words(scene: Scene, glyph: str, appointment: Appointment | None) -> str:
    """Only the next meeting can be called without naming it."""
    is_next = appointment is None or appointment.span.start > scene.now
    return scene.label(f"say_{glyph}") if is_next or glyph != "call" else ""


def _identity(appointment: Appointment | None) -> tuple[str, ...]:
    """Unique among all calendars."""
    return (appointment.calendar, appointment.uid) if appointment else ()


def _slots(scene: Scene, appointment: Appointment) -> dict[str, object]:
    """As if the driver had said exactly this title and this time."""
    start = appointment.span.start
    minute = Span(start=start, end=start + timedelta(minutes=1))
    title = Named(
        heard=appointment.title, candidates=(Candidate(value=appointment.title, score=1.0),)
    )
    when = When(heard=clock_text(scene, start), spans=(minute,), grain=Grain.INSTANT)
    return {"title": title, "when": when}


# --- a call -----------------------------------------------------------------------------------


def _call(scene: Scene, call: Call) -> Focus:
    figure, unit = _talked(scene, call)
    name = call.name if scene.shows_names else ""
    state = scene.label(f"call_{call.phase}")
    extra = [scene.label("muted")] * call.is_muted + [scene.label("held")] * call.is_held
    lines = (
        name or scene.label("call_unknown"),
        " · ".join(extra) or state,
        *(_afterwards(scene) if call.waiting is None else _waiting(scene, call.waiting)),
    )
    return Focus(
        kind=FocusKind.CALL,
        identity=f"call {call.name} {call.waiting}",
        glyph="call",
        lines=lines,
        figure=figure,
        unit=unit,
        buttons=_call_buttons(scene, call),
    )


def _waiting(scene: Scene, name: str) -> tuple[str, ...]:
    shown = name if scene.shows_names else ""
    return (scene.label("call_waiting", name=shown or scene.label("call_unknown")),)


def _afterwards(scene: Scene) -> tuple[str, ...]:
    """What the call must not run into."""
    upcoming = agenda.outlook(scene.copy.appointments, scene.now).next[:1]
    return tuple(
        f"{clock_text(scene, a.span.start)} {title_of(scene, a)}".strip() for a in upcoming
    )


def _talked(scene: Scene, call: Call) -> tuple[str, str]:
    """How long; to the second only while parked, because a running counter draws the eye."""
    if call.phase is not CallPhase.CONNECTED or call.since is None:
        return "", ""
    seconds = max(0, int((scene.now - call.since).total_seconds()))
    if scene.status.is_moving:
        return str(seconds // 60), scene.label("minutes")
    return f"{seconds // 60}:{seconds % 60:02}", ""


def _call_buttons(scene: Scene, call: Call) -> tuple[Button, ...]:
    hang_up = _button(scene, "hang_up", Tone.STOP, "call.hangup")
    if call.phase is CallPhase.INCOMING or call.waiting is not None:
        return (
            _button(scene, "answer", Tone.GO, "call.answer"),
            _button(scene, "decline", Tone.STOP, "call.decline"),
        )
    if call.phase is CallPhase.RINGING:
        return (hang_up,)
    verb = "resume" if call.is_held else "unmute" if call.is_muted else "mute"
    return (_button(scene, verb, Tone.PLAIN, f"call.{verb}"), hang_up)


# --- an answer --------------------------------------------------------------------------------


def _card(scene: Scene) -> Focus | None:
    """The answer, unless it holds names that may not be shown, or is nothing for a moving car."""
    card = scene.status.card
    if not card or scene.is_times_only or (card.is_private and not scene.shows_names):
        return None
    if card.is_for_parked and scene.status.is_moving:
        return None
    return Focus(
        kind=FocusKind.CARD,
        identity=f"card {card.glyph} {' '.join(card.lines)}",
        glyph=card.glyph,
        lines=card.lines,
    )


# --- the calendar -----------------------------------------------------------------------------


def _meeting(scene: Scene) -> Focus | None:
    appointment = meeting_that_matters(scene)
    if appointment is None:
        return None
    figure, unit = _countdown(scene, appointment)
    button = None if scene.is_times_only else button_for(scene, appointment)
    return Focus(
        kind=FocusKind.MEETING,
        identity=f"meeting {appointment.uid}",
        glyph="meeting",
        lines=_lines(scene, appointment),
        figure=figure,
        unit=unit,
        is_urgent=timedelta(0) < appointment.span.start - scene.now <= URGENT,
        buttons=(button,) if button else (),
    )


def meeting_that_matters(scene: Scene) -> Appointment | None:
    """What is running, unless the next is about to start."""
    outlook = agenda.outlook(scene.copy.appointments, scene.now)
    upcoming = outlook.next[0] if outlook.next else None
    if outlook.running and not (upcoming and upcoming.span.start - scene.now <= SOON):
        return outlook.running[0]
    return upcoming


def _countdown(scene: Scene, appointment: Appointment) -> tuple[str, str]:
    """Minutes to go or left, as the clock on the wall counts them."""
    now = scene.now.replace(second=0, microsecond=0)
    is_running = appointment.span.contains(scene.now)
    moment = appointment.span.end if is_running else appointment.span.start
    local = moment.astimezone(scene.zone)
    minutes = int((moment - now) / timedelta(minutes=1))
    if not is_running and local.date() != scene.now.date():
        return clock_text(scene, local), date_text(scene, local, "E")
    suffix = "_left" if is_running else ""
    if minutes < MAX_MINUTES:
        return str(minutes), scene.label(f"minutes{suffix}")
    return f"{minutes // 60}:{minutes % 60:02}", scene.label(f"hours{suffix}")


def _lines(scene: Scene, appointment: Appointment) -> tuple[str, ...]:
    begin, end = (clock_text(scene, m) for m in (appointment.span.start, appointment.span.end))
    if scene.is_times_only:
        return tuple(filter(None, (begin, _leave_by(scene))))
    facts = (f"{begin}–{end}", _tentative(scene, appointment), _place(scene, appointment))
    title = title_of(scene, appointment)
    return tuple(filter(None, (title, " · ".join(filter(None, facts)), _third(scene, appointment))))


def _third(scene: Scene, appointment: Appointment) -> str:
    """What matters most besides title, time and place."""
    return _leave_by(scene) or _clash(scene, appointment) or _with(scene, appointment)


def _leave_by(scene: Scene) -> str:
    leave_by = scene.status.leave_by
    return scene.label("leave_by", time=clock_text(scene, leave_by)) if leave_by else ""


def _tentative(scene: Scene, appointment: Appointment) -> str:
    return scene.label("tentative") if appointment.is_tentative else ""


def _place(scene: Scene, appointment: Appointment) -> str:
    if appointment.is_private or not scene.shows_names:
        return ""
    location = appointment.location
    if location and "://" not in location:
        return location
    return appointment.join.provider.replace("-", " ").title() if appointment.join else ""


def _clash(scene: Scene, appointment: Appointment) -> str:
    for other in agenda.blocking(scene.copy.appointments):
        if other != appointment and other.span.overlaps(appointment.span):
            return scene.label("clash", title=title_of(scene, other))
    return ""


def _with(scene: Scene, appointment: Appointment) -> str:
    people = agenda.counterparts(appointment)
    if not people or appointment.is_private or not scene.shows_names:
        return ""
    if len(people) == 1:
        return scene.label("with", name=people[0].name)
    return scene.label("people", count=str(len(people)))


def _free(scene: Scene) -> Focus:
    return Focus(
        kind=FocusKind.FREE, identity="free", glyph="free", lines=(scene.label("nothing_more"),)
    )
