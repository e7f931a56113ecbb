"""Invitations in, ways into the meeting out; and nothing out of what is no meeting.

The texts are ours (`tests/invitations.toml`), in the providers' forms; `shared/invitations` has
others.
"""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from assistant.core.joining import find_join
from assistant.core.model import JoinInfo
from assistant.core.providers import recognise, unwrap

PROVIDERS = {
    "Microsoft Teams": "teams",
    "Skype For Business": "skype-business",
    "Skype": "skype",
    "Zoom": "zoom",
    "Zoom native": "zoom",
    "Google Meet": "meet",
    "Google Meet Stream": "meet",
    "Cisco Webex": "webex",
    "Phone": "phone",
}


def read(text: str, market: str = "GB", location: str = "", **fields: str) -> JoinInfo | None:
    return find_join(fields=fields, location=location, text=text, market=market)


def numbers(join: JoinInfo) -> list[str]:
    return [dial_in.number for dial_in in join.dial_ins]


TABLE = tomllib.loads((Path(__file__).parents[1] / "invitations.toml").read_text("utf-8"))


@pytest.mark.parametrize("row", TABLE["meeting"], ids=lambda row: row["name"])
def test_an_invitation_tells_the_ways_in(row: dict[str, Any]) -> None:
    join = read(row["text"], row["market"])
    assert join is not None
    assert (join.provider, join.url[: len(row["url"])]) == (row["provider"], row["url"])
    assert numbers(join)[: len(row["dial_ins"]) or None] == row["dial_ins"]
    assert (join.conference_id, join.pin) == (row["conference_id"], row["pin"])


@pytest.mark.parametrize("market", ["GB", "DE", "FR"])
@pytest.mark.parametrize("row", TABLE["other"], ids=lambda row: row["name"])
def test_what_only_looks_like_a_meeting_is_none(row: dict[str, Any], market: str) -> None:
    assert read(row["text"], market) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lunch at Mario's, call me on +44 20 7946 0240 if you are late.",
        "Anna Weber\nTel: +44 20 7946 0240\nMobile: +44 20 7946 0241",
        "Order number: 123 456 789, PIN: 1234 for the door. Meeting ID: 123 456 789.",
        "https://zoom.us/download https://zoom.us/rec/share/abc https://zoom.us/u/kbcd",
        "https://us02web.zoom.us/webinar/register/WN_abc https://www.webex.com/pricing",
        "https://meet.google.com/ https://calendar.google.com/abc-defg-hij https://github.com/j/123456",
        "https://teams.microsoft.com/l/channel/19%3ax https://teams.microsoft.com/l/chat/0/0?users=a@b.c",
        "https://teams.microsoft.com/meetingOptions/?organizerId=1",
        "https://dialin.teams.microsoft.com/usp/pstnconferencing",
        "https://teams.microsoft.com.evil.example/l/meetup-join/19%3ax",
        "https://evil.example/teams.microsoft.com/l/meetup-join/19%3ax",
        "https://teams.microsoft.com@evil.example/l/meetup-join/19%3ax",
        "https://notzoom.us/j/83041234567 https://zoom.us.example/j/83041234567",
        "https://meet.contoso.com/team/welcome https://www.goto.com/meeting/features",
        "https://whereby.com/ https://whereby.com/information/pricing https://vimeo.com/123",
        "Meet me in Konferenzraum 4711, bei Fragen: 030 23125 678",
        "https://[broken/ http://host:99999999/l/meetup-join/x",
    ],
)
def test_nothing_else_is_a_meeting(text: str) -> None:
    assert read(text) is None


def test_numbers_of_the_market_come_first_then_free_ones() -> None:
    text = """Dial in by phone
    +1 323-849-4874,,766918553# United States
    +44 808 157 0192,,766918553# United Kingdom
    +49 30 23125 017,,766918553# Germany
    https://teams.microsoft.com/meet/26374053457629?p=abc"""
    assert [
        (d.number, d.country, d.is_toll_free)
        for d in (read(text, "DE") or JoinInfo(provider="")).dial_ins
    ] == [
        ("+493023125017", "DE", False),
        ("+448081570192", "GB", True),
        ("+13238494874", "US", False),
    ]


def test_fields_are_believed_before_place_and_text() -> None:
    zoom, meet = "https://us02web.zoom.us/j/12345", "https://meet.google.com/abc-defg-hij"
    teams = "https://teams.microsoft.com/l/meetup-join/abc"
    join = read(teams, location=meet, URL=zoom)
    assert join and join.url == zoom
    join = read(teams, location=meet, URL=zoom, **{"X-GOOGLE-CONFERENCE": meet})
    assert join and join.url == meet
    join = read(teams, location=meet)
    assert join and join.url == meet


def test_a_field_may_be_there_and_empty() -> None:
    assert read("", **{"X-MICROSOFT-SKYPETEAMSMEETINGURL": "", "CONFERENCE": ""}) is None


def test_a_conference_of_rfc_7986_brings_number_and_code() -> None:
    join = read(
        "",
        "DE",
        CONFERENCE="https://us02web.zoom.us/j/81234567890\ntel:+49-30-23125-17,,123456789#",
    )
    assert join and (join.provider, numbers(join)) == ("zoom", ["+49302312517"])
    assert join.conference_id == "123456789"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://meet.contoso.example/anna/QHJ72TKK", "anna@contoso.example"),
        ("https://lync.contoso.example/meet/anna/QHJ72TKK?sl=1", "anna@contoso.example"),
        ("https://pool.hoster.example/contoso.example/meet/anna/QHJ72TKK", "anna@contoso.example"),
        ("https://meet.contoso.example/anna@sub.example/QHJ72TKK", "anna@sub.example"),
        ("https://meet.lync.com/contoso/anna/QHJ72TKK", "anna@contoso.com"),
    ],
)
def test_skype_for_business_addresses_name_the_conference(url: str, address: str) -> None:
    link = recognise(url)
    assert link and link.provider == "skype-business"
    assert link.sip_uri == f"sip:{address};gruu;opaque=app:conf:focus:id:QHJ72TKK"


def test_link_and_sip_address_of_one_skype_meeting_are_put_together() -> None:
    sip_uri = "sip:anna@contoso.example;gruu;opaque=app:conf:focus:id:QHJ72TKK"
    url = "https://meet.contoso.example/anna/QHJ72TKK"
    join = read(
        f"Join Skype Meeting<{url}>",
        **{"X-MICROSOFT-ONLINEMEETINGCONFLINK": f"conf:{sip_uri}%3Frequired-media=audio"},
    )
    assert join and (join.url, join.sip_uri) == (url, sip_uri)


def test_unwrapping_stops() -> None:
    inner = "https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19"
    wrapped = f"https://eur01.safelinks.protection.outlook.com/?url={inner}&data=1"
    assert unwrap(wrapped) == "https://teams.microsoft.com/l/meetup-join/19"
    itself = "https://eur01.safelinks.protection.outlook.com/?url="
    for _ in range(12):
        itself = "https://eur01.safelinks.protection.outlook.com/?url=" + itself.replace(
            "%", "%25"
        ).replace(":", "%3A")
    assert recognise(itself) is None
    assert (
        unwrap("https://urldefense.com/v3/__https://zoom.us/j/83041234567__;!!x")
        == "https://zoom.us/j/83041234567"
    )


def test_a_huge_text_is_only_begun() -> None:
    link = "https://us02web.zoom.us/j/83041234567"
    assert read("x" * 60_000 + link) is None
    assert read(link + " " + "(" * 5_000_000) is not None


@pytest.mark.parametrize(
    "piece", ["sip:", "conf:sip:a@b;gruu", "<a href=", "meeting id: 1 2 ", "a.b/"]
)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    begun = time.process_time()
    read(piece * (50_000 // len(piece)))
    assert time.process_time() - begun < 1


def test_what_costs_extra_is_tried_last() -> None:
    join = read("Dial in: +49 900 1234567 or +44 20 7946 0311, conference ID 52417", "DE")
    assert join and numbers(join) == ["+442079460311", "+499001234567"]


def test_the_number_in_the_link_is_keyed_where_the_text_names_none() -> None:
    join = read("https://us05web.zoom.us/j/82345678901 or dial in: +44 203 481 5240")
    assert join and join.conference_id == "82345678901"
    join = read("https://us05web.zoom.us/j/82345678901")
    assert join and not join.conference_id


def test_shared_bodies(shared: Path) -> None:
    for row in json.loads((shared / "invitations" / "bodies.json").read_text("utf-8")):
        join = read(row["text"], "DE")
        assert join, row["id"]
        assert (join.provider, join.url) == (PROVIDERS[row["service"]], row["url"]), row["id"]
        assert next(iter(numbers(join)), None) == row["phone"], row["id"]
        assert (join.conference_id or None) == row["conference_id"], row["id"]
        assert join.sip_uri == row.get("conf_uri", ""), row["id"]
        if row["passcode"]:
            assert join.pin == row["passcode"], row["id"]


def test_shared_links(shared: Path) -> None:
    for row in json.loads((shared / "invitations" / "links.json").read_text("utf-8"))["cases"]:
        join = read(row["text"])
        provider = row["service"] and PROVIDERS.get(row["service"], "other")
        assert (join.provider if join else None) == provider, row["id"]
        if row["url"]:
            assert join and join.url == row["url"], row["id"]


def test_shared_properties(shared: Path) -> None:
    for row in json.loads((shared / "invitations" / "ics-properties.json").read_text("utf-8")):
        join = read("", "DE", **{row["property"].partition(";")[0]: row["value"]})
        assert join and join.provider == PROVIDERS[row["service"]], row["property"]
