"""Where the sign-in's tokens are kept: the system keyring, or else a file of mode 0600.

A refresh token opens the driver's calendar for months, so a plain file is used only where no
keyring answers, and says so. Neighbour: `signin` reads and writes one text through this.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from assistant.errors import ConfigError, Refused
from assistant.services.textfile import write_private


class TokenStore:
    """Keeps one text. Keyring services answer late or not at all before the desktop is unlocked,
    so this is not for the main thread."""

    def __init__(self, path: Path) -> None:
        """`path`: the file used where there is no keyring; its name tells accounts apart."""
        self._path = path
        self._entry = ("roadcall", path.stem)
        self._keyring = _usable_keyring()

    @property
    def warning(self) -> str:
        """What is not as safe as it could be, "" if nothing."""
        if self._keyring:
            return ""
        return f"no system keyring: the sign-in is kept in {self._path}, readable by you alone"

    def load(self) -> str:
        """The text, "" if none is kept. A file is newer: it was written when the keyring was
        locked, and goes as soon as that takes the text again."""
        if self._path.is_file():
            return self._path.read_text("utf-8", "replace")
        if self._keyring:
            try:
                return self._keyring.get_password(*self._entry) or ""
            except self._keyring.errors.KeyringError:
                self._keyring = None
        return ""

    def save(self, text: str) -> None:
        if self._keyring:
            try:
                self._keyring.set_password(*self._entry, text)
            except self._keyring.errors.KeyringError:
                self._keyring = None
            else:
                self._path.unlink(missing_ok=True)
                return
        write_private(self._path, text)

    def wipe(self) -> None:
        """Forget the text wherever it may be. Harmless twice.

        Raises: Refused when a locked keyring keeps it.
        """
        self._path.unlink(missing_ok=True)
        if keyring := _usable_keyring():
            try:
                keyring.delete_password(*self._entry)
            except keyring.errors.PasswordDeleteError:
                return  # there was none
            except keyring.errors.KeyringError as error:
                raise Refused("keyring", f"the sign-in is still in it: {error}") from error


def _usable_keyring() -> ModuleType | None:
    """The keyring library, if a real keyring stands behind it.

    Windows' credential manager holds 2,560 bytes an entry, less than one sign-in needs.
    """
    if sys.platform == "win32":
        return None
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    return keyring if keyring.get_keyring().priority >= 1 else None


def read_password(settings: Mapping[str, str], place: str, user: str) -> str:
    """The password of `user` at `place`: from `password_file`, else from the system keyring.

    Raises: ConfigError when there is none, or when the file can be read by others.
    """
    if "password_file" in settings:
        return _from_file(Path(settings["password_file"]).expanduser())
    entry = f"{user}@{place}"
    way_out = f"run `keyring set roadcall {entry}`, or set password_file"
    password = None
    if keyring := _usable_keyring():
        try:
            password = keyring.get_password("roadcall", entry)
        except keyring.errors.KeyringError as error:
            problem = f"the keyring does not open: {error}; unlock it, or set password_file"
            raise ConfigError("password", entry, problem) from error
    if not password:
        raise ConfigError("password", entry, f"is not known; {way_out}")
    return str(password)


def _from_file(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(str(path), "password_file", "can be read by others; chmod 600")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            str(path), "password_file", f"cannot be read: {error.strerror}"
        ) from error
