"""The desktop's own choice of program for a link, by scheme.

Asks xdg-mime which program is installed for `x-scheme-handler/<scheme>` and hands links to
`gio open` or `xdg-open`. Nothing here falls back to a browser: a `tel:` link that lands in a
search engine is worse than an honest "no program opens tel links".

Source: freedesktop.org Shared MIME-info and MIME Applications Associations specifications.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from assistant.errors import CallFailed, NoHandler

_ASK_TIMEOUT_S = 3.0
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}")


class SystemHandlers:
    """What is installed is asked once per scheme; a new program is found after a restart."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def has(self, scheme: str) -> bool:
        if scheme not in self._known:
            self._known[scheme] = self._opener() is not None and _default_for(scheme) != ""
        return self._known[scheme]

    def open(self, uri: str) -> None:
        """Start the program for `uri` and leave it running; `uri` has been checked before.

        Raises: NoHandler, CallFailed.
        """
        scheme = uri.partition(":")[0]
        opener = self._opener()
        if opener is None or not self.has(scheme):
            raise NoHandler(scheme)
        try:
            subprocess.run(  # setsid --fork: the program is nobody's child and outlives us
                ["setsid", "--fork", *opener, uri],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_ASK_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise CallFailed(f"{opener[0]} did not start") from error

    @staticmethod
    def _opener() -> tuple[str, ...] | None:
        if gio := shutil.which("gio"):
            return (gio, "open")
        if xdg_open := shutil.which("xdg-open"):
            return (xdg_open,)
        return None


def _default_for(scheme: str) -> str:
    """Desktop file of the program for `scheme`; "" when there is none (the tool's own answer)."""
    xdg_mime = shutil.which("xdg-mime")
    if xdg_mime is None or not _SCHEME.fullmatch(scheme):
        return ""
    try:
        answer = subprocess.run(
            [xdg_mime, "query", "default", f"x-scheme-handler/{scheme}"],
            capture_output=True,
            text=True,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
