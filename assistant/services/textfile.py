"""Files of calendars, address books and tokens: read whatever program wrote them, kept private."""

from __future__ import annotations

import os
from pathlib import Path


def decode(raw: bytes) -> str:
    """Text by the byte-order mark, else UTF-8, else cp1252, which old Outlook writes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def write_private(path: Path, text: str) -> None:
    """All or nothing, and never readable by others, not even for a moment. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def data_folder() -> Path:
    """Where copies and tokens live, readable by the driver alone.

    Source: XDG Base Directory Specification, XDG_DATA_HOME.
    """
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folder = Path(base) / "roadcall"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
