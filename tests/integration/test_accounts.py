"""Whole accounts: from a configuration and a real CalDAV server to what is said and kept."""

from __future__ import annotations

import argparse
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest
from dav_servers import PASSWORD, DavServer, radicale, xandikos
from parts import eventually

from assistant.accounts import standings
from assistant.commands import Session
from assistant.core import events as ev
from assistant.core.model import Hypothesis, Interpretation
from assistant.door import perform
from assistant.errors import ConfigError
from assistant.news import News
from assistant.parked import logout

NOW = datetime(2026, 11, 23, 9, 0)
SERIES = (
    "BEGIN:VEVENT\r\nUID:standup\r\nSUMMARY:Stand-up\r\nRRULE:FREQ=DAILY\r\n"
    "DTSTART;TZID=Europe/Berlin:20261102T100000\r\nDTEND;TZID=Europe/Berlin:20261102T101500\r\n"
    "ATTENDEE;CN=Ben Carter:mailto:ben@x.example\r\nEND:VEVENT\r\n"
)
MOVED = (
    "BEGIN:VEVENT\r\nUID:standup\r\nSUMMARY:Stand-up\r\n"
    "RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000\r\n"
    "DTSTART;TZID=Europe/Berlin:20261123T103000\r\nDTEND;TZID=Europe/Berlin:20261123T104500\r\n"
    "ATTENDEE;CN=Ben Carter:mailto:ben@x.example\r\nEND:VEVENT\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:p\r\nFN:Priya Shah\r\nN:Shah;Priya;;;\r\n{0}END:VCARD\r\n"


def calendar(*events: str) -> str:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
    return f"{head}{''.join(events)}END:VCALENDAR\r\n"


def event(uid: str, hour: int, title: str, *more: str) -> str:
    lines = "".join(f"{line}\r\n" for line in more)
    return calendar(
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:{title}\r\n{lines}"
        f"DTSTART;TZID=Europe/Berlin:20261123T{hour:02}0000\r\n"
        f"DTEND;TZID=Europe/Berlin:20261123T{hour:02}3000\r\nEND:VEVENT\r\n"
    )


@pytest.fixture(params=[radicale, xandikos])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DavServer]:
    run: Callable[[Path], AbstractContextManager[DavServer]] = request.param
    with run(tmp_path) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The driver's folder, with the password beside it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    return tmp_path / "data" / "roadcall"


def options(folder: Path, *tables: str) -> argparse.Namespace:
    """Of a car in Berlin with these `[[calendars]]`."""
    config = folder / "car.toml"
    accounts = "".join(f"[[calendars]]\n{table}\n" for table in tables)
    config.write_text(f'zone = "Europe/Berlin"\n{accounts}')
    return argparse.Namespace(
        config=str(config), locale="", calendar=[], contacts=[], now=NOW, json=False
    )


def caldav(server: DavServer, name: str = "Work", more: str = "") -> str:
    return (
        f'kind = "caldav"\nname = "{name}"\nurl = "{server.calendar}"\nuser = "anna"\n'
        f'password_file = "~/password"\n{more}'
    )


@pytest.fixture(autouse=True)
def driver(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home.parents[1]))


def tell(session: Session, order: Interpretation) -> str:
    """What the dialogue says when the loop hands it the news."""
    dialog = session.door.dialog
    commands = dialog.handle(ev.Tapped(interpretation=order), session.clock())
    act = next(c for c in commands if isinstance(c, ev.Act))
    outcome = perform(act, session.car.world)
    done = ev.ActionDone(turn=act.turn, outcome=outcome)
    spoken = [c for c in dialog.handle(done, session.clock()) if isinstance(c, ev.Speak)]
    dialog.handle(ev.SpeechDone(), session.clock())
    return spoken[0].text


def say(session: Session, text: str) -> str:
    return session.door.say(Hypothesis(text=text)).reply


def look_again(session: Session, news: News) -> Interpretation | None:
    assert session.calendars.mirror
    session.calendars.mirror.hurry("Work")
    eventually(news.arrived, "news")
    session.car.refresh()
    return news.untold()


def test_what_changed_on_the_server_is_told_once(server: DavServer, tmp_path: Path) -> None:
    server.put("standup", calendar(SERIES))
    server.put("review", event("review", 14, "Budget review"))
    with Session(options(tmp_path, caldav(server))) as session:
        news = News(session.car, session.calendars)
        assert session.calendars.mirror
        session.calendars.mirror.start(3600, news.notice)
        server.put("standup", calendar(SERIES, MOVED))
        server.delete("review")
        order = look_again(session, news)
        assert order
        assert tell(session, order) == (
            "The ten o'clock moved to half past ten and the two o'clock was cancelled."
        )
        assert news.untold() is None
        assert "Stand-up is with Ben Carter" in say(session, "who's coming")
        assert "moved to half past ten" in say(session, "what has changed")


def test_what_the_driver_changes_is_no_news(server: DavServer, tmp_path: Path) -> None:
    server.put("review", event("review", 14, "Budget review"))
    with Session(options(tmp_path, caldav(server))) as session:
        news = News(session.car, session.calendars)
        assert session.calendars.mirror
        session.calendars.mirror.start(3600, news.notice)
        say(session, "move the budget review to four o'clock")
        say(session, "yes")
        eventually(news.arrived, "the change to come back")
        assert news.untold() is None
        session.car.refresh()
        assert (
            say(session, "when is the budget review") == "Budget review is today at four o'clock."
        )
        server.put("late", event("late", 17, "Late call"))
        order = look_again(session, news)
        assert order and tell(session, order) == "New at five o'clock: Late call."


def test_a_cancelled_meeting_that_stays_in_the_feed_is_not_next(
    server: DavServer, tmp_path: Path
) -> None:
    server.put("a", event("a", 10, "Off", "STATUS:CANCELLED"))
    server.put("b", event("b", 11, "On"))
    with Session(options(tmp_path, caldav(server))) as session:
        assert say(session, "what's next").startswith("Next is On at eleven")


def other(server: DavServer, tmp_path: Path, *events: str) -> str:
    """A second account: a file, with the same meeting under another UID."""
    del server
    file = tmp_path / "other.ics"
    file.write_text(calendar(*events), newline="")
    return f'kind = "ics"\nname = "Home"\npath = "{file}"'


def body(text: str) -> str:
    return text.partition("EN\r\n")[2].removesuffix("END:VCALENDAR\r\n")


def test_one_meeting_of_two_accounts_counts_once(server: DavServer, tmp_path: Path) -> None:
    server.put("a", event("a", 10, "Budget review"))
    same, own = body(event("x", 10, "Budget review")), body(event("y", 12, "Dentist"))
    tables = caldav(server), other(server, tmp_path, same, own)
    with Session(options(tmp_path, *tables)) as session:
        told = [(a.title, a.calendar) for a in session.car.copy.appointments]
        assert told == [("Budget review", "Work"), ("Dentist", "Home")]
        refused = say(session, "cancel the dentist")
        say(session, "yes")
    with Session(options(tmp_path, *tables)) as session:
        assert "Dentist" in [a.title for a in session.car.copy.appointments], refused


def test_a_calendar_is_asked_for_by_its_name(server: DavServer, tmp_path: Path) -> None:
    server.put("a", event("a", 10, "Budget review"))
    home = other(server, tmp_path, body(event("y", 12, "Dentist")))
    with Session(options(tmp_path, caldav(server), home)) as session:
        assert say(session, "what's on my home calendar today") == (
            "One appointment today: Dentist at noon."
        )
        assert say(session, "what's next on my work calendar").startswith("Next is Budget review")
        assert say(session, "am i free at noon in my work calendar").startswith("Yes")
        assert say(session, "am i free at noon").startswith("No, you have Dentist")


def test_new_entries_go_where_the_configuration_says(server: DavServer, tmp_path: Path) -> None:
    server.put("a", event("a", 10, "Budget review"))
    two = caldav(server), caldav(server, "Team", "writable = true")
    with Session(options(tmp_path, *two)) as session:
        say(session, "add a meeting called lunch tomorrow at noon")
        say(session, "yes")
        assert session.calendars.mirror
        session.calendars.mirror.sync()
        found = session.calendars.mirror.status()
        assert [one.count for one in found] == [2, 2]  # both names are the one calendar
    with Session(options(tmp_path, caldav(server), caldav(server, "Team"))) as session:
        say(session, "add a meeting called dinner tomorrow at noon")
        told = say(session, "yes")
        session.calendars.mirror.sync()  # type: ignore[union-attr]
        assert [one.count for one in session.calendars.mirror.status()] == [2, 2], told  # type: ignore[union-attr]
    both = caldav(server, more="writable = true"), two[1]
    with pytest.raises(ConfigError, match=r"writable.*one calendar"):
        Session(options(tmp_path, *both))


def test_a_change_without_signal_is_told_and_not_made(server: DavServer, tmp_path: Path) -> None:
    server.put("review", event("review", 14, "Budget review"))
    with Session(options(tmp_path, caldav(server))) as session:
        assert say(session, "what's next").startswith("Next is Budget review")
    gone = caldav(server).replace(server.root, "http://127.0.0.1:9/")
    with Session(options(tmp_path, gone)) as session:
        assert say(session, "move the budget review to four").endswith("at four o'clock?")
        assert say(session, "yes") == "I can't reach Work. Nothing was changed or sent."
    assert "T140000" in server.get("review")
    with Session(options(tmp_path, caldav(server))) as session:
        say(session, "move the budget review to four")
        assert say(session, "no make it five").endswith("at five o'clock?")
        assert say(session, "yes") == "Moved."
    assert "T170000" in server.get("review")


class HangsUp(socketserver.BaseRequestHandler):
    """Takes what it is asked, and answers nothing."""

    def handle(self) -> None:
        self.request.recv(65536)


def test_a_change_that_was_cut_off_is_not_called_undone(server: DavServer, tmp_path: Path) -> None:
    server.put("review", event("review", 14, "Budget review"))
    with Session(options(tmp_path, caldav(server))) as session:
        assert say(session, "what's next").startswith("Next is Budget review")
    with socketserver.TCPServer(("127.0.0.1", 0), HangsUp) as mute:
        threading.Thread(target=mute.serve_forever, args=(0.01,), daemon=True).start()
        gone = caldav(server).replace(server.root, f"http://127.0.0.1:{mute.server_address[1]}/")
        with Session(options(tmp_path, gone)) as session:
            say(session, "move the budget review to four")
            assert say(session, "yes").startswith("Work didn't answer. Please check later")
        mute.shutdown()


def test_people_of_the_account_are_named_without_signal(
    server: DavServer, tmp_path: Path, home: Path
) -> None:
    if server.kind == "xandikos":
        book = f"{server.root}anna/contacts/addressbook/"
    else:
        book = f"{server.root}anna/people/"
        shape = (
            '<d:mkcol xmlns:d="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>'
            "<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype>"
            "</d:prop></d:set></d:mkcol>"
        )
        assert server.web.request("MKCOL", book, {}, shape.encode()).status == 201
    server.put("a", event("a", 10, "Budget review"))
    card = CARD.format("NICKNAME:Pri\r\nTEL;TYPE=CELL:+44 20 7946 0101\r\n").encode()
    server.web.request("PUT", f"{book}p.vcf", {"Content-Type": "text/vcard"}, card)
    setup = options(tmp_path, caldav(server, more=f'people = "{server.root}"'))
    with Session(setup) as session:
        assert say(session, "call pri") == "Calling Priya Shah."
        lines = [one.says for one in standings(session)]
        assert lines[0].startswith("Work: as of Mon 09:00, 1 appointments, 0 people in them")
        assert "zones Europe/Berlin, next Budget review Mon 10:00" in lines[0]
        assert lines[1].endswith("1 of them")
    gone = caldav(server, more='people = "http://127.0.0.1:9/"').replace(
        server.root, "http://127.0.0.1:9/"
    )
    with Session(options(tmp_path, gone)) as session:
        assert say(session, "call pri") == "Calling Priya Shah."
        assert say(session, "what's next").startswith("Next is Budget review")
        lines = [one.says for one in standings(session)]
        assert all("check the network" in line for line in lines)
    kept = sorted(file.name for file in home.iterdir())
    assert kept == ["mirror.sqlite", "people-Work.vcf"]
    assert logout(setup) == 0
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('kind = "caldav"\nurl = "https://x.example"\nuser = "a"\npassword = "x"', "password"),
        ('kind = "ics"\npath = "x.ics"\npeople = true', "people"),
        ('kind = "ics"\npath = "x.ics"\nuser = "a"\npeople = "https://x.example"', "people url"),
        ('kind = "ics"\npath = "x.ics"\nwritable = true', "writable"),
        ('kind = "graph"\nclient_id = "1"\ncolour = "blue"', "graph.colour is not a setting"),
    ],
)
def test_what_an_account_cannot_mean_is_refused(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Session(options(tmp_path, table))
    assert all(word in str(caught.value).replace(":", "") for word in words.split())


def test_no_account_is_no_empty_day(tmp_path: Path) -> None:
    setup = options(tmp_path)
    people = tmp_path / "people.vcf"
    people.write_text(CARD.format(""))
    setup.contacts = [str(people)]
    with Session(setup) as session:
        assert say(session, "what's next") == "No calendar is set up."
        assert list(standings(session)) == []
