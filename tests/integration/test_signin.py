"""Signing in: MSAL's real code, over real TLS, against a stand-in for Microsoft (a fake)."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest
import trustme
from fakes.authority import ADDRESS, USER_CODE, Authority, browse
from fakes.loopback import Answer
from parts import need

from assistant.errors import BrokenAnswer, SignInNeeded, Unreachable
from assistant.services.signin import Registration, SignIn
from assistant.services.tokens import TokenStore

READ = ("Calendars.Read",)


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """As on a machine without a desktop; and whatever keyring runs here is left alone."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def certificates() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trust(
    certificates: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """The stand-in's certificate is trusted, here and by what is under test."""
    file = tmp_path / "ca.pem"
    certificates.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return ssl.create_default_context(cafile=file)


@pytest.fixture
def authority(certificates: trustme.CA, trust: ssl.SSLContext) -> Iterator[Authority]:
    del trust  # only has to be set up
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificates.issue_cert("localhost").configure_cert(tls)
    with Authority(tls) as authority:
        yield authority


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "private" / "tokens.json"


class Desk:
    """One machine: every `start` is a new start of the program over the same stored tokens."""

    def __init__(self, authority: Authority, file: Path) -> None:
        self._authority = authority
        self._file = file
        self._started: list[SignIn] = []

    def start(self, *scopes: str) -> SignIn:
        registration = Registration(
            client_id="00000000-0000-0000-0000-000000000001",
            scopes=scopes or READ,
            authority=self._authority.url,
        )
        self._started.append(SignIn(registration, TokenStore(self._file)))
        return self._started[-1]

    def close(self) -> None:
        for sign_in in self._started:
            sign_in.close()


@pytest.fixture
def desk(authority: Authority, file: Path) -> Iterator[Desk]:
    desk = Desk(authority, file)
    yield desk
    desk.close()


def ignore(*_: str) -> None:
    """A person who needs not be shown anything."""


def test_device_code(authority: Authority, desk: Desk) -> None:
    shown = []
    authority.polls_before_approval = 1
    sign_in = desk.start()
    name = sign_in.device_code(lambda code, address: shown.append((code, address)))
    assert name == "anna@contoso.com"
    assert shown == [(USER_CODE, ADDRESS)]
    assert sign_in.token(READ) == "access1"
    assert sign_in.status().account == "anna@contoso.com"
    assert authority.grants == ["device_code", "device_code"]


def test_only_the_permissions_named_are_asked_for(authority: Authority, desk: Desk) -> None:
    desk.start("Calendars.ReadWrite", "Mail.Send").device_code(ignore)
    assert authority.granted - {"openid", "profile", "offline_access"} == {
        "Calendars.ReadWrite",
        "Mail.Send",
    }


def test_a_device_code_can_be_abandoned(authority: Authority, desk: Desk) -> None:
    authority.polls_before_approval = 99
    with pytest.raises(SignInNeeded, match="not entered in time"):
        desk.start().device_code(ignore, is_cancelled=lambda: True)


def test_a_browser_on_this_machine(
    desk: Desk, authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MSAL opens the standard library's browser; this one is a person in a hurry."""
    visits = []

    def open_browser(url: str) -> bool:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_browser)
    sign_in = desk.start()
    assert sign_in.browser(ignore) == "anna@contoso.com"
    assert sign_in.token(READ) == "access1"
    assert authority.grants == ["authorization_code"]
    visits[0].join()


def test_without_a_browser_the_link_is_shown(
    desk: Desk, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    visits = []

    def show(url: str) -> None:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()

    assert desk.start().browser(show) == "anna@contoso.com"
    visits[0].join()


def test_a_refusal_in_the_browser(
    desk: Desk, authority: Authority, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    authority.refusal = {"error": "access_denied", "error_description": "AADSTS65004: declined"}
    visits = []

    def show(url: str) -> None:
        visits.append(threading.Thread(target=browse, args=(url, trust)))
        visits[0].start()

    with pytest.raises(SignInNeeded, match="the permissions were declined"):
        desk.start().browser(show)
    visits[0].join()


def test_the_next_start_needs_no_sign_in(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    assert desk.start().token(READ) == "access1"
    assert authority.grants.count("refresh_token") == 0


def test_a_start_without_network_has_its_token(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    asked = len(authority.requests)
    sign_in = desk.start()
    assert sign_in.token(READ) == "access1"
    assert sign_in.status().account == "anna@contoso.com"
    assert len(authority.requests) == asked


def test_discovery_is_never_asked_for(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    desk.start().token(READ, renew=True)
    assert {request.path.rpartition("/")[2] for request in authority.requests} == {
        "devicecode",
        "token",
    }


def test_a_refused_token_is_renewed(authority: Authority, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.token(READ, renew=True) == "access2"
    assert desk.start().token(READ) == "access2"
    assert authority.grants[-1] == "refresh_token"


def test_a_token_near_its_end_is_renewed_early(authority: Authority, desk: Desk) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.token(READ) == "access2"


def test_a_refusal_is_announced_before_the_token_ends(authority: Authority, desk: Desk) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}
    assert sign_in.token(READ) == "access1"
    assert any("soon signed out" in warning for warning in sign_in.status().warnings)


def test_a_lost_network_near_the_end_of_a_token_is_no_warning(
    authority: Authority, desk: Desk
) -> None:
    authority.expires_in_s = 599
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.upset(Answer(status=503))
    assert sign_in.token(READ) == "access1"
    assert not any("soon signed out" in warning for warning in sign_in.status().warnings)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AADSTS50173", "revoked or the password changed"),
        ("AADSTS53003", "rules block this sign-in"),
        ("AADSTS65001", "nobody has agreed to these permissions"),
        ("AADSTS700082", "not used for 90 days"),
        ("AADSTS70043", "a fresh sign-in from time to time"),
        ("AADSTS90094", "an administrator has to approve"),
        ("AADSTS99999", "sign in again"),
    ],
)
def test_refusals_are_explained(authority: Authority, desk: Desk, code: str, words: str) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    told = f"{code}: A sentence for developers.\r\nTrace ID: 1\r\nCorrelation ID: 2"
    authority.refusal = {"error": "invalid_grant", "error_description": told}
    with pytest.raises(SignInNeeded) as caught:
        sign_in.token(READ, renew=True)
    assert words in str(caught.value)
    assert code in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Trace" not in str(caught.value)


def test_device_codes_forbidden_by_the_registration(authority: Authority, desk: Desk) -> None:
    told = "AADSTS7000218: The request body must contain: 'client_assertion' or 'client_secret'."
    authority.refusal = {"error": "invalid_client", "error_description": told}
    with pytest.raises(SignInNeeded, match="public client flows"):
        desk.start().device_code(ignore)


def test_permissions_nobody_agreed_to(desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    with pytest.raises(SignInNeeded, match="nobody has agreed"):
        sign_in.token(("Mail.Send",))


def test_a_sign_in_by_another_process_is_noticed(authority: Authority, desk: Desk) -> None:
    driving = desk.start()
    with pytest.raises(SignInNeeded):
        driving.token(READ)
    desk.start().device_code(ignore)
    assert driving.token(READ) == "access1"

    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}
    with pytest.raises(SignInNeeded):
        driving.token(READ, renew=True)
    authority.refusal = None
    desk.start().device_code(ignore)
    assert driving.token(READ, renew=True) == "access3"


def test_nobody_is_signed_in(desk: Desk) -> None:
    sign_in = desk.start()
    with pytest.raises(SignInNeeded, match="roadcall login"):
        sign_in.token(READ)
    assert sign_in.status().account == ""


def test_another_account_takes_the_place_of_the_first(authority: Authority, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.user = "ben@contoso.com"
    sign_in.device_code(ignore)
    assert sign_in.status().account == "ben@contoso.com"
    assert sign_in.token(READ) == "access2"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(body=b"<html>Hotel Wi-Fi</html>"), BrokenAnswer),
        (Answer(body=b'{"access_tok'), BrokenAnswer),
        (Answer(body=b"[]"), BrokenAnswer),
        (Answer(status=500, body=b"oops"), Unreachable),
        (Answer(status=400, body=b'{"error": "temporarily_unavailable"}'), Unreachable),
    ],
)
def test_bad_answers(
    authority: Authority, desk: Desk, answer: Answer, expected: type[Exception]
) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    authority.upset(answer)
    with pytest.raises(expected):
        sign_in.token(READ, renew=True)


def test_no_network(authority: Authority, desk: Desk) -> None:
    desk.start().device_code(ignore)
    authority.__exit__(None, None, None)
    later = desk.start()
    with pytest.raises(Unreachable):
        later.token(READ, renew=True)
    assert later.token(READ) == "access1"


@pytest.mark.parametrize(("off_s", "way"), [(-3600, "60 min ahead"), (3600, "60 min behind")])
def test_a_wrong_clock_is_named(authority: Authority, desk: Desk, off_s: float, way: str) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert not any("this clock" in warning for warning in sign_in.status().warnings)
    authority.clock_off_s = off_s
    authority.refusal = {"error": "invalid_grant", "error_description": "AADSTS1: no"}
    with pytest.raises(SignInNeeded, match=f"this clock is {way}"):
        sign_in.token(READ, renew=True)
    assert f"this clock is {way}" in sign_in.status().warnings


# Where tokens are kept.


def test_without_a_keyring_a_private_file_with_a_warning(file: Path, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert any("no system keyring" in warning for warning in sign_in.status().warnings)
    assert [path.name for path in file.parent.iterdir()] == ["tokens.json"]


def test_logout_leaves_nothing(file: Path, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    sign_in.logout()
    sign_in.logout()
    assert not file.exists()
    for later in (sign_in, desk.start()):
        with pytest.raises(SignInNeeded):
            later.token(READ)
    assert not file.exists()


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", '{"Account": 3}', "\x00" * 100, '{"AccessToken": {"a": 1}}']
)
def test_damaged_tokens_mean_signing_in_again(file: Path, desk: Desk, damage: str) -> None:
    file.parent.mkdir()
    file.write_text(damage)
    sign_in = desk.start()
    with pytest.raises(SignInNeeded):
        sign_in.token(READ)
    sign_in.device_code(ignore)
    assert desk.start().token(READ) == "access1"


def test_tokens_that_cannot_be_stored_still_work(file: Path, desk: Desk) -> None:
    file.parent.write_text("a file where the folder should be")
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.token(READ) == "access1"
    assert any("could not be kept" in warning for warning in sign_in.status().warnings)


KEYRING_ROUND = """
import pathlib, sys
from assistant.services.tokens import TokenStore
file = pathlib.Path(sys.argv[1])
store = TokenStore(file)
store.save("x" * 20_000)
assert TokenStore(file).load() == "x" * 20_000 and store.warning == "" and not file.exists()
store.wipe()
store.wipe()
assert TokenStore(file).load() == ""
"""


def test_a_real_keyring(file: Path, tmp_path: Path) -> None:
    """GNOME's keyring on a bus of its own, for a process of its own."""
    bus = need("dbus-run-session", "dbus")
    need("gnome-keyring-daemon", "gnome-keyring")
    unlock = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
    script = f'{unlock} && exec "$0" -c "$1" "$2"'
    shell = [bus, "--", "sh", "-c", script, sys.executable, KEYRING_ROUND, str(file)]
    own_folders = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        shell, env={**os.environ, **own_folders}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


class Safe(keyring.backend.KeyringBackend):
    """A keyring in memory, through the library's own door for back ends."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._knock()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._knock()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if not self.kept.pop((service, username), None):
            raise keyring.errors.PasswordDeleteError

    def _knock(self) -> None:
        if self.is_locked:
            raise keyring.errors.KeyringLocked


@pytest.fixture
def safe() -> Safe:
    safe = Safe()
    keyring.set_keyring(safe)
    return safe


def test_a_keyring_keeps_the_tokens(safe: Safe, file: Path, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert sign_in.status().warnings == ()
    assert not file.exists()
    assert "refresh1" in "".join(safe.kept.values())
    assert desk.start().token(READ) == "access1"
    sign_in.logout()
    assert safe.kept == {}


def test_a_locked_keyring_falls_back_to_the_file(safe: Safe, file: Path, desk: Desk) -> None:
    safe.is_locked = True
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert any("no system keyring" in warning for warning in sign_in.status().warnings)
    assert desk.start().token(READ) == "access1"
