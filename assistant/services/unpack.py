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
            for entry in entries:
                _check(archive, entry)
            if sum(entry.file_size for entry in entries) > largest:
                raise BrokenAnswer(archive.name, "unpacks to too much")
            zipped.extractall(folder)  # which writes no more than an entry says of itself
    except _BROKEN as error:
        raise BrokenAnswer(archive.name, f"is no whole ZIP archive ({error})") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise BrokenAnswer(archive.name, f"holds {error.filename} twice") from error


def _check(archive: Path, entry: zipfile.ZipInfo) -> None:
    """Raises BrokenAnswer for a name that leads outside, and for a link."""
    path = PurePosixPath(entry.filename)
    odd = any(sign in entry.filename for sign in "\\:\0")
    if odd or path.is_absolute() or ".." in path.parts or not path.parts:
        raise BrokenAnswer(archive.name, f"wants to write to {entry.filename[:80]!r}")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BrokenAnswer(archive.name, f"holds a link or device {entry.filename[:80]!r}")
