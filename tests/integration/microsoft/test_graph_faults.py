"""Networks, servers and answers that are not as they should be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes.driver import HTML, NOW, WINDOW, Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, person
from fakes.loopback import Answer

from assistant.errors import (
    BrokenAnswer,
    CutOff,
    NotFound,
    RateLimited,
    Refused,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.calendars.graph import GraphCalendar
from assistant.services.calendars.graph_http import Ask, Budget, GraphHttp


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
        (Answer(body=b'{"value": []}', cut_after=5), CutOff),
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
    assert caught.value.retry_after_s > 10
    assert sum(driver.waits) < 60


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
