"""A ZIP archive from elsewhere, unpacked without trusting it.

Nothing is written outside the folder, no link is made, and no more than the bound is written,
whatever the archive says of itself.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from assistant.errors import BrokenAnswer

_CHUNK = 256 * 1024
_MOST_FILES = 1000
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError)


def unpack(archive: Path, folder: Path, largest: int) -> None:
    """Writes the archive's files into `folder`, `largest` bytes at most.

    Raises: BrokenAnswer, naming what is wrong with the archive.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            entries = zipped.infolist()
            if len(entries) > _MOST_FILES:
                raise BrokenAnswer(archive.name, f"holds {len(entries)} files")
            paths = [_safe_path(archive, entry) for entry in entries]
            room = largest
            for entry, path in zip(entries, paths, strict=True):
                if entry.is_dir():
                    (folder / path).mkdir(parents=True, exist_ok=True)
                else:
                    room -= _write(zipped, entry, folder / path, room)
    except _BROKEN as error:
        raise BrokenAnswer(archive.name, f"is no whole ZIP archive ({error})") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise BrokenAnswer(archive.name, f"holds {error.filename} twice") from error


def _safe_path(archive: Path, entry: zipfile.ZipInfo) -> PurePosixPath:
    """Raises BrokenAnswer for a name that leads outside, and for a link."""
    path = PurePosixPath(entry.filename)
    odd = any(sign in entry.filename for sign in "\\:\0")
    if odd or path.is_absolute() or ".." in path.parts or not path.parts:
        raise BrokenAnswer(archive.name, f"wants to write to {entry.filename[:80]!r}")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BrokenAnswer(archive.name, f"holds a link or device {entry.filename[:80]!r}")
    return path


def _write(zipped: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, room: int) -> int:
    """Returns the bytes written. Raises BrokenAnswer when they are more than `room`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with zipped.open(entry) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > room:
                raise BrokenAnswer(Path(zipped.filename or "").name, "unpacks to too much")
            target.write(chunk)
    return written
