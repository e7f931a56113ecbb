"""How people, organisations and meetings are named aloud.

Pure rules from written names to spoken forms: first name, surname, nickname, initials, "mister
weber"; "RE: Q3 review (final)" -> "q three review", "quarter three review", "review".
Neighbours: `slots` collects the forms of the whole address book and calendar.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from assistant.core import numbers
from assistant.core.model import Contact
from assistant.core.numbers import Spoken
from assistant.core.tokens import tokens

WHOLE, PART, FRIENDLY = 1.0, 0.9, 0.85
"""Likeness of a form to the one named: all of the name, a part of it, a common short form."""

_CALENDAR = frozenset({"calendar", "kalender", "calendrier", "agenda"})
_NICKNAMES = (
    "alexander alex sascha", "alexandra alex sandra", "andreas andi", "andrew andy drew",
    "anthony tony", "antoine toine", "benjamin ben benji", "catherine cathy kate katie",
    "charles charlie", "christian chris", "christine chris tina", "christoph chris",
    "christopher chris", "daniel dan danny", "david dave", "dominique dom", "edward ed eddie",
    "elisabeth lisa elli", "elizabeth liz beth lizzie", "florian flo", "franziska franzi",
    "frederic fred", "friedrich fritz", "gabriel gabe", "gregory greg", "guillaume guigui",
    "hans hansi", "jacques jacky", "jakob jake", "james jim jimmy jamie", "jennifer jen jenny",
    "jessica jess", "johannes hannes jo", "jonathan jon jonny", "joseph joe", "josephine jo josie",
    "joshua josh", "katharina kathi kati", "katherine kate kathy", "kenneth ken", "lawrence larry",
    "leonard leo len", "manuel manu", "margaret maggie meg peggy", "martin marty",
    "matthew matt", "matthias matze", "maximilian max", "michael mike mick micha michi",
    "nathaniel nate", "nicholas nick", "nicolas nico", "olivier oli", "patricia pat trish patty",
    "patrick pat paddy", "peter pete", "philip phil", "philipp phil", "philippe phil",
    "rebecca becky", "richard rich rick dick", "robert rob bob bobby", "ronald ron",
    "samantha sam", "samuel sam", "sebastian seb basti", "sebastien seb", "stefan steff",
    "stephanie steph", "stephen steve", "steven steve", "susan sue", "susanne susi",
    "theodore ted theo", "thomas tom tommy", "timothy tim", "ulrich uli", "valerie val",
    "victoria vicky", "vincent vince", "wilhelm willi", "william will bill billy",
    "wolfgang wolfi",
)  # fmt: skip
"""Given name, then what friends say."""

_DEGREES = frozenset(["dr", "prof", "dipl", "ing", "mba", "phd", "msc", "bsc", "jr", "sr", "mag"])
_COMPANY_FORMS = frozenset(
    """gmbh ag kg ohg ug se co ltd limited inc incorporated llc llp plc corp corporation company
    group holding sa sas sarl eurl bv nv ab oy spa srl""".split()  # noqa: SIM905 - readable
)
_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
_PREFIX = re.compile(
    r"^\s*(?:(?:re|fw|fwd|aw|wg|tr|canceled|cancelled|updated invitation)\s*:\s*)+", re.I
)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_PARTS = re.compile(r"\s+[-–—|/]\s+|\s*[:|•·]\s+|\s+@\s+|\s*;\s*")
_SIGNED_NUMBER = re.compile(r"^(\D+)(\d+)$")
_ACRONYM = re.compile(r"\b[A-ZÄÖÜ]{2,4}\b")
_LONGEST_TITLE = 7
"""Words of a title that anybody would say."""
_MOST_FORMS = 24
"""Ways to say one title."""


def clean_name(name: str) -> str:
    """ "Weber, Dr. Anna (ACME)" -> "Anna Weber"."""
    plain = _BRACKETED.sub(" ", name)
    family, comma, given = plain.partition(",")
    ordered = f"{given} {family}" if comma and given.strip() else plain
    words = [w for w in ordered.split() if w.strip(".").lower() not in _DEGREES]
    return " ".join(words) or name.strip()


def person_forms(
    contact: Contact, honorifics: tuple[Spoken, ...]
) -> Iterator[tuple[Spoken, float]]:
    """Every way to say who is meant, and how fully it names: "Ben" is Ben before Ben Carter."""
    full = tokens(clean_name(contact.name))
    given = tokens(contact.given) or full[:1]
    family = tokens(contact.family) or (full[1:] if len(full) > 1 else ())
    for form in (full, (*given, *family), tokens(contact.say_like)):
        yield form, WHOLE
    for nickname in map(tokens, contact.nicknames):
        yield nickname, WHOLE
        yield (*nickname, *family), WHOLE
    if family:
        yield (given[:1] + family), WHOLE
        yield (given[:1] + family[-1:]), WHOLE
        yield from (((*honorific, *family), PART) for honorific in honorifics)
    for form in (given, given[:1], family, family[-1:]):
        yield form, PART
    for nickname in _friendly(given):
        yield (*nickname, *family), PART if family else FRIENDLY
        yield nickname, FRIENDLY
    if given and family:
        yield (given[0][0], family[0][0]), FRIENDLY
        yield (given[0], family[0][0]), PART


def _friendly(given: Spoken) -> Iterator[Spoken]:
    for line in _NICKNAMES:
        name, *short = line.split()
        if given[:1] == (name,):
            yield from ((nick,) for nick in short)
        elif given[:1] and given[0] in short:
            yield (name,)


def organisation_forms(name: str) -> Iterator[Spoken]:
    """ "Acme Consulting GmbH" -> "acme consulting gmbh", "acme consulting", "acme"."""
    words = tokens(_BRACKETED.sub(" ", name))
    yield words
    core = tuple(word for word in words if word not in _COMPANY_FORMS)
    yield core
    if core and len(core[0]) > 3:
        yield core[:1]


def clean_title(title: str) -> str:
    """Without reply marks, links and pictures."""
    plain = _PREFIX.sub("", _LINK.sub(" ", title))
    return " ".join(
        "".join(c if c.isprintable() and ord(c) < 0x2190 else " " for c in plain).split()
    )


def title_forms(
    title: str, signs: Mapping[str, tuple[str, ...]], generic: frozenset[str], language: str
) -> Iterator[Spoken]:
    """Every way to say a meeting's title; the whole first, then parts that still name it."""
    whole = clean_title(title)
    bare = _BRACKETED.sub(" ", whole)
    seen: set[Spoken] = set()
    for text in (whole, bare, *_PARTS.split(bare)):
        for words in _said(text, signs, language):
            for part in _partial(words, generic):
                if part not in seen and len(seen) < _MOST_FORMS:
                    seen.add(part)
                    yield part


def calendar_forms(name: str, language: str) -> Iterator[Spoken]:
    """ "Work calendar" is said "work"; German bends it and joins it: "in meinem privaten Kalender",
    "im Teamkalender"."""
    words = tuple(word for word in tokens(name) if word not in _CALENDAR) or tokens(name)
    yield words
    if language == "de" and words:
        for ending in ("e", "en", "er", "em", "kalender"):
            yield (*words[:-1], words[-1] + ending)


def _said(text: str, signs: Mapping[str, tuple[str, ...]], language: str) -> Iterator[Spoken]:
    """The words of a title with its signs and numbers spoken, in every way; at most 8."""
    slots = [tuple(_piece(piece, signs, language)) for piece in text.split()]
    yield from (tuple(itertools.chain(*ways)) for ways in itertools.islice(_product(slots), 8))


def _product(slots: list[tuple[Spoken, ...]]) -> Iterator[tuple[Spoken, ...]]:
    return itertools.product(*(slot for slot in slots if slot))


def _piece(piece: str, signs: Mapping[str, tuple[str, ...]], language: str) -> Iterator[Spoken]:
    """One blank-free piece of a title: "1:1", "Q3", "#4", "HR", "review"."""
    key = piece.strip(".,;!?()[]\"'").lower()
    if key in signs:
        yield from map(tokens, signs[key])
        return
    split = _SIGNED_NUMBER.match(key)
    if split and split[1] + "#" in signs:
        for said in signs[split[1] + "#"]:
            yield from _spelled(tokens(said.replace("#", f" {split[2]} ")), language)
        return
    yield from _spelled(tokens(piece), language)
    if _ACRONYM.fullmatch(piece.strip(".,;!?()")):
        yield tuple(key)


def _spelled(words: Spoken, language: str) -> Iterator[Spoken]:
    """Numbers as words."""
    if not any(word.isdigit() for word in words):
        if words:
            yield words
        return
    spoken: list[str] = []
    for word in words:
        spoken += _number(word, language) if word.isdigit() else (word,)
    yield tuple(spoken)
    yield words


def _number(digits: str, language: str) -> Spoken:
    value = int(digits[:6])
    if 1900 < value < 2100:
        return numbers.year(value, language)
    return numbers.cardinals(value, language)[0]


def _partial(words: Spoken, generic: frozenset[str]) -> Iterator[Spoken]:
    """The words, and shorter runs of them that hold a word of the meeting's own."""
    if 0 < len(words) <= _LONGEST_TITLE:
        yield words
    own = [len(w) > 2 and w not in generic and not w.isdigit() for w in words]
    for length in range(min(len(words) - 1, 4), 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            if not (own[start] or own[start + length - 1]) or not any(own[start : start + length]):
                continue
            if start == 0 or start + length == len(words) or (length == 1 and own[start]):
                yield run
