"""What may stand in a slot: a list, a number, a spoken time, a little grammar, free words.

A kind is data; `search` knows how each is heard, `template` how each becomes part of the
recogniser's automaton. Neighbours: `locales` makes kinds from a file's `[slots]`, `slots` makes
those of names from the driver's contacts and calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assistant.core.network import Network
from assistant.core.numbers import Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A closed list of phrases."""

    phrases: Mapping[Spoken, object]
    """Words -> value (a mapping of several fields for times)."""
    longest: int
    """Words of the longest phrase."""


class Sense(StrEnum):
    """How the slots inside a formed kind become one value."""

    WHEN = "when"
    MINUTES = "minutes"
    TEXT = "text"
    PARTS = "parts"
    """No value of its own: its slots are slots of the sentence (a rule)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formed:
    """A little grammar with slots of its own."""

    network: Network
    sense: Sense


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Any words. The recogniser can only hear the examples."""

    like: Network | None = None
    without: frozenset[str] = frozenset()
    """Words that show that something else is meant ("timer", "song")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """A telephone number or tones, digit by digit or in groups."""

    digits: Mapping[Spoken, str]
    """Words -> the digits they stand for."""
    least: int = 1
    """How many such words at least."""


Kind = Listed | Formed | Open | Digits

NAMES = ("person", "title", "org", "calendar")
"""Kinds whose phrases come from the driver's contacts and calendar."""
OPTION = "option"
"""Kind whose phrases are the answers on offer."""


def listed(phrases: Iterable[tuple[Spoken, object]]) -> Listed:
    """The first value of a phrase counts."""
    table: dict[Spoken, object] = {}
    for words, value in phrases:
        if words:
            table.setdefault(words, value)
    return Listed(phrases=table, longest=max(map(len, table), default=0))
