"""A large file from a server: with progress, resumed where it broke off, and checked.

What has come is kept beside the target as `*.part` with the server's mark of the file's version
(ETag or Last-Modified); another try asks only for the rest of the same version.

Source: RFC 9110 §14 (ranges), §13.1.5 (If-Range), §15.5.17 (416).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistant.errors import BrokenAnswer, NotFound, Refused, TooSlow, Unreachable

Progress = Callable[[int, int], None]
"""Bytes there are, and bytes there will be."""

_TIMEOUT_S = 20.0
"""For a connection, and for every silence after it."""
_TRIES = 5
"""How often a download goes on after it broke off and had brought something."""
_SPACE = 1 << 24
"""What must stay free on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file as its vendor describes it."""

    url: str
    size: int
    """Bytes."""
    md5: str


def download(offer: Offer, target: Path, progress: Progress) -> None:
    """Brings the file to `target`; what has come survives an interruption.

    Raises: Unreachable, TooSlow, NotFound, Refused, BrokenAnswer.
    """
    service = httpx.URL(offer.url).host
    part = target.with_name(target.name + ".part")
    need_space(target.parent, offer.size - (part.stat().st_size if part.is_file() else 0))
    with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
        before = -1
        for _ in range(_TRIES):
            try:
                _continue(client, offer, part, progress)
                break
            except (Unreachable, TooSlow):
                now = part.stat().st_size if part.is_file() else 0
                if now <= max(before, 0):
                    raise
                before = now
        else:
            raise Unreachable(service, "breaks off again and again; try once more later")
    _check(offer, part, service)
    part.replace(target)
    _mark(part).unlink(missing_ok=True)


def need_space(folder: Path, size: int) -> None:
    """Raises Refused when `folder` has no room for that many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPACE:
        problem = f"{(size + _SPACE) / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free"
        raise Refused(str(folder), problem)


def _continue(client: httpx.Client, offer: Offer, part: Path, progress: Progress) -> None:
    """Asks for what is missing and appends it."""
    have = part.stat().st_size if part.is_file() else 0
    mark = _mark(part).read_text("utf-8") if have and _mark(part).is_file() else ""
    if have == offer.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if mark and have < offer.size:
        headers |= {"Range": f"bytes={have}-", "If-Range": mark}
    try:
        with client.stream("GET", offer.url, headers=headers) as response:
            goes_on = _check_answer(response, offer, have)
            _mark(part).write_text(_version(response), "utf-8")
            with part.open("ab" if goes_on else "wb") as file:
                for chunk in response.iter_raw():
                    file.write(chunk)
                    progress(file.tell(), offer.size)
                    if file.tell() > offer.size:
                        raise BrokenAnswer(response.url.host, "sends more than was announced")
                file.flush()
                os.fsync(file.fileno())
    except httpx.TimeoutException as error:
        raise TooSlow(httpx.URL(offer.url).host, "does not answer") from error
    except httpx.HTTPError as error:
        raise Unreachable(httpx.URL(offer.url).host, str(error) or type(error).__name__) from error
    if part.stat().st_size < offer.size:
        raise Unreachable(httpx.URL(offer.url).host, "broke off")


def _check_answer(response: httpx.Response, offer: Offer, have: int) -> bool:
    """Whether the answer goes on behind the first `have` bytes. Raises: what else it is."""
    service, status = response.url.host, response.status_code
    if status == 206:
        if response.headers.get("content-range", "").startswith(f"bytes {have}-"):
            return True
        raise BrokenAnswer(service, "sends another part than was asked for")
    if status in (404, 410):
        raise NotFound(service, f"has no {offer.url}")
    if status != 200:
        raise BrokenAnswer(service, f"answered {status}")
    if response.headers.get("content-type", "").startswith("text/html"):
        problem = "sent a web page instead of the file; does this network want you to sign in?"
        raise BrokenAnswer(service, problem)
    length = response.headers.get("content-length", str(offer.size))
    if length != str(offer.size):
        raise BrokenAnswer(service, f"offers {length} bytes, {offer.size} were expected")
    return False


def _version(response: httpx.Response) -> str:
    """What If-Range may name: a strong ETag, else the date of the last change."""
    tag = str(response.headers.get("etag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    return str(response.headers.get("last-modified", ""))


def _check(offer: Offer, part: Path, service: str) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != offer.md5:
        part.unlink()
        _mark(part).unlink(missing_ok=True)
        raise BrokenAnswer(service, f"sent a damaged file (MD5 {found}, not {offer.md5})")


def _mark(part: Path) -> Path:
    return part.with_name(part.name + ".version")
