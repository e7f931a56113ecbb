"""Contacts from a table: Google's and Outlook's exports in English, German or French, or any
file whose first row names its columns.

Neighbours: `contacts` loads files with it, `numbers` normalises what it finds.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from assistant.core.model import Contact
from assistant.services.numbers import Numbers, kind_of

_COLUMNS = (
    # what a heading means; the first pattern that fits
    ("", r"phonetic|yomi|label|type|typ$|birthday|address|adresse(?! e-?mail)|straße|street|notes"),
    ("say_like", r"say.?like|sprich|prononc"),
    ("nickname", r"nickname|spitzname|surnom|short name"),
    ("email", r"e-?mail|courriel|messagerie"),
    ("organisation", r"^(?:company|firma|société|organi[sz]ation(?: 1 - |.)?(?:name)?)$"),
    ("given", r"^(?:first|given)[ _]?name$|^vorname$|^prénom$|^prenom$"),
    ("family", r"^(?:last|family)[ _]?name$|^surname$|^nachname$|^nom$|^nom de famille$"),
    ("name", r"^(?:name|display name|full name|file as|anzeigename|nom complet|contact)$"),
    ("number", r"phone|tel|mobil|handy|cell|number|nummer|numéro|portable|^sip$"),
)
_EMAIL_ADDRESS = re.compile(r"^e-?mail[ -]*adress", re.IGNORECASE)


def read_csv(text: str, region: str) -> Iterator[Contact | str]:
    """Every row as a contact, or one line saying what is wrong with it."""
    try:
        yield from _read_rows(text, region)
    except csv.Error as error:  # a quotation mark that never ends
        yield f"not a table from here on: {error}"


def _read_rows(text: str, region: str) -> Iterator[Contact | str]:
    rows = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=_delimiter(text))
    headings = [heading.strip() for heading in next(rows, [])]
    meanings = [_meaning(heading) for heading in headings]
    if not {"name", "given", "family"} & set(meanings):
        yield "the first row names no column for names"
        return
    for number, row in enumerate(rows, start=2):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield from _read_row(f"row {number}", headings, meanings, cells, region)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _meaning(heading: str) -> str:
    if _EMAIL_ADDRESS.match(heading):
        return "email"
    fits = (meaning for meaning, form in _COLUMNS if re.search(form, heading, re.IGNORECASE))
    return next(fits, "")


def _read_row(
    label: str, headings: list[str], meanings: list[str], cells: list[str], region: str
) -> Iterator[Contact | str]:
    found: dict[str, list[str]] = {}
    for meaning, cell in zip(meanings, cells, strict=False):
        if cell and meaning:
            found.setdefault(meaning, []).append(cell)
    one = {meaning: values[0] for meaning, values in found.items()}
    name = one.get("name") or f"{one.get('given', '')} {one.get('family', '')}".strip()
    name = name or one.get("organisation", "")
    if not name:
        yield f"{label} has no name"
        return
    row = dict(zip(headings, cells, strict=False))
    numbers = _numbers(row, region)
    yield Contact(
        name=name,
        given=one.get("given", ""),
        family=one.get("family", ""),
        nicknames=tuple(found.get("nickname", ())),
        organisation=one.get("organisation", ""),
        emails=tuple(value.lower() for value in found.get("email", ()) if "@" in value),
        numbers=numbers.in_order(),
        say_like=one.get("say_like", ""),
    )
    yield from (f"{name}: {problem}" for problem in numbers.problems)


def _numbers(row: Mapping[str, str], region: str) -> Numbers:
    """Google keeps the kind in a column beside (`Phone 1 - Label`), others in the heading."""
    numbers = Numbers(region=region)
    for heading, cell in row.items():
        if not cell or _meaning(heading) != "number":
            continue
        stem = heading.removesuffix("Value")
        words = row.get(f"{stem}Label") or row.get(f"{stem}Type") or heading
        for raw in cell.split(":::"):  # Google joins several of one kind
            numbers.add(raw, kind_of(words), is_preferred=words.startswith("*"))
    return numbers
