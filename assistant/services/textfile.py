"""Bytes of calendars and address books as text, whatever program wrote them."""

from __future__ import annotations


def decode(raw: bytes) -> str:
    """By the byte-order mark, else UTF-8, else cp1252, which old Outlook writes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")
