"""What the head-up view shows, and what it must not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core import glance
from assistant.core.hud import LABELS, build_view, to_json
from assistant.core.model import Appointment, Attendee, CalendarCopy, JoinInfo, Response, When
from assistant.core.outcome import Card, Glyph
from assistant.core.states import State
from assistant.core.view import (
    Call,
    CallPhase,
    FocusKind,
    Look,
    Notice,
    NoticeKind,
    Scene,
    Status,
    Surface,
    View,
)

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 11, 7, 30, tzinfo=ZONE)
LOOK = Look(labels={key: key for key in LABELS} | {"leave_by": "leave {time}", "say": "{words}!"})
SECRET = "Weber"
ANNA = Attendee(name=f"Anna {SECRET}", response=Response.ACCEPTED)
BEN = Attendee(name=f"Ben {SECRET}", response=Response.ACCEPTED)
JOIN = JoinInfo(provider="teams", url="https://teams.example/j")


def at(clock: str, days: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return NOW.replace(hour=hour, minute=minute, second=0) + timedelta(days=days)


def meeting(clock: str, minutes: int = 60, **rest: object) -> Appointment:
    start = at(clock)
    values: dict[str, object] = {
        "uid": clock,
        "title": f"Title {clock} {SECRET}",
        "start": start,
        "end": start + timedelta(minutes=minutes),
    }
    return Appointment(**{**values, **rest})  # type: ignore[arg-type]


def scene(*appointments: Appointment, look: Look = LOOK, **status: object) -> Scene:
    copy = CalendarCopy(appointments=appointments, as_of=NOW)
    return Scene(now=NOW, copy=copy, look=look, status=Status(**status))  # type: ignore[arg-type]


def view(*appointments: Appointment, look: Look = LOOK, **status: object) -> View:
    return build_view(scene(*appointments, look=look, **status))


def words(shown: View) -> str:
    """All text on the page."""
    return to_json(shown)


# --- the focus --------------------------------------------------------------------------------


def test_next_meeting_counts_down_as_the_wall_clock_does() -> None:
    focus = view(meeting("11:30")).focus
    assert (focus.kind, focus.figure, focus.unit) == (FocusKind.MEETING, "23", "minutes")
    assert focus.lines == (f"Title 11:30 {SECRET}", "11:30–12:30")


@pytest.mark.parametrize(
    ("clock", "figure", "unit", "is_urgent"),
    [
        ("11:08", "1", "minutes", True),
        ("11:12", "5", "minutes", True),
        ("11:13", "6", "minutes", False),
        ("12:46", "99", "minutes", False),
        ("12:47", "1:40", "hours", False),
        ("11:00", "53", "minutes_left", False),
    ],
)
def test_countdown(clock: str, figure: str, unit: str, is_urgent: bool) -> None:
    focus = view(meeting(clock)).focus
    assert (focus.figure, focus.unit, focus.is_urgent) == (figure, unit, is_urgent)


def test_tomorrow_is_told_by_weekday() -> None:
    tomorrow = meeting("9:00", start=at("9:00", days=1), end=at("10:00", days=1))
    shown = view(tomorrow)
    assert (shown.focus.figure, shown.focus.unit) == ("09:00", "Tue")
    assert shown.time_line.blocks == ()


def test_what_is_a_week_away_is_not_next() -> None:
    far = meeting("9:00", start=at("9:00", days=7), end=at("10:00", days=7))
    assert view(far).focus.kind is FocusKind.FREE


def test_running_meeting_gives_way_to_the_next_ten_minutes_before() -> None:
    running = meeting("10:30", 90)
    assert view(running, meeting("11:20")).focus.identity == "meeting 10:30"
    assert view(running, meeting("11:17")).focus.identity == "meeting 11:17"


def test_leaving_in_time_matters_more_than_a_clash_and_a_clash_more_than_people() -> None:
    mine, other = meeting("12:00", attendees=(ANNA,)), meeting("12:30", uid="x", title="Other")
    assert view(mine).focus.lines[2] == "with"
    assert view(mine, other).focus.lines[2] == "clash"
    assert view(mine, other, leave_by=at("11:40")).focus.lines[2] == "leave 11:40"


def test_place_is_words_and_not_a_link() -> None:
    assert "Room 4" in view(meeting("12:00", location="Room 4")).focus.lines[1]
    linked = meeting("12:00", location="https://zoom.example/1", join=JOIN)
    assert view(linked).focus.lines[1].endswith(" · Teams")


def test_nothing_on() -> None:
    shown = view(meeting("9:00"), meeting("12:00", is_cancelled=True))
    assert (shown.focus.kind, shown.focus.lines) == (FocusKind.FREE, ("nothing_more",))


def test_call_goes_before_an_answer_and_an_answer_before_the_calendar() -> None:
    card = Card(glyph=Glyph.INFO, lines=("It is Monday",))
    call = Call(phase=CallPhase.RINGING, name=ANNA.name)
    assert view(meeting("12:00"), card=card).focus.kind is FocusKind.CARD
    assert view(meeting("12:00"), card=card, call=call).focus.kind is FocusKind.CALL


@pytest.mark.parametrize(
    ("call", "lines", "buttons"),
    [
        (Call(phase=CallPhase.INCOMING, name="A"), ("A", "call_incoming"), ("answer", "decline")),
        (Call(phase=CallPhase.RINGING, name="A"), ("A", "call_ringing"), ("hang_up",)),
        (Call(phase=CallPhase.CONNECTED), ("call_unknown", "call_connected"), ("mute", "hang_up")),
        (
            Call(phase=CallPhase.CONNECTED, name="A", is_muted=True),
            ("A", "muted"),
            ("unmute", "hang_up"),
        ),
        (
            Call(phase=CallPhase.CONNECTED, name="A", is_muted=True, is_held=True),
            ("A", "muted · held"),
            ("resume", "hang_up"),
        ),
        (
            Call(phase=CallPhase.CONNECTED, name="A", waiting="B"),
            ("A", "call_connected", "call_waiting"),
            ("answer", "decline"),
        ),
    ],
)
def test_call_and_its_buttons(call: Call, lines: tuple[str, ...], buttons: tuple[str, ...]) -> None:
    focus = view(call=call).focus
    assert focus.lines == lines
    assert tuple(button.label for button in focus.buttons) == buttons


def test_call_shows_what_it_must_not_run_into() -> None:
    call = Call(phase=CallPhase.CONNECTED, name="A")
    assert view(meeting("11:30"), call=call).focus.lines[2] == f"11:30 Title 11:30 {SECRET}"


def test_seconds_of_a_call_run_only_while_parked() -> None:
    call = Call(phase=CallPhase.CONNECTED, since=NOW - timedelta(seconds=252))
    assert view(call=call).focus.figure == "4:12"
    moving = view(call=call, is_moving=True).focus
    assert (moving.figure, moving.unit) == ("4", "minutes")


# --- touch ------------------------------------------------------------------------------------


def test_join_is_offered_a_quarter_of_an_hour_before() -> None:
    def labels(clock: str) -> list[str]:
        shown = view(meeting(clock, join=JOIN, attendees=(ANNA,)))
        return [button.label for button in shown.focus.buttons]

    assert labels("11:22") == ["join"]
    assert labels("11:23") == ["call"]


def test_touch_means_this_title_at_this_time() -> None:
    (button,) = view(meeting("11:15", join=JOIN)).focus.buttons
    slots = button.interpretation.slots
    assert button.interpretation.intent == "call.join"
    assert slots["title"].candidates[0].value == f"Title 11:15 {SECRET}"  # type: ignore[attr-defined]
    when = slots["when"]
    assert isinstance(when, When)
    assert when.spans[0].start == at("11:15")


def test_what_a_touch_means_is_not_sent() -> None:
    shown = view(meeting("11:15", join=JOIN))
    assert "interpretation" not in to_json(shown)
    assert "slots" not in to_json(shown)


def test_blocks_are_touched_only_while_parked() -> None:
    entries = meeting("11:30", attendees=(ANNA,)), meeting("14:00", attendees=(ANNA,))
    assert len(view(*entries).buttons) == 3
    assert len(view(*entries, is_moving=True).buttons) == 1


def test_britain_says_the_words_instead_while_moving() -> None:
    look = replace(LOOK, market="GB")
    entry = meeting("11:30", attendees=(ANNA,))
    assert view(entry, look=look).buttons
    moving = view(entry, look=look, is_moving=True)
    assert not moving.takes_touch
    assert moving.buttons == ()
    assert moving.focus.buttons[0].words == "say_call"
    running = view(meeting("11:00", attendees=(ANNA,)), look=look, is_moving=True)
    assert running.focus.buttons[0].words == ""


# --- the time line ----------------------------------------------------------------------------


def test_clashes_lie_in_two_rows_and_gaps_between_blocks() -> None:
    line = view(meeting("12:00"), meeting("12:30"), meeting("15:00", is_tentative=True)).time_line
    assert [block.lane for block in line.blocks] == [0, 1, 0]
    assert [block.is_clash for block in line.blocks] == [True, True, False]
    assert [block.is_tentative for block in line.blocks] == [False, False, True]
    assert [(gap.start_min, gap.end_min, gap.label) for gap in line.gaps] == [
        (13 * 60 + 30, 15 * 60, "1:30 hours")
    ]
    assert line.lanes == 2


def test_line_covers_full_hours_around_the_day() -> None:
    line = view(meeting("7:45"), meeting("18:30", 90)).time_line
    assert (line.start_min, line.now_min, line.end_min) == (7 * 60, 11 * 60 + 7, 20 * 60)
    late = view(meeting("23:30", start=at("23:30"), end=at("0:30", days=1))).time_line
    assert (late.blocks[0].start_min, late.blocks[0].end_min, late.end_min) == (1410, 1440, 1440)


def test_running_over_midnight_starts_at_the_left_edge() -> None:
    line = view(meeting("8:00", start=at("22:00", days=-1), end=at("12:00"))).time_line
    assert (line.blocks[0].start_min, line.blocks[0].end_min) == (0, 720)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)], ids=str)
def test_days_of_23_and_25_hours_follow_the_clock(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 9, 0, tzinfo=ZONE)
    entry = meeting("9:30", start=now.replace(hour=15), end=now.replace(hour=16))
    copy = CalendarCopy(appointments=(entry,), as_of=now)
    line = build_view(Scene(now=now, copy=copy, look=LOOK, status=Status())).time_line
    assert (line.now_min, line.blocks[0].start_min) == (9 * 60, 15 * 60)


def test_whole_days_stand_beside_the_date() -> None:
    holiday = Appointment(
        uid="h", title="St Cecilia", start=NOW.date(), end=NOW.date() + timedelta(days=1)
    )
    assert view(holiday).date == "Mon 23 Nov · St Cecilia"
    assert view(holiday, is_private=True).date == "Mon 23 Nov"
    assert view(holiday, is_moving=True).date == ""


# --- private mode and markets -----------------------------------------------------------------

EVERYTHING = (
    meeting("11:15", join=JOIN, attendees=(ANNA, BEN), location=f"{SECRET}straße"),
    meeting("11:30", is_tentative=True),
    meeting("15:00", attendees=(ANNA,)),
)
TALK: dict[str, object] = {
    "heard": f"call {SECRET}",
    "answered": f"Calling {SECRET}",
    "card": Card(glyph=Glyph.CALL, lines=(SECRET,), is_private=True),
    "activity": State.THINKING,
}
CALL = {"call": Call(phase=CallPhase.CONNECTED, name=SECRET)}
HEAD_UP_DE = replace(LOOK, market="DE", surface=Surface.HEAD_UP)


@pytest.mark.parametrize("status", [{}, TALK, CALL], ids=["meeting", "talk", "call"])
@pytest.mark.parametrize("is_moving", [True, False], ids=["moving", "parked"])
def test_private_mode_shows_no_title_and_no_name(
    status: dict[str, object], is_moving: bool
) -> None:
    shown = view(*EVERYTHING, is_private=True, is_moving=is_moving, **status)
    assert SECRET not in words(shown)
    assert SECRET in words(view(*EVERYTHING, is_moving=is_moving, **status))


def test_private_entry_is_never_named() -> None:
    hidden = meeting("11:15", is_private=True, location=SECRET, attendees=(ANNA,))
    shown = view(hidden)
    assert shown.focus.lines == ("private_appointment", "11:15–12:15")
    assert SECRET not in words(shown)


@pytest.mark.parametrize("status", [{}, TALK, CALL], ids=["meeting", "talk", "call"])
def test_german_projection_shows_times_only(status: dict[str, object]) -> None:
    shown = view(*EVERYTHING, look=HEAD_UP_DE, is_moving=True, leave_by=at("11:10"), **status)
    assert SECRET not in words(shown)
    if not status:
        assert shown.focus.lines == ("11:15", "leave 11:10")
        assert shown.focus.buttons == ()


def test_german_dashboard_may_show_titles() -> None:
    assert SECRET in words(view(*EVERYTHING, look=replace(LOOK, market="DE"), is_moving=True))


def test_france_warns_of_a_headset() -> None:
    def kinds(market: str) -> list[NoticeKind]:
        shown = view(look=replace(LOOK, market=market), is_ear_worn=True)
        return [notice.kind for notice in shown.notices]

    assert kinds("FR") == [NoticeKind.EAR]
    assert kinds("") == kinds("XX") == []


# --- notices ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(minutes=15), None),
        (timedelta(minutes=16), "10:51"),
        (timedelta(hours=20), "Sun 22 Nov 15:07"),
    ],
)
def test_old_copy_is_dated(age: timedelta, text: str | None) -> None:
    look = replace(LOOK, labels={**LOOK.labels, "as_of": "{time}"})
    old = scene(look=look)
    shown = build_view(replace(old, copy=replace(old.copy, as_of=NOW - age)))
    assert [notice.text for notice in shown.notices] == ([text] if text else [])


def test_problems_come_first_and_only_the_first_has_words_while_moving() -> None:
    status: dict[str, object] = {
        "health": (
            Notice(kind=NoticeKind.NETWORK, text="offline"),
            Notice(kind=NoticeKind.MICROPHONE, text="microphone lost", is_problem=True),
        ),
        "is_muted": True,
    }
    parked = view(**status)
    assert [n.text for n in parked.notices] == ["microphone lost", "microphone_off", "offline"]
    moving = view(is_moving=True, **status)
    assert [n.text for n in moving.notices] == ["microphone lost", "", ""]


# --- glance rules -----------------------------------------------------------------------------

LONG = st.text("aW é", min_size=1, max_size=80)
STARTS = st.integers(0, 23 * 60)


@st.composite
def busy_scenes(draw: st.DrawFn) -> Scene:
    entries = [
        meeting(
            f"{m // 60}:{m % 60:02}",
            draw(st.integers(1, 180)),
            uid=f"{number}",
            title=draw(LONG),
            location=draw(LONG),
            attendees=(ANNA, BEN)[: draw(st.integers(0, 2))],
            join=draw(st.sampled_from([None, JOIN])),
        )
        for number, m in enumerate(draw(st.lists(STARTS, max_size=12)))
    ]
    calls = [Call(phase=phase, name=draw(LONG), since=NOW) for phase in CallPhase]
    card = Card(glyph=Glyph.INFO, lines=tuple(draw(st.lists(LONG, max_size=5))))
    health = [Notice(kind=NoticeKind.NETWORK, text=draw(LONG), is_problem=True)]
    return scene(
        *entries,
        activity=draw(st.sampled_from(State)),
        heard=draw(LONG),
        answered=draw(LONG) * 3,
        card=draw(st.sampled_from([None, card])),
        call=draw(st.sampled_from([None, *calls])),
        leave_by=draw(st.sampled_from([None, NOW])),
        health=tuple(draw(st.sampled_from([[], health, health * 9]))),
        is_moving=True,
    )


@given(busy_scenes())
def test_moving_page_is_read_in_a_glance(busy: Scene) -> None:
    shown = build_view(busy)
    texts = [*shown.focus.lines, shown.heard, *(notice.text for notice in shown.notices)]
    texts = [text for text in texts if text]
    assert len(texts) <= glance.MAX_LINES
    assert all(len(text) <= glance.MAX_CHARS for text in texts)
    assert len(shown.time_line.blocks) <= glance.MAX_ITEMS
    assert len(shown.notices) <= glance.MAX_ITEMS
    assert not any(block.title for block in shown.time_line.blocks)
    assert (shown.answered, shown.date, shown.coming) == ("", "", ())


@given(busy_scenes())
def test_every_page_can_be_sent_and_drawn(busy: Scene) -> None:
    for moving in (True, False):
        shown = build_view(replace(busy, status=replace(busy.status, is_moving=moving)))
        sent = json.loads(to_json(shown))
        line = sent["time_line"]
        assert 0 <= line["start_min"] <= line["now_min"] <= line["end_min"] <= 1440
        for block in line["blocks"]:
            assert line["start_min"] <= block["start_min"] <= block["end_min"] <= line["end_min"]
            assert 0 <= block["lane"] < line["lanes"]
        assert len({button.key for button in shown.focus.buttons}) == len(shown.focus.buttons)


# --- eight seconds ----------------------------------------------------------------------------


def after(seconds: float, *appointments: Appointment, **status: object) -> Scene:
    later = scene(*appointments, **status)
    return replace(later, now=NOW + timedelta(seconds=seconds))


def test_unasked_change_waits_eight_seconds() -> None:
    shown = view(meeting("12:00"))
    moved = (meeting("12:00", is_cancelled=True), meeting("13:00"))
    early = build_view(after(7, *moved), shown)
    assert early.focus == shown.focus
    assert build_view(after(8, *moved), early).focus.identity == "meeting 13:00"


def test_answer_stays_for_eight_seconds_too() -> None:
    card = Card(glyph=Glyph.INFO, lines=("Monday",))
    shown = view(meeting("12:00"), card=card)
    assert build_view(after(3, meeting("12:00")), shown).focus.kind is FocusKind.CARD
    assert build_view(after(9, meeting("12:00")), shown).focus.kind is FocusKind.MEETING


@pytest.mark.parametrize(
    "status",
    [
        {"card": Card(glyph=Glyph.INFO, lines=("Monday",))},
        {"call": Call(phase=CallPhase.INCOMING)},
        {"activity": State.LISTENING},
        {"is_private": True},
        {"is_moving": True},
    ],
    ids=["answer", "call", "turn", "private", "moving"],
)
def test_what_cannot_wait_does_not(status: dict[str, object]) -> None:
    shown = view(meeting("12:00"))
    moved = (meeting("12:00", is_cancelled=True), meeting("13:00"))
    assert build_view(after(1, *moved, **status), shown).focus.identity != shown.focus.identity


def test_end_of_a_call_is_shown_at_once() -> None:
    shown = view(meeting("12:00"), call=Call(phase=CallPhase.CONNECTED))
    assert build_view(after(1, meeting("12:00")), shown).focus.kind is FocusKind.MEETING


def test_countdown_goes_on_without_restarting_the_eight_seconds() -> None:
    shown = view(meeting("12:00"))
    later = build_view(after(60, meeting("12:00")), shown)
    assert (shown.focus.figure, later.focus.figure) == ("53", "52")
    assert later.focus_since == shown.focus_since


def test_view_is_equal_while_nothing_worth_showing_changes() -> None:
    shown = view(*EVERYTHING)
    assert build_view(after(5, *EVERYTHING), shown) == shown
    assert build_view(after(45, *EVERYTHING), shown) != shown


def test_a_code_is_for_the_parked_car_only() -> None:
    code = Card(glyph=Glyph.INFO, lines=("ABCD1234", "example.com"), is_for_parked=True)
    assert build_view(scene(card=code)).focus.lines == code.lines
    moving = build_view(scene(card=code, is_moving=True))
    assert "ABCD1234" not in to_json(moving)
    assert moving.focus.kind is FocusKind.FREE


@pytest.mark.parametrize(
    ("is_moving", "can_sign_in", "is_offered"),
    [(False, True, True), (False, False, False), (True, True, False)],
)
def test_signing_in_is_offered_where_it_can_be_done(
    is_moving: bool, can_sign_in: bool, is_offered: bool
) -> None:
    view = build_view(scene(is_signed_out=True, is_moving=is_moving, can_sign_in=can_sign_in))
    offered = [button.interpretation.intent for button in view.buttons]
    assert ("session.sign_in" in offered) is is_offered


def test_every_label_is_used() -> None:
    """A key that nothing asks for would be translated for nothing."""
    asked: set[str] = set()

    class Asking(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            asked.add(key)
            return super().__getitem__(key)

    look = replace(LOOK, labels=Asking(LOOK.labels), market="FR")
    now_and_then = (*EVERYTHING, meeting("18:00", 200), meeting("9:00", is_private=True))
    stale = replace(scene(look=look).copy, as_of=NOW - timedelta(hours=1))
    faces: list[dict[str, object]] = [{"activity": state} for state in State]
    faces += [{"call": Call(phase=phase)} for phase in CallPhase]
    faces += [
        {"call": Call(phase=CallPhase.CONNECTED, is_muted=is_held, is_held=is_held)}
        for is_held in (True, False)
    ]
    faces += [{"call": Call(phase=CallPhase.CONNECTED, is_muted=True)}]
    faces += [{"call": Call(phase=CallPhase.CONNECTED, waiting="")}]
    faces += [{"is_private": True, "is_muted": True, "is_ear_worn": True, "leave_by": NOW}]
    faces += [{"is_signed_out": True, "can_sign_in": True}]
    days: list[tuple[Appointment, ...]] = [(), now_and_then, (meeting("13:00"),)]
    days += [(meeting("10:00", m, is_tentative=True),) for m in (90, 600)]
    days += [
        (meeting(clock, attendees=who),)
        for clock in ("12:00", "16:00")
        for who in ((ANNA,), (ANNA, BEN))
    ]
    for face in faces:
        for day in days:
            moment = scene(*day, look=look, **face)
            build_view(replace(moment, copy=replace(moment.copy, as_of=stale.as_of)))
    assert asked == set(LABELS)
