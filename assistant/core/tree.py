"""Template text to tree: `[bitte] (ruf|rufe) {person} an`.

The syntax is hassil's: `[optional]`, `(a|b)` alternatives, `(a;b)` in any order, `{slot}`,
`{kind:slot}`, `<rule>`; brackets may touch a word (`light[s]`). Neighbours: `locales` parses
whole files with it, `network` compiles the trees, the tests draw `samples`.
Source: https://github.com/home-assistant/hassil (sentence template syntax).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from assistant.core.tokens import tokens


class TemplateError(ValueError):
    """A template cannot be read; the message names the column and what was expected."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """`{kind:name}`; `{name}` is short for both being the same."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    name: str


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    items: tuple[Tree, ...]


Tree = Word | Slot | Rule | Sequence | Choice
EMPTY = Sequence(())
_MAX_ORDERS = 4
"""Items of an any-order group: n! sequences."""
_CLOSERS = {"(": ")", "[": "]"}
_RAW = re.compile(r"[^\s\[\](){}<>|;]+")
_NAME = re.compile(r"[^\W\d][\w.-]*")


def parse(text: str) -> Tree:
    """Raises TemplateError."""
    return _settle(_Reader(text).whole())


class _Reader:
    """Recursive descent over one template."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Tree:
        tree = self._group("")
        if self.at < len(self.text):
            raise self._error(f"'{self.text[self.at]}' closes nothing")
        return tree

    def _error(self, problem: str) -> TemplateError:
        return TemplateError(f"column {self.at + 1} of '{self.text}': {problem}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _group(self, closer: str) -> Tree:
        items, separators = [self._sequence()], set()
        while self._peek() in ("|", ";"):
            separators.add(self._peek())
            self.at += 1
            items.append(self._sequence())
        if self._peek() != closer:
            raise self._error(f"expected '{closer}'" if closer else "a bracket closes nothing")
        self.at += len(closer)
        if separators == {"|", ";"}:
            raise self._error("'|' and ';' need brackets between them")
        return self._any_order(items) if ";" in separators else _choice(items)

    def _any_order(self, items: list[Tree]) -> Tree:
        if len(items) > _MAX_ORDERS:
            raise self._error(f"at most {_MAX_ORDERS} items can be in any order")
        return Choice(tuple(Sequence(order) for order in itertools.permutations(items)))

    def _sequence(self) -> Tree:
        items: list[Tree] = []
        touching = False
        while (char := self._peek()) and char not in ")]|;":
            if char.isspace():
                self.at += 1
                touching = False
                continue
            item = self._item(char)
            glued = _glue(items[-1], item) if touching and items else None
            if glued is None:
                items.append(item)
            else:
                items[-1] = glued
            touching = True
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _item(self, char: str) -> Tree:
        if char in _CLOSERS:
            self.at += 1
            group = self._group(_CLOSERS[char])
            return _choice([group, EMPTY]) if char == "[" else group
        if char == "{":
            kind, _, name = self._enclosed("}").partition(":")
            return Slot(self._name(kind), self._name(name or kind))
        if char == "<":
            return Rule(self._name(self._enclosed(">")))
        found = _RAW.match(self.text, self.at)
        if found is None:
            raise self._error(f"'{char}' opens nothing")
        self.at = found.end()
        return Word(found.group())

    def _enclosed(self, closer: str) -> str:
        end = self.text.find(closer, self.at)
        if end < 0:
            raise self._error(f"expected '{closer}'")
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return inside

    def _name(self, text: str) -> str:
        if not _NAME.fullmatch(text.strip()):
            raise self._error(f"'{text}' is no name (letters, digits, '_', '-', '.')")
        return text.strip()


def _choice(items: list[Tree]) -> Tree:
    return items[0] if len(items) == 1 else Choice(tuple(items))


def _glue(left: Tree, right: Tree) -> Tree | None:
    """Touching words grow together ("light[s]" -> "(lights|light)"); None if they cannot."""
    heads, tails = _texts(left), _texts(right)
    if heads is None or tails is None:
        return None
    return _choice([Word(head + tail) for head in heads for tail in tails])


def _texts(tree: Tree) -> list[str] | None:
    match tree:
        case Word(text):
            return [text]
        case Sequence(items) if not items:
            return [""]
        case Choice(items):
            texts = [_texts(item) for item in items]
            return None if None in texts else [t for part in texts for t in part or ()]
        case _:
            return None


def _settle(tree: Tree) -> Tree:
    """Raw words become tokens, as in heard text."""
    match tree:
        case Word(text):
            said = tokens(text)
            return Word(*said) if len(said) == 1 else Sequence(tuple(map(Word, said)))
        case Sequence(items):
            return Sequence(tuple(map(_settle, items)))
        case Choice(items):
            return Choice(tuple(map(_settle, items)))
        case _:
            return tree


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything in it; rules are not followed."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Sequence | Choice):
            waiting.extend(reversed(part.items))


def words_of(tree: Tree, rules: Mapping[str, Tree]) -> Iterator[str]:
    """Every word of its templates, those of rules too; slots have none."""
    for part in walk(tree):
        if isinstance(part, Word):
            yield part.text
        elif isinstance(part, Rule):
            yield from words_of(rules[part.name], rules)


def slots_in(tree: Tree, rules: Mapping[str, Tree]) -> Iterator[Slot]:
    """All slots of the tree and of the rules in it."""
    for part in walk(tree):
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, Rule):
            yield from slots_in(rules[part.name], rules)


def openers(tree: Tree, rules: Mapping[str, Tree]) -> frozenset[str]:
    """The first words that every sentence of the tree has to say one of; slots say none."""
    match tree:
        case Word(text):
            return frozenset({text})
        case Rule(name):
            return openers(rules[name], rules)
        case Sequence(items):
            return next(filter(None, (openers(item, rules) for item in items)), frozenset())
        case Choice(items):
            found = [openers(item, rules) for item in items]
            return frozenset().union(*found) if all(found) else frozenset()
        case _:
            return frozenset()


def holds_slot(tree: Tree, rules: Mapping[str, Tree]) -> bool:
    return next(slots_in(tree, rules), None) is not None


def with_calls(tree: Tree, rules: Mapping[str, Tree]) -> Tree:
    """Rules that hold slots become slots `<rule>`, so that each is laid out once."""
    match tree:
        case Rule(name) if holds_slot(tree, rules):
            return Slot(f"<{name}>", f"<{name}>")
        case Sequence(items):
            return Sequence(tuple(with_calls(item, rules) for item in items))
        case Choice(items):
            return Choice(tuple(with_calls(item, rules) for item in items))
        case _:
            return tree


def sample(
    tree: Tree, rules: Mapping[str, Tree], pick: Callable[[int], int]
) -> tuple[str | Slot, ...]:
    """One sentence, slots left in place; `pick(n)` chooses 0..n-1 at each choice."""
    match tree:
        case Word(text):
            return (text,)
        case Slot():
            return (tree,)
        case Rule(name):
            return sample(rules[name], rules, pick)
        case Sequence(items):
            return tuple(part for item in items for part in sample(item, rules, pick))
        case Choice(items):
            return sample(items[pick(len(items))], rules, pick)
        case _:
            assert_never(tree)
