"""Microsoft 365 calendars: our client over real HTTP against a stand-in for Graph (a fake)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes.graph import GraphMailbox, event, person, stamp, weekly
from fakes.loopback import Answer, Request

from assistant.core.model import Appointment, Response, Span
from assistant.errors import (
    BrokenAnswer,
    NotFound,
    RateLimited,
    Refused,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.calendars.graph import GraphCalendar, Settings
from assistant.services.calendars.graph_http import Ask, Budget, GraphHttp
from assistant.services.calendars.graph_json import build_window
from assistant.services.calendars.mirror import Mirror

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WINDOW = Span(start=NOW - timedelta(days=1), end=NOW + timedelta(days=15))
BERLIN = ZoneInfo("Europe/Berlin")
HTML = Answer(
    body=b"<!DOCTYPE html><title>Hotel Wi-Fi</title>", headers={"Content-Type": "text/html"}
)


class Account:
    """Tokens without a sign-in: the one in use, and the one a renewal brings."""

    def __init__(self) -> None:
        self.now = self.renewed = "good"
        self.asked: list[tuple[str, ...]] = []

    def token(self, scopes: Sequence[str], *, renew: bool = False) -> str:
        self.asked.append(tuple(scopes))
        if renew:
            self.now = self.renewed
        return self.now


@pytest.fixture
def mailbox() -> Iterator[GraphMailbox]:
    with GraphMailbox() as mailbox:
        yield mailbox


class Driver:
    """A calendar client and what the mirror would know."""

    def __init__(self, mailbox: GraphMailbox) -> None:
        self.account = Account()
        self.waits: list[float] = []
        self.http = GraphHttp(self.account, mailbox.url, wait=self.waits.append)
        settings = Settings(
            name="Work", addresses=frozenset({"anna@contoso.com"}), can_change=True, can_mail=True
        )
        self.settings = settings
        self.calendar = GraphCalendar(self.http, settings)
        self.known: dict[str, Appointment] = {}
        self.state = ""

    def sync(self, window: Span = WINDOW) -> dict[str, Appointment]:
        result = self.calendar.sync(window, self.state)
        if result.is_full:
            self.known.clear()
        for uid in result.removed:
            self.known.pop(uid, None)
        self.known |= {appointment.uid: appointment for appointment in result.appointments}
        self.state = result.state
        self.problems = result.problems
        self.was_full = result.is_full
        return self.known


@pytest.fixture
def driver(mailbox: GraphMailbox) -> Iterator[Driver]:
    driver = Driver(mailbox)
    yield driver
    driver.http.close()


# Reading.


def test_an_event_becomes_an_appointment(mailbox: GraphMailbox, driver: Driver) -> None:
    url = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"
    meeting = {"joinUrl": url, "conferenceId": None, "tollNumber": None}
    text = "Or call in (audio only)<br>+49 69 12345678,,987654321# Germany, Frankfurt"
    body = {"contentType": "html", "content": f"<html>{text}</html>"}
    attendees = [
        person("Anna Weber", "Anna@contoso.com", "accepted"),
        person("", "ben@contoso.com", "tentativelyAccepted"),
        person("Raum 7", "raum7@contoso.com", "none", "resource"),
    ]
    meeting_of = {"attendees": attendees, "onlineMeeting": meeting, "body": body}
    mailbox.put(event("a", NOW, 45, subject="Jour fixe", **meeting_of))

    found = driver.sync()["a"]

    assert (found.title, found.start, found.end) == ("Jour fixe", NOW, NOW + timedelta(minutes=45))
    assert [(a.name, a.response, a.is_self, a.is_resource) for a in found.attendees] == [
        ("Anna Weber", Response.ACCEPTED, True, False),
        ("ben", Response.TENTATIVE, False, False),
        ("Raum 7", Response.NEEDS_ACTION, False, True),
    ]
    assert found.organizer and found.organizer.email == "ben@contoso.com"
    assert (found.calendar, found.zone, found.location) == ("Work", "Europe/Berlin", "Raum 1")
    assert found.join
    assert (found.join.provider, found.join.url) == ("teams", url)
    assert [dial_in.number for dial_in in found.join.dial_ins] == ["+496912345678"]
    assert found.join.conference_id == "987654321"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"sensitivity": "private"}, {"is_private": True}),
        ({"sensitivity": "confidential"}, {"is_private": True}),
        ({"sensitivity": "personal"}, {"is_private": False}),
        ({"showAs": "free"}, {"is_free": True}),
        ({"showAs": "tentative"}, {"is_tentative": True}),
        ({"isCancelled": True}, {"is_cancelled": True}),
        ({"responseStatus": {"response": "declined"}}, {"response": Response.DECLINED}),
        ({"isOrganizer": True}, {"response": Response.ORGANIZER}),
        (
            {"responseStatus": {"response": "tentativelyAccepted"}},
            {"response": Response.TENTATIVE, "is_tentative": True},
        ),
        (
            {"responseStatus": {"response": "notResponded"}, "showAs": "tentative"},
            {"response": Response.NEEDS_ACTION, "is_tentative": False},
        ),
        (
            {"responseStatus": {"response": "none"}, "attendees": []},
            {"response": Response.ACCEPTED},
        ),
        ({"subject": None, "location": None, "attendees": None, "body": None}, {"title": ""}),
        ({"organizer": None}, {"organizer": None}),
        ({"originalStartTimeZone": "Customized Time Zone"}, {"zone": ""}),
        ({"originalStartTimeZone": "tzone://Microsoft/Custom"}, {"zone": ""}),
        ({"originalStartTimeZone": "America/New_York"}, {"zone": "America/New_York"}),
    ],
)
def test_what_an_event_says(
    mailbox: GraphMailbox,
    driver: Driver,
    told: Mapping[str, object],
    expected: Mapping[str, object],
) -> None:
    mailbox.put(event("a", NOW, **told))
    found = driver.sync()["a"]
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("days", [1, 3])
def test_a_whole_day_is_dates(mailbox: GraphMailbox, driver: Driver, days: int) -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    mailbox.put(event("day", midnight, days * 24 * 60, isAllDay=True))
    found = driver.sync()["day"]
    assert (found.start, found.end) == (date(2026, 11, 25), date(2026, 11, 25 + days))


def test_times_in_a_windows_zone_are_understood(mailbox: GraphMailbox, driver: Driver) -> None:
    local = {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    page = {"value": [{**event("a", NOW), "start": local}], "@odata.deltaLink": mailbox.url}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert driver.sync()["a"].start == datetime(2026, 11, 23, 9, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "broken",
    [
        {"start": None},
        {"start": {"dateTime": "tomorrow", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-11-23T09:00:00", "timeZone": "Middle Earth Time"}},
        {"start": {"timeZone": "UTC"}},
        {"end": "never"},
    ],
)
def test_one_broken_event_costs_only_itself(
    mailbox: GraphMailbox, driver: Driver, broken: Mapping[str, object]
) -> None:
    items = [{**event("bad", NOW), **broken}, event("good", NOW)]
    page = {"value": items, "@odata.deltaLink": f"{mailbox.url}/x"}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert set(driver.sync()) == {"good"}
    assert len(driver.problems) == 1
    assert "bad" in driver.problems[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"attendees": "everyone"},
        {"attendees": {"0": "everyone"}},
        {"attendees": [None, "Ben", {"emailAddress": "ben"}, {"status": 3}]},
        {"organizer": "ben", "isOrganizer": True},
        {"organizer": {"emailAddress": "ben"}, "isOrganizer": True},
        {"onlineMeeting": {"tollFreeNumbers": 800}},
        {"onlineMeeting": "yes", "location": 3, "body": [], "responseStatus": "accepted"},
        {"subject": {"text": "x"}, "showAs": [], "sensitivity": {}, "originalStartTimeZone": 1},
        {"seriesMasterId": ["w"]},
    ],
)
def test_odd_properties_lose_only_themselves(
    mailbox: GraphMailbox, driver: Driver, odd: Mapping[str, object]
) -> None:
    page = {"value": [{**event("a", NOW), **odd}], "@odata.deltaLink": f"{mailbox.url}/x"}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert driver.sync()["a"].start == NOW
    assert driver.problems == ()


def test_a_master_that_is_none_breaks_the_sync(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.withholds_masters = True
    mailbox.put(weekly("w", NOW, 1))
    mailbox.upset(mailbox.serve, Answer(body=b"{}"))
    with pytest.raises(BrokenAnswer):
        driver.sync()


def test_own_addresses_are_learnt_from_own_meetings(mailbox: GraphMailbox, driver: Driver) -> None:
    own = {"emailAddress": {"name": "Anna", "address": "A.Weber@contoso.com"}}
    mailbox.put(event("mine", NOW, isOrganizer=True, organizer=own))
    driver.sync()
    mailbox.put(event("b", NOW, attendees=[person("Anna", "a.weber@contoso.com")]))
    assert driver.sync()["b"].attendees[0].is_self


# Series.


def test_bare_occurrences_are_completed_from_their_master(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    url = "https://contoso.zoom.us/j/93123456789"
    body = {"contentType": "text", "content": f"Join: {url}"}
    mailbox.put(weekly("w", NOW, 2, subject="Weekly", sensitivity="private", body=body))
    found = driver.sync()
    assert {uid: (a.title, a.start, a.is_private) for uid, a in found.items()} == {
        "w.0": ("Weekly", NOW, True),
        "w.1": ("Weekly", NOW + timedelta(weeks=1), True),
    }
    assert [len(a.attendees) for a in found.values()] == [2, 2]
    assert [a.join.url for a in found.values() if a.join] == [url, url]
    assert len(mailbox.requests) == 1


def test_an_exception_keeps_its_own_words(mailbox: GraphMailbox, driver: Driver) -> None:
    series = weekly("w", NOW, 2, subject="Weekly")
    moved = {"type": "exception", "seriesMasterId": "w", "subject": "Weekly, in the canteen"}
    series.occurrences["w.1"] = event("w.1", NOW + timedelta(days=8), **moved)
    mailbox.put(series)
    found = driver.sync()
    assert [found[uid].title for uid in ("w.0", "w.1")] == ["Weekly", "Weekly, in the canteen"]


@pytest.mark.parametrize(("series", "requests"), [(1, 2), (3, 4), (4, 2), (60, 2)])
def test_masters_that_were_not_sent_are_fetched(
    mailbox: GraphMailbox, driver: Driver, series: int, requests: int
) -> None:
    """A few one by one, many by one listing of the window."""
    mailbox.withholds_masters = True
    mailbox.put(*(weekly(f"w{i}", NOW, 1, subject=f"Weekly {i}") for i in range(series)))
    found = driver.sync()
    assert {a.title for a in found.values()} == {f"Weekly {i}" for i in range(series)}
    assert len(mailbox.requests) == requests


def test_an_occurrence_whose_series_is_gone_is_left_out(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    mailbox.withholds_masters = True
    mailbox.put(weekly("w", NOW, 1), event("a", NOW))

    def then_delete(request: Request) -> Answer:
        answer = mailbox.serve(request)
        mailbox.delete("w")
        return answer

    mailbox.upset(then_delete)
    assert set(driver.sync()) == {"a"}


# Incremental syncs.


def test_nothing_new_costs_one_request(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW), weekly("w", NOW, 2))
    driver.sync()
    before = len(mailbox.requests)
    assert set(driver.sync()) == {"a", "w.0", "w.1"}
    assert len(mailbox.requests) == before + 1
    assert not driver.was_full


def test_changes_come_incrementally(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("stays", NOW), event("moves", NOW), event("goes", NOW), event("leaves", NOW))
    driver.sync()
    mailbox.put(event("moves", NOW + timedelta(hours=1)), event("comes", NOW))
    mailbox.put(event("leaves", NOW + timedelta(days=100)), event("far", NOW + timedelta(days=90)))
    mailbox.delete("goes")
    found = driver.sync()
    assert {uid: a.start - NOW for uid, a in found.items()} == {
        "stays": timedelta(0),
        "moves": timedelta(hours=1),
        "comes": timedelta(0),
    }
    assert not driver.was_full


def test_a_renamed_series_is_renamed_incrementally(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(weekly("w", NOW, 3, subject="Old"))
    driver.sync()
    mailbox.put(weekly("w", NOW, 3, subject="New"))
    assert {a.title for a in driver.sync().values()} == {"New"}
    assert not driver.was_full


def test_a_deleted_occurrence_goes_although_nobody_says_so(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    mailbox.put(weekly("w", NOW, 3), event("a", NOW))
    driver.sync()
    mailbox.delete("w.1")
    assert set(driver.sync()) == {"w.0", "w.2", "a"}
    assert set(driver.sync()) == {"w.0", "w.2", "a"}
    assert not driver.was_full


def test_a_deleted_series_goes_whole(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(weekly("w", NOW, 3), event("a", NOW))
    driver.sync()
    mailbox.delete("w")
    assert set(driver.sync()) == {"a"}


def test_a_series_that_grew_is_followed(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(weekly("w", NOW, 1))
    driver.sync()
    mailbox.put(weekly("w", NOW, 2))
    driver.sync()
    mailbox.delete("w.1")
    assert set(driver.sync()) == {"w.0"}


def test_a_forgotten_state_starts_over(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW), event("b", NOW))
    driver.sync()
    mailbox.delete("a")
    mailbox.forget_links()
    assert set(driver.sync()) == {"b"}
    assert driver.was_full


def test_another_window_starts_over(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW), event("later", NOW + timedelta(days=15, hours=12)))
    assert set(driver.sync()) == {"a"}
    tomorrow = replace(WINDOW, end=WINDOW.end + timedelta(days=1))
    assert set(driver.sync(tomorrow)) == {"a", "later"}
    assert driver.was_full


@pytest.mark.parametrize(
    "state",
    [
        "nonsense",
        "{}",
        "[]",
        "[" * 9999,
        json.dumps({"window": build_window(WINDOW), "link": 4}),
        json.dumps({"window": build_window(WINDOW), "link": ""}),
        json.dumps({"window": build_window(WINDOW), "link": "/x", "series": []}),
    ],
)
def test_a_damaged_state_starts_over(mailbox: GraphMailbox, driver: Driver, state: str) -> None:
    mailbox.put(event("a", NOW))
    driver.state = state
    assert set(driver.sync()) == {"a"}
    assert driver.was_full


def test_the_mirror_follows(mailbox: GraphMailbox, driver: Driver, tmp_path: Path) -> None:
    mailbox.put(weekly("w", NOW, 2, subject="Weekly"), event("a", NOW, subject="Once"))
    week = Span(start=NOW, end=NOW + timedelta(days=8))
    with Mirror(tmp_path / "mirror.db", [driver.calendar], BERLIN, lambda: NOW) as mirror:
        mirror.sync()
        assert [a.title for a in mirror.read(week).appointments] == ["Once", "Weekly", "Weekly"]
        mailbox.delete("w.1")
        (change,) = mirror.sync()
        assert change.before and change.before.uid == "w.1"
        mailbox.upset(HTML)
        mirror.sync()
        copy = mirror.read(week)
    assert [a.title for a in copy.appointments] == ["Once", "Weekly"]
    assert any("login page" in problem for problem in copy.problems)


# Cost.


def test_first_sync_of_500_events_takes_few_requests(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(*(event(f"e{i}", NOW + timedelta(minutes=i)) for i in range(440)))
    mailbox.put(*(weekly(f"w{i}", NOW, 2) for i in range(30)))
    assert len(driver.sync()) == 500
    assert len(mailbox.requests) <= 12
    before = len(mailbox.requests)
    driver.sync()
    assert len(mailbox.requests) == before + 1


def test_first_sync_stays_cheap_with_small_pages_and_no_masters(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    mailbox.page_limit = 60
    mailbox.withholds_masters = True
    mailbox.put(*(event(f"e{i}", NOW + timedelta(minutes=i)) for i in range(300)))
    mailbox.put(*(weekly(f"w{i}", NOW, 2) for i in range(100)))
    assert len(driver.sync()) == 500
    assert len(mailbox.requests) <= 12


def test_requests_say_what_is_preferred(mailbox: GraphMailbox, driver: Driver) -> None:
    driver.sync()
    (request,) = mailbox.requests
    assert request.path == "/me/calendarView/delta"
    assert request.query == {
        "startDateTime": "2026-11-22T08:00:00Z",
        "endDateTime": "2026-12-08T08:00:00Z",
    }
    assert set(request.headers["prefer"].split(", ")) == {
        "odata.maxpagesize=100",
        'outlook.timezone="UTC"',
        'outlook.body-content-type="text"',
    }


def test_links_are_followed_as_they_stand(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.page_limit = 1
    mailbox.put(event("a", NOW), event("b", NOW))
    driver.sync()
    second = mailbox.requests[1]
    first_page = json.loads(mailbox.exchanges[0][1].body)
    assert first_page["@odata.nextLink"] == mailbox.url + second.target


def test_another_calendar_of_the_account(mailbox: GraphMailbox, driver: Driver) -> None:
    settings = replace(driver.settings, calendar_id="AAMk/1=", name="Team")
    calendar = GraphCalendar(driver.http, settings)
    mailbox.put(event("a", NOW))
    with pytest.raises(NotFound):  # the stand-in knows no such calendar with a slash in its id
        calendar.sync(WINDOW)
    assert mailbox.requests[0].target.startswith("/me/calendars/AAMk%2F1%3D/calendarView/delta?")


# What goes wrong.


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (HTML, BrokenAnswer),
        (replace(HTML, status=302, headers={"Location": "http://127.0.0.1:9/"}), BrokenAnswer),
        (Answer(body=b'{"value": [{"id": "a", "sub'), BrokenAnswer),
        (Answer(body=b"[" * 100_000), BrokenAnswer),
        (Answer(body=b"[]"), BrokenAnswer),
        (Answer(body=b"{}"), BrokenAnswer),
        (Answer(body=b'{"value": 3}'), BrokenAnswer),
        (Answer(body=b'{"value": [3]}'), BrokenAnswer),
        (Answer(body=b'{"value": [{"no": "id"}]}'), BrokenAnswer),
        (Answer(body=b"\xff\xfe\x00"), BrokenAnswer),
        (Answer(body=b"junk", headers={"Content-Encoding": "gzip"}), BrokenAnswer),
        (Answer(body=b'{"value": []}', cut_after=5), Unreachable),
        (Answer(status=500, body=b"oops"), Unreachable),
        (Answer(status=503), Unreachable),
        (Answer(status=504, body=b"<html>"), Unreachable),
        (Answer(status=403, body=b'{"error": {"code": "ErrorAccessDenied"}}'), Refused),
        (Answer(status=403, body=b'{"error": "no object"}'), Refused),
        (Answer(status=404), NotFound),
        (Answer(status=429, headers={"Retry-After": "9999999"}), RateLimited),
    ],
)
def test_a_bad_answer_is_one_of_our_errors(
    mailbox: GraphMailbox, driver: Driver, answer: Answer, expected: type[Exception]
) -> None:
    mailbox.upset(answer)
    with pytest.raises(expected) as caught:
        driver.sync()
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)


def test_a_bad_second_page_loses_the_whole_sync(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.page_limit = 1
    mailbox.put(event("a", NOW), event("b", NOW))
    mailbox.upset(mailbox.serve, Answer(body=b'{"value"'))
    with pytest.raises(BrokenAnswer):
        driver.sync()


def test_throttling_is_waited_for(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW))
    mailbox.upset(
        Answer(status=429, headers={"Retry-After": "3"}),
        Answer(status=429),
        Answer(status=503, headers={"Retry-After": "1"}),
    )
    assert set(driver.sync()) == {"a"}
    assert driver.waits == [3.0, 4.0, 1.0]


def test_endless_throttling_ends(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.upset(*[Answer(status=429)] * 20)
    with pytest.raises(RateLimited) as caught:
        driver.sync()
    assert caught.value.retry_after_s > 60


def test_an_expired_token_is_renewed_once_in_the_middle(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    driver.account.renewed = "fresh"
    mailbox.page_limit = 1
    mailbox.put(event("a", NOW), event("b", NOW))

    def expire(_: object) -> Answer:
        mailbox.tokens = {"fresh"}
        return Answer(status=401)

    mailbox.upset(mailbox.serve, expire)
    assert set(driver.sync()) == {"a", "b"}


def test_a_refused_token_that_stays_refused_needs_a_sign_in(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    driver.account.now, driver.account.renewed = "old", "also old"
    with pytest.raises(SignInNeeded):
        driver.sync()
    assert len(mailbox.requests) == 2


def test_a_link_to_another_host_is_not_followed(mailbox: GraphMailbox, driver: Driver) -> None:
    with GraphMailbox() as thief:
        page = {"value": [], "@odata.nextLink": f"{thief.url}/me/calendarView/delta?$skiptoken=1"}
        mailbox.upset(Answer(body=json.dumps(page).encode()))
        with pytest.raises(BrokenAnswer):
            driver.sync()
        assert thief.requests == []


def test_pages_without_end_are_ended(mailbox: GraphMailbox, driver: Driver) -> None:
    page = {"value": [], "@odata.nextLink": f"{mailbox.url}/me/calendarView/delta?$skiptoken=1"}
    mailbox.upset(*[Answer(body=json.dumps(page).encode())] * 100)
    with pytest.raises(BrokenAnswer):
        driver.sync()
    assert len(mailbox.requests) == 60


def test_a_huge_invitation_is_cut(mailbox: GraphMailbox, driver: Driver) -> None:
    url = "https://contoso.zoom.us/j/93123456789"
    mailbox.put(
        event("a", NOW, body={"contentType": "text", "content": "x" * 40_000_000 + f"\n{url}"})
    )
    found = driver.sync()["a"]
    assert found.join and found.join.url == url


def test_a_crowd_is_cut(mailbox: GraphMailbox, driver: Driver) -> None:
    crowd = [person(f"P{i}", f"p{i}@contoso.com") for i in range(10_000)]
    mailbox.put(event("a", NOW, attendees=crowd))
    assert len(driver.sync()["a"].attendees) == 500


def test_a_dead_server_is_unreachable(driver: Driver) -> None:
    http = GraphHttp(driver.account, "http://127.0.0.1:1")
    with pytest.raises(Unreachable):
        GraphCalendar(http, driver.settings).sync(WINDOW)
    http.close()


def test_a_budget_that_is_spent_ends_the_work(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW))
    ask = Ask(path="/me/events/a", scopes=())
    with pytest.raises(TooSlow):
        driver.http.fetch(ask, Budget(seconds=0.0, requests=9, bytes=9_999))
    with pytest.raises(BrokenAnswer):
        driver.http.fetch(ask, Budget(seconds=9.0, requests=9, bytes=99))


# Changing.


@pytest.fixture
def invited(mailbox: GraphMailbox, driver: Driver) -> Appointment:
    mailbox.put(event("a", NOW))
    return driver.sync()["a"]


@pytest.fixture
def own(mailbox: GraphMailbox, driver: Driver) -> Appointment:
    anna = {"emailAddress": {"name": "Anna Weber", "address": "anna@contoso.com"}}
    mailbox.put(event("mine", NOW, isOrganizer=True, organizer=anna))
    return driver.sync()["mine"]


@pytest.mark.parametrize(
    ("response", "order"),
    [
        (Response.ACCEPTED, "accept"),
        (Response.DECLINED, "decline"),
        (Response.TENTATIVE, "tentativelyAccept"),
    ],
)
def test_answering(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment, response: Response, order: str
) -> None:
    driver.calendar.respond(invited, response)
    assert mailbox.orders == [(order, "a", {"sendResponse": True})]


def test_answering_an_organiser_who_wants_no_answer(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW, responseRequested=False))
    driver.calendar.respond(driver.sync()["a"], Response.ACCEPTED)
    assert mailbox.orders == [("accept", "a", {"sendResponse": False})]


def test_own_meetings_cannot_be_answered(
    mailbox: GraphMailbox, driver: Driver, own: Appointment
) -> None:
    with pytest.raises(Refused):
        driver.calendar.respond(own, Response.ACCEPTED)
    assert mailbox.orders == []


def test_creating(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    start = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
    new = replace(own, uid="new-1", title="Call Ben", start=start, end=start + timedelta(hours=1))
    driver.calendar.create(replace(new, zone="Europe/Berlin"))
    ((what, _, body),) = mailbox.orders
    assert what == "create"
    assert body["subject"] == "Call Ben"
    assert body["transactionId"] == "new-1"
    assert body["start"] == {"dateTime": "2026-11-24T09:00:00", "timeZone": "Europe/Berlin"}
    assert [a["emailAddress"]["address"] for a in body["attendees"]] == ["ben@contoso.com"]


def test_creating_a_whole_day(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    day = replace(own, start=date(2026, 11, 24), end=date(2026, 11, 25))
    driver.calendar.create(replace(day, zone="Europe/Berlin"))
    ((_, _, body),) = mailbox.orders
    assert body["isAllDay"] is True
    assert body["end"] == {"dateTime": "2026-11-25T00:00:00", "timeZone": "Europe/Berlin"}


def test_moving(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    later = Span(start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=2))
    driver.calendar.move(own, later)
    ((what, uid, body),) = mailbox.orders
    assert (what, uid) == ("update", "mine")
    assert body == {
        "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "Europe/Berlin"},
    }


def test_cancelling_tells_the_others(
    mailbox: GraphMailbox, driver: Driver, own: Appointment
) -> None:
    driver.calendar.cancel(own)
    assert mailbox.orders == [("cancel", "mine", {})]


def test_cancelling_an_entry_of_ones_own_deletes_it(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("mine", NOW, isOrganizer=True, attendees=[]))
    driver.calendar.cancel(driver.sync()["mine"])
    assert mailbox.orders == [("delete", "mine", None)]


@pytest.mark.parametrize("response", [Response.ACCEPTED, Response.TENTATIVE, Response.NEEDS_ACTION])
def test_only_the_organiser_moves_and_cancels(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment, response: Response
) -> None:
    invited = replace(invited, response=response)
    with pytest.raises(Refused):
        driver.calendar.cancel(invited)
    with pytest.raises(Refused):
        driver.calendar.move(invited, invited.span)
    assert mailbox.orders == []


def test_writing_that_one_is_late(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    driver.calendar.notify(invited, ["ben@contoso.com"], "Ten minutes late, sorry.\nAnna")
    ((_, _, mail),) = mailbox.orders
    assert mail["message"]["subject"] == "Subject of a"
    assert mail["message"]["body"] == {
        "contentType": "text",
        "content": "Ten minutes late, sorry.\nAnna",
    }
    assert driver.account.asked[-1] == ("Mail.Send",)


def test_what_was_not_agreed_to_is_refused(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    settings = replace(driver.settings, can_change=False, can_mail=False)
    reader = GraphCalendar(driver.http, settings)
    reader.sync(WINDOW)
    assert driver.account.asked[-1] == ("Calendars.Read",)
    with pytest.raises(Refused):
        reader.respond(invited, Response.ACCEPTED)
    with pytest.raises(Refused):
        reader.notify(invited, ["ben@contoso.com"], "late")
    assert mailbox.orders == []


def test_what_is_gone_cannot_be_answered(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    mailbox.delete("a")
    with pytest.raises(NotFound):
        driver.calendar.respond(invited, Response.ACCEPTED)


def test_orders_do_not_wait_long(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    mailbox.upset(Answer(status=429, headers={"Retry-After": "30"}))
    with pytest.raises(RateLimited):
        driver.calendar.respond(invited, Response.ACCEPTED)
    assert driver.waits == []


def test_stamps_agree_with_the_service() -> None:
    assert stamp(datetime(2026, 11, 23, 9, tzinfo=BERLIN))["dateTime"] == (
        "2026-11-23T08:00:00.0000000"
    )
