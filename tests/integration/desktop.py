"""A desktop with chosen programs for links: real desktop tools, a program that takes notes."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from parts import need

_ENTRY = """\
[Desktop Entry]
Type=Application
Name=Softphone
Exec={program} %u
NoDisplay=true
MimeType={types}
"""


class Desktop:
    def __init__(
        self, folder: Path, schemes: Sequence[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A home in `folder` where one program opens every scheme of `schemes`."""
        need("xdg-mime", "xdg-utils")
        self._noted = folder / "opened"
        program = folder / "softphone"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{self._noted}"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        types = [f"x-scheme-handler/{scheme}" for scheme in schemes]
        applications = folder / "data" / "applications"
        applications.mkdir(parents=True)
        entry = _ENTRY.format(program=program, types="".join(f"{kind};" for kind in types))
        (applications / "softphone.desktop").write_text(entry)
        lines = ["[Default Applications]", *(f"{kind}=softphone.desktop" for kind in types)]
        (folder / "config").mkdir()
        (folder / "config" / "mimeapps.list").write_text("\n".join(lines) + "\n")
        for name, value in (
            ("HOME", folder),
            ("XDG_DATA_HOME", folder / "data"),
            ("XDG_CONFIG_HOME", folder / "config"),
            ("XDG_DATA_DIRS", folder / "none"),
            ("XDG_CONFIG_DIRS", folder / "none"),
        ):
            monkeypatch.setenv(name, str(value))
        monkeypatch.setenv("DISPLAY", ":99")  # xdg-open asks for one before it looks for programs
        for name in ("XDG_CURRENT_DESKTOP", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(name, raising=False)

    @property
    def opened(self) -> list[str]:
        """Links handed to the program so far."""
        return self._noted.read_text().splitlines() if self._noted.exists() else []
