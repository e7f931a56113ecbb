"""A Microsoft account from its configuration to what is said, over stand-ins (fakes) and MSAL."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

import pytest
from fakes.authority import USER_CODE, Authority
from fakes.graph import GraphMailbox
from fakes.graph_events import event

from assistant.accounts import standings
from assistant.commands import Session
from assistant.config import Account
from assistant.core.events import DeviceBack, DeviceFailed
from assistant.core.model import Hypothesis
from assistant.microsoft import microsoft_accounts
from assistant.news import News
from assistant.parked import login, logout

NOW = datetime(2026, 11, 23, 9, 0)
ANNA = {
    "id": "1",
    "displayName": "Priya Shah",
    "nickName": "Pri",
    "mobilePhone": "+44 20 7946 0101",
}


@pytest.fixture
def options(
    authority: Authority, mailbox: GraphMailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> argparse.Namespace:
    """A car with one account; its tokens open the stand-in mailbox."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    mailbox.tokens |= {f"access{n}" for n in range(100)}
    mailbox.put(event("a", datetime(2026, 11, 23, 10), subject="Budget review"))
    mailbox.contacts = [ANNA]
    config = tmp_path / "car.toml"
    config.write_text(
        'zone = "Europe/London"\n[[calendars]]\nkind = "graph"\nname = "Work"\nclient_id = "1"\n'
        f'tenant = "contoso.com"\nauthority = "{authority.url}"\ngraph = "{mailbox.url}"\n'
        "people = true\n"
    )
    return argparse.Namespace(
        config=str(config), locale="", calendar=[], contacts=[], now=NOW, browser=False
    )


def test_sign_in_read_name_people_and_forget(
    options: argparse.Namespace,
    authority: Authority,
    mailbox: GraphMailbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert login(options) == 0
    told = capsys.readouterr().out
    assert USER_CODE in told and "signed in as anna@contoso.com" in told
    assert {"Calendars.Read", "Contacts.Read", "People.Read"} <= authority.granted
    assert not {"Calendars.ReadWrite", "Mail.Send"} & authority.granted
    with Session(options) as session:
        assert session.door.say(Hypothesis(text="what's next")).reply.startswith("Next is Budget")
        assert session.door.say(Hypothesis(text="call pri")).reply.startswith("Calling Priya Shah")
        lines = [one.says for one in standings(session)]
    assert [line.partition(":")[0] for line in lines] == [
        "Work",
        "Work",
        lines[2].partition(":")[0],
    ]
    assert "1 appointments" in lines[0] and "1 of them" in lines[1]
    assert lines[2].startswith("signed in as anna@contoso.com")
    folder = tmp_path / "data" / "roadcall"
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    for draft in ("people-Work.4711", "microsoft.4711", "calls.4711"):
        (folder / draft).touch()  # of a process that was killed while it wrote
    assert logout(options) == 0
    assert list(folder.iterdir()) == []
    asked = len(mailbox.requests)
    with Session(options) as session:
        lines = [one.says for one in standings(session)]
    assert all("roadcall login" in line for line in lines)
    assert len(mailbox.requests) == asked


def test_a_refusal_is_known_before_the_token_ends_and_said_once(
    options: argparse.Namespace, authority: Authority
) -> None:
    authority.expires_in_s = 400
    login(options)
    with Session(options) as session:
        authority.refusal = {
            "error": "invalid_grant",
            "error_description": "AADSTS50173: The grant has been revoked.",
        }
        lines = [one.says for one in standings(session)]
        assert any("soon signed out" in line and "revoked" in line for line in lines)
        assert "1 appointments" in lines[0]
        news = News(session.car, session.calendars)
        assert isinstance(news.trouble(), DeviceFailed)
        assert news.trouble() is None
        authority.refusal, authority.expires_in_s = None, 3600
        login(options)  # in another terminal
        list(standings(session))
        assert news.trouble() == DeviceBack(kind="sign_in", device="Microsoft 365")
        assert news.trouble() is None
    logout(options)
    with Session(options) as session:
        news = News(session.car, session.calendars)
        assert news.trouble()
        assert news.trouble() is None


def test_calendars_of_one_account_share_its_sign_in() -> None:
    one = {"client_id": "1", "can_change": "False"}
    two = {"client_id": "1", "can_change": "True", "people": "False"}
    three = {"client_id": "1", "account": "second", "people": "True"}
    accounts = microsoft_accounts([Account(kind="graph", settings=s) for s in (one, two, three)])
    assert list(accounts) == ["", "second"]
    assert accounts[""]["can_change"] == "True"
    assert "people" not in accounts[""] or accounts[""]["people"] == "False"
