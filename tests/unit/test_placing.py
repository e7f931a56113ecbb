"""Which number is called, what is offered after a failure, and what is only explained once.

The line is a stand-in built from the port `CallLine`: what is tested is whom it is told to call.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from assistant.actions import INTENTS
from assistant.actions.carry import carry
from assistant.actions.selection import appointments_meant, exactly
from assistant.actions.world import World
from assistant.assembly import build_locale
from assistant.core.callers import introduced
from assistant.core.events import Connected, Ringing
from assistant.core.model import (
    Appointment,
    Attendee,
    CalendarCopy,
    Contact,
    DialIn,
    Interpretation,
    JoinInfo,
    NumberKind,
    PhoneNumber,
    Presence,
)
from assistant.core.outcome import Action, Ask, Confirm, Context, Outcome, Reply
from assistant.core.recent import MOST_PEOPLE, Recent
from assistant.core.wording import Wording
from assistant.errors import CallFailed, OnTelephone, UnsafeTarget
from assistant.parked import logout
from assistant.services.recents import load_recent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MOBILE, WORK, HOME = (f"tel:+44207946010{n}" for n in (1, 2, 6))
SIP = "sip:anna@contoso.test"
KINDS = {
    MOBILE: NumberKind.MOBILE,
    WORK: NumberKind.WORK,
    HOME: NumberKind.HOME,
    SIP: NumberKind.SIP,
}


@dataclass(kw_only=True)
class Line:
    name: str = "phone"
    reaches: tuple[str, ...] = ("tel:", "sip:")
    refuses: str = ""
    dialled: list[tuple[str, str]] = field(default_factory=list)

    def can(self, uri: str) -> bool:
        return uri.startswith(self.reaches)

    def can_join(self, _: JoinInfo) -> bool:
        return False

    def dial(self, uri: str, _: str = "", tones: str = "") -> None:
        if uri == self.refuses:
            raise CallFailed("no credit")
        self.dialled.append((uri, tones))


@cache
def english() -> Wording:
    locale = build_locale("en-GB")
    return Wording(locale.tag, locale.replies, locale.phrases, locale.errors)


def anna(*uris: str) -> Contact:
    return Contact(
        name="Anna Weber", numbers=tuple(PhoneNumber(kind=KINDS[uri], uri=uri) for uri in uris)
    )


def world(
    *people: Contact, line: Line | None = None, appointments: tuple[Appointment, ...] = ()
) -> World:
    return World(
        now=NOW,
        calendar=CalendarCopy(appointments=appointments, as_of=NOW),
        people=people,
        wording=english(),
        lines=(line or Line(),),  # type: ignore[arg-type]
    )


def call(one: World, **slots: object) -> Outcome:
    reading = Interpretation(intent="call.person", slots={"person": exactly("Anna Weber"), **slots})
    return INTENTS["call.person"](one, reading)


def target(outcome: Outcome) -> str:
    assert isinstance(outcome, Reply | Confirm) and outcome.action
    return outcome.action.target


@pytest.mark.parametrize(
    ("numbers", "slots", "expected"),
    [
        ((MOBILE, WORK, HOME), {}, MOBILE),
        ((WORK, SIP), {}, WORK),
        ((MOBILE, WORK), {"kind": "work"}, WORK),
        ((MOBILE, SIP), {"kind": "sip"}, SIP),
        ((HOME,), {}, HOME),
    ],
)
def test_the_number_that_is_meant(
    numbers: tuple[str, ...], slots: dict[str, str], expected: str
) -> None:
    outcome = call(world(anna(*numbers)), **slots)
    assert isinstance(outcome, Reply)
    assert target(outcome) == expected


def test_at_work_or_at_home_is_asked_where_nobody_can_know() -> None:
    one = world(anna(WORK, HOME))
    asked = call(one)
    assert isinstance(asked, Ask)
    assert asked.text == "Anna Weber, at work or at home?"
    chosen = replace(
        asked.interpretation, slots={**asked.interpretation.slots, **asked.choices[1].slots}
    )
    assert target(INTENTS["call.person"](one, chosen)) == HOME


def test_the_number_used_last_needs_no_question() -> None:
    one = world(anna(WORK, HOME))
    carry(one, Action(kind="call", target=HOME, name="Anna Weber", backend="phone"))
    outcome = call(one)
    assert target(outcome) == HOME
    assert outcome.text == "Calling Anna Weber, at home."
    assert target(call(one, kind="work")) == WORK


def test_a_kind_that_nobody_has_is_said_and_another_one_asked() -> None:
    outcome = call(world(anna(MOBILE, WORK)), kind="home")
    assert isinstance(outcome, Confirm)
    assert target(outcome) == MOBILE
    assert outcome.text == "I don't have that number. Shall I call Anna Weber, mobile?"


def test_a_number_that_no_line_reaches_is_passed_over() -> None:
    assert target(call(world(anna(MOBILE, SIP), line=Line(reaches=("sip:",))))) == SIP


def failed(one: World, last: Action, reason: str, uri: str = "") -> Outcome:
    slots = {"reason": reason, "uri": uri or last.target, "name": last.name}
    context = Context(last_call=last)
    return INTENTS["call.failed"](
        replace(one, context=context), Interpretation(intent="call.failed", slots=slots)
    )


def test_a_failed_call_offers_the_other_numbers_one_by_one_and_then_ends() -> None:
    one = world(anna(MOBILE, WORK, HOME))
    last = Action(kind="call", target=MOBILE, name="Anna Weber", backend="phone")
    texts = []
    for _ in range(2):
        outcome = failed(one, last, "busy")
        assert isinstance(outcome, Confirm)
        texts.append((outcome.text, outcome.action.target))
        last = outcome.action
    assert texts == [
        ("Anna Weber is busy. Shall I call Anna Weber, at work?", WORK),
        ("Anna Weber is busy. Shall I call Anna Weber, at home?", HOME),
    ]
    assert failed(one, last, "busy") == failed(world(), last, "busy")
    assert isinstance(failed(one, last, "busy"), Reply)


def test_a_call_that_broke_is_offered_again() -> None:
    last = Action(kind="call", target=WORK, name="Anna Weber", backend="phone")
    outcome = failed(world(anna(MOBILE, WORK)), last, "lost")
    assert isinstance(outcome, Confirm)
    assert target(outcome) == WORK


def test_who_declined_is_not_rung_elsewhere() -> None:
    last = Action(kind="call", target=MOBILE, name="Anna Weber", backend="phone")
    outcome = failed(world(anna(MOBILE, WORK)), last, "declined")
    assert isinstance(outcome, Reply) and outcome.action is None


def test_another_call_that_fails_offers_nothing_of_the_last_one() -> None:
    last = Action(kind="call", target=WORK, name="Anna Weber", backend="phone")
    outcome = failed(world(anna(MOBILE, WORK)), last, "busy", "tel:+442079460999")
    assert isinstance(outcome, Reply) and outcome.action is None


def test_a_failed_service_number_is_told_and_offers_nothing() -> None:
    last = Action(kind="call", target="tel:116117", name="1 1 6 1 1 7", backend="phone")
    outcome = failed(replace(world(), market="DE"), last, "busy")
    assert isinstance(outcome, Reply) and outcome.action is None
    assert outcome.text == "1 1 6 1 1 7 is busy."


def test_a_line_that_refuses_leads_to_an_offer_and_never_dials_it() -> None:
    line = Line(refuses=MOBILE)
    one = world(anna(MOBILE, WORK), line=line)
    outcome = carry(one, Action(kind="call", target=MOBILE, name="Anna Weber", backend="phone"))
    assert isinstance(outcome, Confirm)
    assert outcome.text == "The call failed. Shall I call Anna Weber, at work?"
    assert line.dialled == []
    with pytest.raises(CallFailed):
        carry(
            world(anna(MOBILE), line=line),
            Action(kind="call", target=MOBILE, name="Anna Weber", backend="phone"),
        )


def meeting(**join: object) -> Appointment:
    return Appointment(
        uid="m1",
        title="Budget review",
        start=NOW,
        end=NOW + timedelta(hours=1),
        organizer=Attendee(name="Anna Weber", email="anna@contoso.test"),
        join=JoinInfo(**{"provider": "teams", "url": "https://teams.microsoft.com/x", **join}),  # type: ignore[arg-type]
    )


DIAL_IN = DialIn(number="+442079460314", country="GB")


def join(one: World) -> Outcome:
    return INTENTS["call.join"](one, Interpretation(intent="call.join"))


def test_what_teams_cannot_do_is_said_once_in_a_drive() -> None:
    one = world(appointments=(meeting(dial_ins=(DIAL_IN,), conference_id="471"),))
    assert join(one).text == "Teams wants a tap, so I'm joining Budget review by phone."
    assert join(one).text == "Joining Budget review by phone."


FOCUS = "sip:boss@contoso.test;gruu;opaque=app:conf:focus:id:X"


@pytest.mark.parametrize(
    ("info", "texts"),
    [
        (
            {"provider": "zoom"},
            (
                "Zoom wants a tap, so I'm joining Budget review by phone.",
                "Joining Budget review by phone.",
            ),
        ),
        (
            {"provider": "skype-business", "sip_uri": FOCUS},
            ("Skype is out of reach, so I'm joining Budget review by phone.",) * 2,
        ),
        ({"provider": "phone", "url": ""}, ("Joining Budget review by phone.",) * 2),
    ],
    ids=lambda value: value["provider"] if isinstance(value, dict) else "",
)
def test_the_rung_is_named_and_why_it_is_not_a_better_one(
    info: dict[str, str], texts: tuple[str, ...]
) -> None:
    one = world(appointments=(meeting(dial_ins=(DIAL_IN,), **info),))
    assert (join(one).text, join(one).text) == texts


def test_a_room_that_a_line_can_join_needs_no_reason() -> None:
    class Roomy(Line):
        def can_join(self, join: JoinInfo) -> bool:
            return bool(join.sip_uri)

    info = {"provider": "skype-business", "sip_uri": FOCUS, "dial_ins": (DIAL_IN,)}
    outcome = join(world(appointments=(meeting(**info),), line=Roomy(name="skype")))
    assert (outcome.text, target(outcome)) == ("Joining Budget review.", FOCUS)


def test_without_a_line_for_its_number_the_meeting_is_not_called_numberless() -> None:
    appointments = (meeting(dial_ins=(DIAL_IN,)),)
    outcome = join(world(anna(SIP), line=Line(reaches=("sip:",)), appointments=appointments))
    assert outcome.text == ("I have no line for phone numbers right now. Shall I say you are late?")


def test_a_meeting_that_is_not_open_yet_is_asked_about_with_its_rung() -> None:
    later = NOW + timedelta(hours=3)
    early = replace(meeting(dial_ins=(DIAL_IN,)), start=later, end=later + timedelta(hours=1))
    outcome = join(world(appointments=(early,)))
    assert isinstance(outcome, Confirm)
    assert outcome.text.startswith("Budget review starts at ")
    assert outcome.text.endswith(". Shall I join Budget review by phone?")


def test_what_cannot_be_done_for_a_person_is_said_with_what_can() -> None:
    one = world(anna(MOBILE, WORK))
    texts = [call(one, kind=kind).text for kind in ("teams", "skype")]
    assert texts == [
        "Teams wants a tap. Shall I call Anna Weber, mobile?",
        "Skype was switched off in 2025. Shall I call Anna Weber, mobile?",
    ]
    assert target(call(world(anna(MOBILE, SIP)), kind="skype")) == SIP
    at_work = world(anna(MOBILE), line=Line(name="skype"))
    assert call(at_work, kind="skype").text.startswith("I don't have that number.")


def test_without_a_number_the_organiser_is_offered_and_the_reason_given_once() -> None:
    one = world(anna(MOBILE), appointments=(meeting(),))
    assert join(one).text == (
        "Teams wants a tap, so I can only dial in, and I have no number to dial. "
        "Shall I call Anna Weber?"
    )
    assert join(one).text == "I can't join that hands-free. Shall I call Anna Weber?"


@pytest.mark.parametrize("number", ["+499001234567", "+979123456789"])
def test_an_invitation_to_a_premium_number_is_not_followed(number: str) -> None:
    bait = (DialIn(number=number, country="DE"),)
    one = world(anna(MOBILE), appointments=(meeting(provider="zoom", dial_ins=bait),))
    outcome = join(one)
    assert isinstance(outcome, Confirm)
    assert outcome.action.target == MOBILE
    assert outcome.text == ("I won't dial the number in that invitation. Shall I call Anna Weber?")


def test_an_invitation_to_a_foreign_number_is_asked_with_its_country() -> None:
    abroad = (DialIn(number="+33199001201", country="FR"),)
    outcome = join(world(appointments=(meeting(dial_ins=abroad, conference_id="471"),)))
    assert isinstance(outcome, Confirm)
    assert outcome.text == "That's a number in France. Call Budget review?"
    assert outcome.action.details["tones"] == ",,471#"


def test_a_retired_skype_link_is_called_what_it_is() -> None:
    one = world(anna(MOBILE), appointments=(meeting(provider="skype"),))
    assert join(one).text == "Skype was switched off in 2025. Shall I call Anna Weber?"


def test_a_failed_dial_in_climbs_down_to_the_organiser() -> None:
    second = DialIn(number="+442079460315", country="GB")
    one = world(anna(MOBILE), appointments=(meeting(dial_ins=(DIAL_IN, second)),))
    outcome, texts = join(one), []
    for _ in range(2):
        assert isinstance(outcome, Reply | Confirm) and outcome.action
        outcome = failed(one, outcome.action, "busy")
        texts.append(outcome.text)
    assert texts == [
        "Budget review is busy. Shall I join Budget review by phone?",
        "Budget review is busy. Shall I call Anna Weber?",
    ]


def test_a_meeting_that_broke_off_is_offered_again_the_same_way() -> None:
    one = world(appointments=(meeting(dial_ins=(DIAL_IN,), conference_id="471"),))
    first = join(one)
    assert isinstance(first, Reply) and first.action
    again = failed(one, first.action, "lost")
    assert isinstance(again, Confirm)
    assert again.action == first.action
    assert again.text == "The call was lost. Shall I join Budget review by phone?"


def test_a_meeting_that_nobody_can_help_into_ends_with_being_late() -> None:
    one = world(appointments=(meeting(dial_ins=(DIAL_IN,)),))
    outcome = join(one)
    assert isinstance(outcome, Reply) and outcome.action
    asked = failed(one, outcome.action, "no_answer")
    assert isinstance(asked, Ask)
    assert asked.interpretation.intent == "message.late"
    assert asked.text == "Budget review doesn't answer. Shall I say you are late?"


@pytest.mark.parametrize(
    ("provider", "pin", "keys"),
    [
        ("zoom", "123456", ",,471#,,,,*123456#"),
        ("zoom", "aBc1", ",,471#"),
        ("phone", "4321", ",,471#,,4321#"),
        ("teams", "99", ",,471#"),
    ],
)
def test_the_pin_follows_the_conference_id_where_telephones_are_asked_for_it(
    provider: str, pin: str, keys: str
) -> None:
    info = {"provider": provider, "dial_ins": (DIAL_IN,), "conference_id": "471", "pin": pin}
    outcome = join(world(appointments=(meeting(**info),)))
    assert isinstance(outcome, Reply) and outcome.action
    assert outcome.action.details["tones"] == keys


@pytest.mark.parametrize("digits", ["112", "110", "999", "911"])
def test_a_dialled_emergency_number_is_asked_as_one(digits: str) -> None:
    line = Line(reaches=("tel:", "sos:"))
    reading = Interpretation(intent="call.number", slots={"digits": digits})
    outcome = INTENTS["call.number"](world(line=line), reading)
    assert isinstance(outcome, Confirm)
    assert outcome.action.target == f"sos:{digits}"


def test_a_premium_number_is_refused_by_name() -> None:
    reading = Interpretation(intent="call.number", slots={"digits": "09012345678"})
    with pytest.raises(UnsafeTarget):
        INTENTS["call.number"](world(), reading)


def test_a_contact_called_emergency_does_not_reach_the_police() -> None:
    named = Contact(name="Notruf", numbers=(PhoneNumber(kind=NumberKind.OTHER, uri="tel:110"),))
    slots = {"person": exactly("Notruf")}
    with pytest.raises(UnsafeTarget):
        INTENTS["call.person"](world(named), Interpretation(intent="call.person", slots=slots))


@pytest.mark.parametrize("uri", [MOBILE, "tel:02079460101", "sip:+442079460101@pbx.test"])
def test_a_caller_has_the_name_of_the_address_book_whatever_they_claim(uri: str) -> None:
    ring = Ringing(uri=uri, name="Your bank", incoming=True)
    assert introduced(ring, [anna(MOBILE)], "GB") == replace(ring, name="Anna Weber")


def test_an_unknown_or_shared_number_keeps_its_own_name() -> None:
    ring = Ringing(uri=WORK, name="Contoso", incoming=True)
    shared = [anna(WORK), replace(anna(WORK), name="Ben Carter")]
    assert introduced(ring, shared, "GB") == ring
    assert introduced(ring, [anna(MOBILE)], "GB") == ring
    withheld = Ringing(uri="tel:", incoming=True)
    assert introduced(withheld, shared, "GB") == withheld
    assert introduced(Connected(uri=MOBILE), [anna(MOBILE)], "GB") == Connected(uri=MOBILE)


def test_the_last_numbers_outlive_the_program_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    before = load_recent(path)
    before.note(Action(kind="call", target=WORK, name="Anna Weber"))
    before.note(Action(kind="join", target="tel:+442079460314", name="Secret review"))
    before.note(Action(kind="call", target="sos:112", name="112"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Secret" not in path.read_text() and "112" not in path.read_text()
    after = load_recent(path)
    assert after.numbers == {"Anna Weber": WORK}
    one = replace(world(anna(MOBILE, WORK)), recent=after)
    assert target(call(one)) == WORK
    assert target(INTENTS["call.redial"](one, Interpretation(intent="call.redial"))) == WORK


def test_logout_forgets_earlier_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    file = tmp_path / "roadcall" / "calls.json"
    load_recent(file).note(Action(kind="call", target=WORK, name="Anna Weber"))
    options = Namespace(config=None, locale=None, calendar=[], contacts=[])
    assert file.exists() and logout(options) == 0
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"numbers": 1, "last": []}', '{"numbers": {}}'])
def test_a_broken_file_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calls.json"
    path.write_text(text)
    recent = load_recent(path)
    assert recent.numbers == {} and recent.last is None


def test_only_so_many_people_are_kept() -> None:
    recent = Recent()
    for number in range(MOST_PEOPLE + 1):
        recent.note(Action(kind="call", target=f"tel:{number}", name=str(number)))
    assert len(recent.numbers) == MOST_PEOPLE and "0" not in recent.numbers


@pytest.mark.parametrize("intent", ["call.answer", "call.decline", "call.hangup", "call.mute"])
def test_without_a_call_its_orders_say_so(intent: str) -> None:
    outcome = INTENTS[intent](world(), Interpretation(intent=intent))
    assert isinstance(outcome, Reply)
    assert outcome.action is None and outcome.text == "There is no call."


def test_hanging_up_a_held_call_means_that_call() -> None:
    one = replace(world(), context=Context(in_call=True, on_hold=True))
    outcome = INTENTS["call.hangup"](one, Interpretation(intent="call.hangup"))
    assert isinstance(outcome, Reply) and outcome.action
    assert outcome.action.details == {"held": "yes"}


@dataclass(kw_only=True)
class Held(Line):
    """A line with a call that can be held or taken back."""

    is_held: bool = False
    rings: bool = False

    def hold(self, on: bool) -> None:
        if self.is_held == on:
            raise CallFailed("no such call")
        self.is_held = on

    def answer(self) -> None:
        if not self.rings:
            raise CallFailed("no incoming call")


def test_answering_on_one_line_holds_the_call_on_the_other() -> None:
    sip, phone = Held(name="sip"), Held(name="phone", rings=True)
    one = replace(world(), lines=(sip, phone))  # type: ignore[arg-type]
    carry(one, Action(kind="answer", target=""))
    assert sip.is_held and not phone.is_held


def test_the_line_that_has_the_call_says_what_it_cannot_do() -> None:
    class Muteless(Held):
        def mute(self, on: bool) -> None:
            raise OnTelephone if on and self.rings else CallFailed("no call")

    lines = (Muteless(name="sip"), Muteless(name="phone", rings=True))
    with pytest.raises(OnTelephone):
        carry(replace(world(), lines=lines), Action(kind="mute", target=""))  # type: ignore[arg-type]


def test_presence_is_asked_of_the_line_that_knows_it() -> None:
    class Knowing(Line):
        def presence(self, uri: str) -> Presence:
            return Presence.AWAY if uri == SIP else Presence.UNKNOWN

    reading = Interpretation(intent="call.presence", slots={"person": exactly("Anna Weber")})
    texts = [
        INTENTS["call.presence"](one, reading).text
        for one in (
            world(anna(MOBILE, SIP), line=Knowing()),
            world(anna(MOBILE), line=Knowing()),
            world(anna(SIP)),
        )
    ]
    unknown = "I can't see whether Anna Weber is there."
    assert texts == ["Anna Weber is away.", unknown, unknown]


def test_going_back_to_one_line_holds_the_other() -> None:
    sip, phone = Held(name="sip", is_held=True), Held(name="phone")
    one = replace(world(), lines=(phone, sip))  # type: ignore[arg-type]
    carry(one, Action(kind="resume", target=""))
    assert phone.is_held and not sip.is_held


def test_without_a_line_for_it_an_emergency_call_says_where_to_turn() -> None:
    reading = Interpretation(intent="call.emergency", slots={"digits": "112"})
    outcome = INTENTS["call.emergency"](world(), reading)
    assert isinstance(outcome, Reply) and outcome.action is None
    assert outcome.text == "I can't make emergency calls here. Use your phone."


@pytest.mark.parametrize(
    ("slots", "tones"),
    [({"digits": "123", "key": "#"}, "123#"), ({"key": "*"}, "*"), ({"digits": "0"}, "0")],
)
def test_hash_and_star_are_keyed_in_too(slots: dict[str, str], tones: str) -> None:
    one = replace(world(), context=Context(in_call=True))
    outcome = INTENTS["call.keypad"](one, Interpretation(intent="call.keypad", slots=slots))
    assert isinstance(outcome, Reply) and outcome.action
    assert outcome.action.details == {"tones": tones}


def test_what_was_added_by_voice_is_what_the_calendar_then_has() -> None:
    start = NOW + timedelta(hours=2)
    new = Appointment(uid="", title="Breakfast", start=start, end=start + timedelta(minutes=30))
    read, other = replace(new, uid="7"), replace(new, uid="8", title="Other")
    for known, meant in (((other, read), (read,)), ((other,), ())):
        world = World(
            now=NOW,
            calendar=CalendarCopy(appointments=known, as_of=NOW),
            people=(),
            wording=english(),
            context=Context(topic=(new,)),
        )
        assert appointments_meant(world, Interpretation(intent="calendar.move")) == meant
