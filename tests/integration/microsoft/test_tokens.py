"""Where a sign-in's tokens are kept: keyrings, private files, and what damage does to them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from fakes.desk import READ, Desk, ignore
from parts import need

from assistant.errors import ConfigError, Refused, SignInNeeded
from assistant.microsoft import build_sign_in
from assistant.services.tokens import TokenStore, read_password


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
from assistant.services.tokens import TokenStore, read_password
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
        self._knock()
        if not self.kept.pop((service, username), None):
            raise keyring.errors.PasswordDeleteError

    def _knock(self) -> None:
        if self.is_locked:
            raise keyring.errors.KeyringLocked("locked")


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


def test_a_logout_that_leaves_something_says_so(safe: Safe, desk: Desk) -> None:
    sign_in = desk.start()
    sign_in.device_code(ignore)
    safe.is_locked = True
    with pytest.raises(Refused, match="still in it"):
        sign_in.logout()


def test_accounts_are_told_apart(safe: Safe, tmp_path: Path) -> None:
    work, club = TokenStore(tmp_path / "work.json"), TokenStore(tmp_path / "club.json")
    work.save("work's")
    club.save("club's")
    assert (work.load(), club.load()) == ("work's", "club's")
    work.wipe()
    assert list(safe.kept.values()) == ["club's"]


def test_a_locked_keyring_falls_back_to_the_file(safe: Safe, file: Path, desk: Desk) -> None:
    safe.is_locked = True
    sign_in = desk.start()
    sign_in.device_code(ignore)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert any("no system keyring" in warning for warning in sign_in.status().warnings)
    assert desk.start().token(READ) == "access1"
    safe.is_locked = False  # the desktop is unlocked by the next start
    assert desk.start().token(READ) == "access1"


def test_a_password_in_a_locked_keyring_is_one_clear_line(safe: Safe) -> None:
    safe.kept["roadcall", "anna@https://cloud.example"] = "secret"
    assert read_password({}, "https://cloud.example", "anna") == "secret"
    safe.is_locked = True
    with pytest.raises(ConfigError, match="the keyring does not open: locked; unlock it"):
        read_password({}, "https://cloud.example", "anna")


def test_an_account_without_client_id_is_one_clear_line() -> None:
    with pytest.raises(ConfigError, match="client_id: is missing"):
        build_sign_in({})
