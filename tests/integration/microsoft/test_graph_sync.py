"""Syncs of a Microsoft 365 calendar, whole and incremental, and what they cost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.driver import BERLIN, HTML, NOW, WINDOW, Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, weekly
from fakes.loopback import Answer, Request

from assistant.core.model import Span
from assistant.errors import (
    NotFound,
)
from assistant.services.calendars.graph import GraphCalendar
from assistant.services.calendars.graph_delta import sort_out
from assistant.services.calendars.graph_json import build_window
from assistant.services.calendars.mirror import Mirror

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


def test_what_one_round_leaves_unsaid() -> None:
    """A series counts as listed with what was said to be removed; what is not mentioned stays."""
    known = {"w": ["w.0", "w.1"], "v": ["v.0"]}
    moved = {**event("w.0", NOW), "seriesMasterId": "w", "type": "exception"}
    gone = {"id": "w.1", "@removed": {"reason": "deleted"}}
    master = event("w", NOW, type="seriesMaster")

    only_one_moved = sort_out([moved])
    assert not only_one_moved.has_gap(known)
    assert only_one_moved.series_after(known) == known

    all_accounted_for = sort_out([master, moved, gone])
    assert not all_accounted_for.has_gap(known)
    assert all_accounted_for.series_after(known) == {"w": ["w.0"], "v": ["v.0"]}

    assert sort_out([master, moved]).has_gap(known)
    assert sort_out([{"id": "v", "@removed": {"reason": "deleted"}}]).has_gap(known)


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
