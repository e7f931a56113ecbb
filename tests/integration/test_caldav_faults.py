"""CalDAV servers that break, lie or vanish: one clear error, bounded work, the last copy kept."""

from __future__ import annotations

import argparse
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dav_servers import PASSWORD, DavServer, radicale, xandikos

from assistant.commands import Session
from assistant.core.events import DeviceFailed
from assistant.core.model import Span
from assistant.errors import BrokenAnswer, NotFound, ServiceError, SignInNeeded, Unreachable
from assistant.news import News
from assistant.services.calendars.caldav import CalDav
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.vevent import Reader
from assistant.services.web import Limits, Web

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
DAY = Span(start=NOW.replace(hour=0), end=NOW.replace(hour=0) + timedelta(days=1))
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
    "SUMMARY:Budget\r\nDTSTART:20261123T100000Z\r\n{0}END:VEVENT\r\nEND:VCALENDAR\r\n"
)
HEAD = '<?xml version="1.0"?>'
NAMES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
LAUGHS = f'{HEAD}<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 40}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def listing(*responses: str) -> str:
    return f"{HEAD}<d:multistatus {NAMES}>{''.join(responses)}</d:multistatus>"


def response(href: str, props: str) -> str:
    stat = f"<d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{stat}</d:response>"


CALENDAR = response("/desk/", "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>")


@contextmanager
def serving(status: int, *bodies: str) -> Iterator[tuple[str, list[str | None]]]:
    """A server that answers one body after the other, the last one for ever, and whom it was
    asked by."""
    asked: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = bodies[min(len(asked), len(bodies) - 1)].encode()
            asked.append(self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PROPFIND(self) -> None:
            self.answer()

        def do_REPORT(self) -> None:
            self.answer()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up in the middle are what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/desk/", asked
        server.shutdown()


def account(url: str, user: str = "anna", password: str = PASSWORD) -> CalDav:
    reader = Reader(name="Work", zone=BERLIN)
    web = Web("Work", user, password, limits=Limits(largest_bytes=8 * 2**20))
    return CalDav(url, reader, web, lambda: NOW)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html><title>Hotel Wi-Fi</title></html>", BrokenAnswer),
        (207, "<html><title>Hotel Wi-Fi</title></html>", ServiceError),
        (207, listing(CALENDAR)[:-20], BrokenAnswer),
        (207, "", BrokenAnswer),
        (207, f"{LAUGHS}]><d:multistatus {NAMES}>&i;</d:multistatus>", BrokenAnswer),
        (207, listing("<d:response>" * 20_000 + "</d:response>" * 20_000), ServiceError),
        (207, listing(response("x" * 9_000_000, "")), BrokenAnswer),
        (401, "", SignInNeeded),
        (404, "", NotFound),
        (500, "oops", BrokenAnswer),
    ],
    ids=["portal", "portal-207", "half", "empty", "laughs", "deep", "huge", "401", "404", "500"],
)
def test_every_failure_is_one_of_ours(status: int, body: str, error: type[ServiceError]) -> None:
    with serving(status, body) as (url, asked):
        tracemalloc.start()
        with pytest.raises(error) as caught:
            account(url).sync(DAY)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(asked) <= 10
    assert peak < 64 * 2**20


@pytest.mark.parametrize("href", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://[", "x:y"])
def test_addresses_that_are_none_are_not_followed(href: str) -> None:
    principal = response(
        "/", f"<d:current-user-principal><d:href>{href}</d:href></d:current-user-principal>"
    )
    with serving(207, listing(principal)) as (url, _), pytest.raises(ServiceError) as caught:
        account(url).sync(DAY)
    assert "leads to" in str(caught.value)


def test_a_huge_entry_does_not_hide_the_good_one() -> None:
    def entry(href: str, text: str) -> str:
        return response(href, f"<c:calendar-data>{text}</c:calendar-data>")

    crowd = "".join(f"ATTENDEE:mailto:p{n}@x.example\r\n" for n in range(10_000))
    huge = EVENT.format(f"DESCRIPTION:{'x' * 4_000_000}\r\n{crowd}").replace("UID:a", "UID:huge")
    bomb = EVENT.format("RRULE:FREQ=SECONDLY;COUNT=1000000000\r\n").replace("UID:a", "UID:bomb")
    entries = (
        entry("/desk/h.ics", huge),
        entry("/desk/b.ics", bomb),
        entry("/desk/a.ics", EVENT.format("")),
    )
    with serving(
        207, listing(CALENDAR), listing(CALENDAR), listing(CALENDAR), listing(*entries)
    ) as (url, _):
        found = account(url).sync(Span(start=DAY.start, end=DAY.end + timedelta(days=14)))
    by_uid = {one.uid: one for one in found.appointments}
    assert set(by_uid) == {"huge", "a"}
    assert len(by_uid["huge"].attendees) == 1_000
    assert any("repeats too often" in problem for problem in found.problems)


@pytest.mark.parametrize("run", [radicale, xandikos])
def test_a_deleted_calendar_and_a_refused_password_keep_the_copy(
    run: Callable[[Path], AbstractContextManager[DavServer]], tmp_path: Path
) -> None:
    with run(tmp_path) as server:
        check_copy_is_kept(server, tmp_path)


def check_copy_is_kept(server: DavServer, tmp_path: Path) -> None:
    server.put("a", EVENT.format(""))
    source = account(server.calendar, server.user)
    with Mirror(tmp_path / "m.sqlite", [source], BERLIN, lambda: NOW) as mirror:
        mirror.sync()
        assert server.web.request("DELETE", server.calendar, {}).status in (200, 204)
        for _ in range(2):
            assert mirror.sync() == ()
            (status,) = mirror.status()
            assert isinstance(status.error, NotFound)
            assert [one.title for one in mirror.read(DAY).appointments] == ["Budget"]


def test_a_calendar_that_was_never_read_is_said_once_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    good, config = tmp_path / "good.ics", tmp_path / "car.toml"
    good.write_text(EVENT.format(""), newline="")
    config.write_text(
        f'[[calendars]]\nkind = "ics"\nname = "Good"\npath = "{good}"\n'
        '[[calendars]]\nkind = "ics"\nname = "Far"\nurl = "http://127.0.0.1:9/x.ics"\n'
    )
    options = argparse.Namespace(
        config=str(config), locale="", calendar=[], contacts=[], now=NOW.replace(tzinfo=None)
    )
    with Session(options) as session:
        news = News(session.car, session.calendars)
        trouble = news.trouble()
        assert isinstance(trouble, DeviceFailed) and isinstance(trouble.error, Unreachable)
        assert trouble.error.values["service"] == "Far"
        assert news.trouble() is None
        assert [one.title for one in session.car.copy.appointments] == ["Budget"]


def test_what_nobody_foresaw_is_named_without_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd:
        name = "Work"

        def sync(self, window: Span, state: str = "") -> object:
            del window, state
            raise LookupError("password geheim of Budget review")

    with Mirror(tmp_path / "m.sqlite", [Odd()], BERLIN, lambda: NOW) as mirror:  # type: ignore[list-item]
        mirror.sync()
        (status,) = mirror.status()
        with pytest.raises(BrokenAnswer, match="unexpected LookupError in test_caldav_faults"):
            mirror.read(DAY)
    assert isinstance(status.error, BrokenAnswer) and status.error.retryable
    assert "LookupError" in caplog.text
    assert "geheim" not in caplog.text + str(status.error)


def test_a_dead_server_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        account("http://127.0.0.1:9/").sync(DAY)
