"""vCard 2.1, 3.0 and 4.0 -> contacts, and back.

Written here because address books in cars are mostly exported by old telephones: unnamed types
(`TEL;CELL:`), quoted-printable over several lines and half cards, which have to be survived one
card at a time. Neighbours: `contacts` loads files with it, `carddav` reads servers with it.

Source: RFC 6350 (4.0), RFC 2426 (3.0), versit vCard 2.1.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.core.model import Contact, NumberKind
from assistant.services.numbers import Numbers, kind_of

LONGEST_LINE = 65_536
"""Characters kept of one unfolded line; only pictures are longer."""

_PARAM = re.compile(r';([^;:="]+)(?:=((?:"[^"]*"|[^;:"])*))?')
_TYPES = {NumberKind.MOBILE: "cell", NumberKind.WORK: "work", NumberKind.HOME: "home"}
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One content line."""

    name: str
    """Upper case, without its group."""
    group: str
    """`item1` of `item1.TEL`, which ties a label to it."""
    types: frozenset[str]
    """Lower-case words of TYPE (and of 2.1's bare parameters)."""
    value: str

    @property
    def parts(self) -> list[str]:
        """Components between unescaped semicolons, unescaped."""
        return [unescape(part) for part in re.split(r"(?<!\\);", self.value)]


def read_vcards(text: str, region: str) -> Iterator[Contact | str]:
    """Every card as a contact, or one line saying what is wrong with it."""
    card: list[str] | None = None
    number = 0
    for line in _lines(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")):
        match line.strip().upper():
            case "BEGIN:VCARD":
                number += 1
                if card is not None:
                    yield f"card {number - 1} is cut off"
                card = []
            case "END:VCARD" if card is not None:
                yield from _read_card(f"card {number}", card, region)
                card = None
            case _ if card is not None:
                card.append(line)
    if card is not None:
        yield f"card {number} is cut off"


def _lines(text: str) -> Iterator[str]:
    """Content lines; folded ones, and quoted-printable ones that go on, put together."""
    parts: list[str] = []
    is_quoted = False
    for line in text.split("\n"):
        if is_quoted and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        elif parts and line[:1] in (" ", "\t"):
            parts.append(line[1:])
        else:
            yield "".join(parts)[:LONGEST_LINE]
            parts = [line]
            is_quoted = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
    yield "".join(parts)[:LONGEST_LINE]


def _read_card(label: str, card: list[str], region: str) -> Iterator[Contact | str]:
    properties = [found for line in card if (found := parse_line(line))]
    first = {p.name: p for p in reversed(properties)}
    family, given = (_component(first.get("N"), index) for index in (0, 1))
    organisation = _component(first.get("ORG"), 0)
    name = _component(first.get("FN"), 0) or f"{given} {family}".strip() or organisation
    if not name:
        yield f"{label} has no name"
        return
    numbers = Numbers(region=region)
    labels = {p.group: p.value for p in properties if p.name == "X-ABLABEL" and p.group}
    for found in properties:
        if found.name in ("TEL", "IMPP", "X-SIP"):
            is_preferred = "pref" in found.types
            words = " ".join(found.types) + " " + labels.get(found.group, "")
            numbers.add(unescape(found.value), kind_of(words), is_preferred)
    yield Contact(
        name=name,
        given=given,
        family=family,
        nicknames=tuple(_listed(properties, "NICKNAME")),
        organisation=organisation,
        emails=tuple(value.lower() for value in _listed(properties, "EMAIL")),
        numbers=numbers.in_order(),
        say_like=_say_like(first, given, family),
    )
    yield from (f"{name}: {problem}" for problem in numbers.problems)


def parse_line(line: str) -> Property | None:
    """One unfolded content line; None for what is none."""
    head = re.match(r"(?:(?P<group>[\w-]+)\.)?(?P<name>[\w-]+)", line)
    if head is None:
        return None
    at = head.end()
    types: set[str] = set()
    encoding = charset = ""
    while param := _PARAM.match(line, at):
        at = param.end()
        key, value = param[1].upper(), param[2]
        match key:
            case "ENCODING":
                encoding = value or ""
            case "CHARSET":
                charset = value or ""
            case "PREF":
                types.add("pref")
            case "TYPE":
                types |= {word.lower() for word in (value or "").replace('"', "").split(",")}
            case _ if value is None:
                types.add(key.lower())
                encoding = key if key == "QUOTED-PRINTABLE" else encoding
    if line[at : at + 1] != ":":
        return None
    return Property(
        name=head["name"].upper(),
        group=head["group"] or "",
        types=frozenset(types),
        value=_decode(line[at + 1 :], encoding, charset),
    )


def _decode(value: str, encoding: str, charset: str) -> str:
    if encoding.upper() != "QUOTED-PRINTABLE":
        return value.strip()
    raw = quopri.decodestring(value.encode("utf-8"))
    try:
        return raw.decode(charset or "utf-8").strip()
    except (UnicodeDecodeError, LookupError):
        return raw.decode("cp1252", errors="replace").strip()


def unescape(value: str) -> str:
    """RFC 6350 §3.4; line breaks become blanks, since every field here is one line."""
    plain = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())


def _component(found: Property | None, index: int) -> str:
    parts = found.parts if found else []
    return parts[index] if index < len(parts) else ""


def _listed(properties: list[Property], name: str) -> Iterator[str]:
    for found in properties:
        if found.name == name:
            yield from filter(None, map(unescape, re.split(r"(?<!\\),", found.value)))


def _say_like(first: dict[str, Property], given: str, family: str) -> str:
    """`X-SAY-LIKE` is ours; telephones write the phonetic names."""
    if "X-SAY-LIKE" in first:
        return unescape(first["X-SAY-LIKE"].value)
    spoken_given = _component(first.get("X-PHONETIC-FIRST-NAME"), 0)
    spoken_family = _component(first.get("X-PHONETIC-LAST-NAME"), 0)
    if not (spoken_given or spoken_family):
        return ""
    return f"{spoken_given or given} {spoken_family or family}".strip()


def write_vcards(contacts: Iterable[Contact]) -> str:
    """Version 3.0, to be read by `read_vcards`."""
    return "".join(f"BEGIN:VCARD\nVERSION:3.0\n{_card(one)}END:VCARD\n" for one in contacts)


def _card(one: Contact) -> str:
    lines = [
        ("FN", one.name),
        *(("NICKNAME", name) for name in one.nicknames),
        ("ORG", one.organisation),
        *(("EMAIL", address) for address in one.emails),
        ("X-SAY-LIKE", one.say_like),
    ]
    numbers = (f"TEL;TYPE={_TYPES.get(n.kind, 'voice')}:{n.uri}\n" for n in one.numbers)
    return (
        f"N:{_escape(one.family)};{_escape(one.given)};;;\n"
        + "".join(f"{name}:{_escape(value)}\n" for name, value in lines if value)
        + "".join(numbers)
    )


def _escape(value: str) -> str:
    return re.sub(r"[\\,;]", r"\\\g<0>", " ".join(value.split()))
