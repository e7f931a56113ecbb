"""`[slots]` and `[when]` of a locale file -> kinds.

A slot is a list (`["small", "large"]`), a table (`{spoken = value}`), a number
(`{from = 0, to = 24}`), free words (`{open = true, like = "<rule>"}`) or a rule (`"<rule>"`).
Neighbours: `locales` calls it, `kinds` are its results.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from assistant.core import numbers
from assistant.core import tree as trees
from assistant.core.kinds import Digits, Formed, Kind, Listed, Open, Sense, listed
from assistant.core.network import Network, Weaver, merge
from assistant.core.numbers import Spoken
from assistant.core.tree import Choice, Rule, Sequence, Slot, TemplateError, Tree, Word

_YEARS = range(2020, 2040)
_MOST_PHRASES = 5000
"""Ways to say the entries of one list; more is a grammar and belongs in a rule."""


def build_kinds(
    tag: str, slots: Mapping[str, Any], when: Mapping[str, list[str]], rules: Mapping[str, Tree]
) -> dict[str, Kind]:
    """Raises TemplateError."""
    language = tag.partition("-")[0]
    kinds: dict[str, Kind] = {
        "weekday": listed(numbers.weekdays(tag).items()),
        "month": listed(numbers.months(tag).items()),
        "number": _range(0, 100, language, ordinal=False),
        "digits": _digits(language),
        "telephone": replace(_digits(language), least=3 if language == "en" else 2),
        "year": _years(language),
    }
    for name, entry in slots.items():
        try:
            kinds[name] = _kind(entry, language, rules)
        except TemplateError as problem:
            raise TemplateError(f"{name}: {problem}") from problem
    for key, sense in (("times", Sense.WHEN), ("durations", Sense.MINUTES)):
        if forms := when.get(key):
            said = Choice(tuple(trees.parse(text) for text in forms))
            kinds[sense.value] = Formed(network=_network(said, rules), sense=sense)
    for name, tree in rules.items():
        if trees.holds_slot(tree, rules):
            called = trees.with_calls(tree, rules)
            kinds[f"<{name}>"] = Formed(network=_network(called, rules), sense=Sense.PARTS)
    return kinds


def _kind(entry: Any, language: str, rules: Mapping[str, Tree]) -> Kind:
    match entry:
        case str():
            return Formed(network=_network(trees.parse(entry), rules), sense=Sense.TEXT)
        case list():
            return _list(entry, rules)
        case {"from": int(low), "to": int(high), **rest}:
            counted = _range(low, high, language, ordinal=rest.get("ordinal", False) is True)
            return counted if rest.get("article", True) else _without_articles(counted)
        case {"open": True}:
            return _open(entry, rules)
        case dict():
            return _phrases(entry.items(), rules)
        case _:
            raise TemplateError('expected a list, a table, {from, to}, {open} or "<rule>"')


def _open(entry: Mapping[str, Any], rules: Mapping[str, Tree]) -> Open:
    like = entry.get("like")
    return Open(
        like=_network(trees.parse(like), rules) if like else None,
        without=frozenset(entry.get("without", ())),
    )


def _list(entries: list[Any], rules: Mapping[str, Tree]) -> Listed:
    """Entries are texts, or hassil's `{in = "spoken", out = value}`."""
    pairs: list[tuple[str, object]] = []
    for entry in entries:
        match entry:
            case str():
                first = next(_spoken(trees.parse(entry), rules), ())
                pairs.append((entry, " ".join(first)))
            case {"in": str(said), "out": value}:
                pairs.append((said, value))
            case _:
                raise TemplateError(f"expected a text or {{in, out}}, not {entry!r}")
    return _phrases(pairs, rules)


def _phrases(pairs: Iterable[tuple[str, object]], rules: Mapping[str, Tree]) -> Listed:
    return listed(
        (words, value) for said, value in pairs for words in _spoken(trees.parse(said), rules)
    )


def _range(low: int, high: int, language: str, *, ordinal: bool) -> Listed:
    ways = numbers.ordinals if ordinal else numbers.cardinals
    if not 0 <= low <= high <= 10_000:
        raise TemplateError("expected 0 <= from <= to <= 10000")
    return listed((words, n) for n in range(low, high + 1) for words in ways(n, language))


def _without_articles(counted: Listed) -> Listed:
    """ "um zehn uhr einen termin" is not at 10:01: one is heard in digits only."""
    pairs = counted.phrases.items()
    return listed((said, n) for said, n in pairs if n != 1 or said[0].isdigit())


def _years(language: str) -> Listed:
    ways = {y: (numbers.year(y, language), *numbers.cardinals(y, language)) for y in _YEARS}
    return listed((words, year) for year, said in ways.items() for words in said)


def _digits(language: str) -> Digits:
    """English numbers are said digit by digit, German and French ones often in pairs."""
    highest = 10 if language == "en" else 100
    table = {words: str(n) for n in range(highest) for words in numbers.cardinals(n, language)}
    table = {words: said for words, said in table.items() if not words[0].isdigit()}
    repeated = {
        (times, *words): count * said
        for times, count in numbers.REPEATED.get(language, {}).items()
        for words, said in table.items()
        if len(said) == 1
    }
    return Digits(digits={("plus",): "+", **table, **repeated})


def _network(tree: Tree, rules: Mapping[str, Tree]) -> Network:
    for part in trees.walk(tree):
        if isinstance(part, Rule) and part.name not in rules:
            raise TemplateError(f"<{part.name}> is not in [rules]")
    weaver = Weaver(rules)
    weaver.finish(weaver.add(tree, {0: 1.0}), None)
    return merge(weaver)


def _spoken(tree: Tree, rules: Mapping[str, Tree]) -> Iterator[Spoken]:
    """Every way to say a tree without slots; shorter brackets last."""
    ways = itertools.islice(_ways(tree, rules), _MOST_PHRASES + 1)
    for count, words in enumerate(ways):
        if count == _MOST_PHRASES:
            raise TemplateError(f"more than {_MOST_PHRASES} ways to say one entry")
        yield words


def _ways(tree: Tree, rules: Mapping[str, Tree]) -> Iterator[Spoken]:
    match tree:
        case Word(text):
            yield (text,)
        case Slot(kind):
            raise TemplateError(f"{{{kind}}} cannot stand in a list; use a rule")
        case Rule(name) if name not in rules:
            raise TemplateError(f"<{name}> is not in [rules]")
        case Rule(name):
            yield from _ways(rules[name], rules)
        case Choice(items):
            for item in items:
                yield from _ways(item, rules)
        case Sequence(items):
            for parts in itertools.product(*(list(_ways(item, rules)) for item in items)):
                yield tuple(itertools.chain.from_iterable(parts))
