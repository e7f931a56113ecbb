"""Signing in from the car: `roadcall drive`, its page in a browser, its voice from the speaker.

MSAL, Chromium, the sound server and the voice are real; Microsoft's servers are stand-ins (fakes).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from fakes.authority import ADDRESS, USER_CODE, Authority
from fakes.graph import GraphMailbox
from fakes.graph_events import event
from playwright.sync_api import Page, expect

from assistant.speech.recognizer import RECORDINGS, Recognizer
from tests.browser.launch import chromium_running
from tests.hardware.live_drive import LiveDrive
from tests.hardware.sentences import ROOT, recognised, spoken
from tests.hardware.sound_server import SoundServer, started
from tests.integration.parts import eventually, free_port

SOON_MS = 20_000
ASKED = "please sign in to microsoft three hundred and sixty five again when parked"
TOLD = "go to microsoft dot com slash device login and enter a b c d one two three four"
OTHER = "go to microsoft dot com slash device login and enter a b d c one three two four"
DONE = "you're signed in to microsoft three hundred and sixty five"
LATE = (
    "the code for microsoft three hundred and sixty five has run out ask for a new one when parked"
)
DECLINED = "the sign in to microsoft three hundred and sixty five was declined"
SENTENCES = (ASKED, TOLD, OTHER, DONE, LATE, DECLINED)


class Motion:
    """What knows whether the car stands, and says so every second as long as it lives."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell)
        self.now = "parked"
        self._file.write_text(self.now)

    def __enter__(self) -> Motion:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._over.wait(0.5):
            self._file.write_text(self.now)


class Cabin:
    """A parked car whose account has to be signed in, and the page beside its wheel."""

    def __init__(self, drive: LiveDrive, page: Page, motion: Motion) -> None:
        self._recognizer = Recognizer(ROOT / "models" / "en", limits=RECORDINGS)
        self._heard = 0
        self.drive = drive
        self.page = page
        self.motion = motion

    def says(self) -> str:
        """The next sentence that comes out of the speaker."""
        self._heard += 1
        try:
            return eventually(lambda: self._sentence(self._heard), f"sentence {self._heard}", 60)
        except AssertionError as error:
            said = f"{len(self.drive.replies())} replies, {self.drive.lines[-3:]}"
            raise AssertionError(f"{error}: {said}") from error

    def _sentence(self, number: int) -> str:
        """ "" as long as it is not said to its end."""
        replies = self.drive.replies()
        if len(replies) < number:
            return ""
        return recognised(self._recognizer, spoken(replies[number - 1]), *SENTENCES)

    def ask(self) -> None:
        self.page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    yield from started(tmp_path)


@pytest.fixture
def cabin(
    server: SoundServer,
    authority: Authority,
    mailbox: GraphMailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Cabin]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    mailbox.tokens |= {f"access{n}" for n in range(100)}
    mailbox.put(event("a", datetime(2026, 3, 10, 10), subject="Budget review"))
    authority.polls_before_approval = 10_000
    motion = Motion(tmp_path / "motion")
    drive = LiveDrive(
        tmp_path,
        server,
        f'zone = "Europe/London"\ndisplay_port = {free_port()}\nvehicle = "{tmp_path / "motion"}"\n'
        '[[calendars]]\nkind = "graph"\nclient_id = "1"\ntenant = "contoso.com"\n'
        f'authority = "{authority.url}"\ngraph = "{mailbox.url}"\n',
    )
    with motion, chromium_running() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 480})
        page.set_default_timeout(SOON_MS)
        page.goto((tmp_path / "roadcall.url").read_text().strip())
        yield Cabin(drive, page, motion)
    assert drive.stop() == 0, drive.lines
    assert not drive.says("Traceback") and not drive.says(USER_CODE), drive.lines


def test_code_is_shown_and_spelt_while_parked_and_gone_when_moving(
    cabin: Cabin, authority: Authority
) -> None:
    assert cabin.says() == ASKED
    cabin.ask()
    code, address = cabin.page.get_by_text(USER_CODE), cabin.page.get_by_text("microsoft.com/dev")
    expect(code).to_be_visible(timeout=SOON_MS)
    expect(address).to_be_visible()
    assert cabin.says() == TOLD
    cabin.motion.now = "moving"
    expect(code).to_have_count(0, timeout=SOON_MS)
    assert ADDRESS.partition("//")[2] not in cabin.page.content()
    cabin.motion.now = "parked"
    expect(code).to_be_visible(timeout=SOON_MS)
    authority.polls_before_approval = 0
    assert cabin.says() == DONE
    expect(code).to_have_count(0, timeout=SOON_MS)
    expect(cabin.page.get_by_role("button", name="Sign in")).to_have_count(0)
    expect(cabin.page.get_by_role("button", name="Budget review")).to_be_visible(timeout=40_000)


@pytest.mark.parametrize(
    ("error", "sentence"), [("expired_token", LATE), ("authorization_declined", DECLINED)]
)
def test_what_comes_of_a_code_is_said(
    cabin: Cabin, authority: Authority, error: str, sentence: str
) -> None:
    assert cabin.says() == ASKED
    cabin.ask()
    assert cabin.says() == TOLD
    authority.refusal = {"error": error, "error_description": "AADSTS1: no"}
    assert cabin.says() == sentence
    expect(cabin.page.get_by_text(USER_CODE)).to_have_count(0, timeout=SOON_MS)
    expect(cabin.page.get_by_role("button", name="Sign in")).to_be_visible()
