"""One locale file -> one frozen Locale; unknown keys, gaps and broken templates are refused.

A file is TOML: `[locale] [rules] [slots] [when] [titles] [intents.*] [phrases] [errors] [test]`;
only the tag and one intent with `hear` are required, so that the same reader serves other
domains. The format is described in docs/locale-files.md. Neighbours: `locale` has the nouns,
`tree` reads templates, `slot_tables` reads `[slots]` and `[when]`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from assistant.core import tree as trees
from assistant.core.events import Scope
from assistant.core.kinds import NAMES, OPTION, Kind, Open
from assistant.core.locale import Intent, Locale, Sample, Template
from assistant.core.slot_tables import build_kinds
from assistant.core.tokens import tokens
from assistant.core.tree import Rule, Slot, TemplateError, Tree
from assistant.errors import ConfigError

__all__ = ["Intent", "Locale", "Sample", "Template", "parse"]

SECTIONS = {
    "locale": {
        *("tag", "market", "name", "before", "after", "own"),
        *("fillers", "elsewhere", "conjunctions", "questions", "wonders", "negations", "recurring"),
        *("corrections", "honorifics", "affirmed"),
    },
    "rules": None,
    "slots": None,
    "when": {"times", "durations"},
    "titles": {"spoken", "generic"},
    "intents": None,
    "phrases": None,
    "errors": None,
    "test": {"rows"},
}
"""Section -> its keys; None where the file's author names them."""
_INTENT_KEYS = {"hear", "typed", "cues", "scopes", "single", "careful", "say", "none", "confirm"}
_ROW_KEYS = {"hear", "intent", "slots", "now"}


def parse(text: str, source: str) -> Locale:
    """Reads the text of a locale file; `source` names it in errors. Raises ConfigError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(source, "TOML", str(problem)) from problem
    return _File(table, source).locale()


class _File:
    """A file while it is being read: knows what to blame."""

    def __init__(self, table: Mapping[str, Any], source: str) -> None:
        self.table = table
        self.source = source

    def locale(self) -> Locale:
        self._check_keys()
        head = self._section("locale")
        tag = self._text(head.get("tag"), "locale.tag", 'a language tag such as "en-GB"')
        rules = {name: self._tree(text, f"rules.{name}") for name, text in self._rules()}
        self._check_rules(rules)
        kinds = self._kinds(tag, rules)
        intents = dict(self._intents())
        if not intents:
            raise ConfigError(self.source, "intents", 'at least one [intents."name"] with hear')
        before = self._tree(head.get("before", ""), "locale.before")
        after = self._tree(head.get("after", ""), "locale.after")
        own = self._tree(head.get("own", ""), "locale.own")
        named = {"locale.before": before, "locale.after": after, "locale.own": own}
        named |= {f"rules.{name}": rule for name, rule in rules.items()}
        for name, intent in intents.items():
            for template in (*intent.hear, *intent.typed, *intent.cues):
                named[f"intents.{name}: {template.text}"] = template.tree
        for key, tree in named.items():
            self._check_references(tree, key, rules, kinds)
        return Locale(
            tag=tag,
            market=str(head.get("market", tag.partition("-")[2] or "GB")),
            before=before,
            after=after,
            own=own,
            fillers=self._words("fillers"),
            elsewhere=self._words("elsewhere"),
            conjunctions=self._words("conjunctions"),
            questions=self._words("questions"),
            wonders=self._words("wonders"),
            negations=self._words("negations"),
            affirmed=self._spoken(head, "affirmed"),
            recurring=self._words("recurring"),
            corrections=self._spoken(head, "corrections"),
            honorifics=self._spoken(head, "honorifics"),
            spoken=self._title_signs(),
            generic=frozenset(self._texts(self._section("titles").get("generic", []), "titles")),
            rules=rules,
            kinds=kinds,
            intents=intents,
            replies=dict(self._replies()),
            phrases=self._flat("phrases"),
            errors=self._flat("errors"),
            samples=tuple(self._samples(intents)),
        )

    # --- shape ---------------------------------------------------------------------------

    def _check_keys(self) -> None:
        for section, content in self.table.items():
            self._known(section, section, set(SECTIONS))
            allowed = SECTIONS[section]
            for key in self._section(section) if allowed is not None else ():
                self._known(key, f"{section}.{key}", cast(set[str], allowed))
            if not isinstance(content, Mapping):
                raise ConfigError(self.source, section, f"a table: [{section}]")

    def _known(self, key: str, where: str, allowed: set[str]) -> None:
        if key not in allowed:
            raise ConfigError(
                self.source, where, f"unknown key; one of {', '.join(sorted(allowed))}"
            )

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.table.get(name, {})
        if not isinstance(section, Mapping):
            raise ConfigError(self.source, name, f"a table: [{name}]")
        return section

    def _text(self, value: object, key: str, expected: str = "a text in quotes") -> str:
        if not isinstance(value, str):
            raise ConfigError(self.source, key, expected)
        return value

    def _texts(self, value: object, key: str) -> list[str]:
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise ConfigError(self.source, key, "a list of texts")
        return [self._text(item, key) for item in value]

    def _spoken(self, table: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tokens(text) for text in self._texts(table.get(key, []), f"locale.{key}"))

    def _flat(self, name: str) -> dict[str, str]:
        """A table of texts, nested keys joined with dots, so that `a.b = "…"` needs no quotes."""
        return dict(self._flattened(self._section(name), name))

    def _flattened(self, table: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
        for key, value in table.items():
            if isinstance(value, Mapping):
                for inner, text in self._flattened(value, f"{where}.{key}"):
                    yield f"{key}.{inner}", text
            else:
                yield key, self._text(value, f"{where}.{key}")

    # --- templates -----------------------------------------------------------------------

    def _tree(self, text: object, key: str) -> Tree:
        try:
            return trees.parse(self._text(text, key, "a template in quotes"))
        except TemplateError as problem:
            raise ConfigError(self.source, key, str(problem)) from problem

    def _rules(self) -> Iterator[tuple[str, str]]:
        for name, value in self._section("rules").items():
            yield name, "|".join(f"({text})" for text in self._texts(value, f"rules.{name}"))

    def _check_rules(self, rules: Mapping[str, Tree]) -> None:
        done: set[str] = set()

        def follow(name: str, path: tuple[str, ...]) -> None:
            if name not in rules:
                raise ConfigError(self.source, f"rules.{path[-1]}", f"<{name}> to be in [rules]")
            if name in path:
                chain = " -> ".join((*path, name))
                raise ConfigError(self.source, f"rules.{name}", f"no rule within itself: {chain}")
            for part in trees.walk(rules[name]) if name not in done else ():
                if isinstance(part, Rule):
                    follow(part.name, (*path, name))
            done.add(name)

        for name in rules:
            follow(name, ())

    def _check_references(
        self, tree: Tree, key: str, rules: Mapping[str, Tree], kinds: Mapping[str, Kind]
    ) -> None:
        known = {*kinds, *NAMES, OPTION}
        for part in trees.walk(tree):
            if isinstance(part, Rule) and part.name not in rules:
                raise ConfigError(self.source, key, f"<{part.name}> to be in [rules]")
            if isinstance(part, Slot) and part.kind not in known:
                raise ConfigError(self.source, key, f"{{{part.kind}}} to be in [slots]")

    def _kinds(self, tag: str, rules: Mapping[str, Tree]) -> dict[str, Kind]:
        when = {
            key: self._texts(value, f"when.{key}") for key, value in self._section("when").items()
        }
        try:
            kinds = build_kinds(tag, self._section("slots"), when, rules)
        except TemplateError as problem:
            raise ConfigError(self.source, "slots", str(problem)) from problem
        return {name: self._picky(kind) for name, kind in kinds.items()}

    def _picky(self, kind: Kind) -> Kind:
        """Free words that refuse some words refuse those of `elsewhere` as well."""
        if isinstance(kind, Open) and kind.without:
            return replace(
                kind, without=kind.without | self._words("elsewhere") | self._taken_back()
            )
        return kind

    def _taken_back(self) -> frozenset[str]:
        """Corrections of one word: no name of a thing has them."""
        corrections = self._spoken(self._section("locale"), "corrections")
        return frozenset(marker[0] for marker in corrections if len(marker) == 1)

    def _words(self, key: str) -> frozenset[str]:
        return frozenset(self._texts(self._section("locale").get(key, []), f"locale.{key}"))

    def _title_signs(self) -> dict[str, tuple[str, ...]]:
        signs = self._section("titles").get("spoken", {})
        if not isinstance(signs, Mapping):
            raise ConfigError(self.source, "titles.spoken", 'a table: sign = ["spoken"]')
        return {
            sign.lower(): tuple(self._texts(said, f"titles.spoken.{sign}"))
            for sign, said in signs.items()
        }

    # --- intents -------------------------------------------------------------------------

    def _intents(self) -> Iterator[tuple[str, Intent]]:
        for name, table in self._section("intents").items():
            where = f"intents.{name}"
            if not isinstance(table, Mapping):
                raise ConfigError(self.source, where, f'a table: [intents."{name}"]')
            for key in table:
                self._known(key, f"{where}.{key}", _INTENT_KEYS)
            hear = self._templates(table.get("hear", []), f"{where}.hear")
            if not hear:
                raise ConfigError(self.source, f"{where}.hear", "at least one template")
            yield (
                name,
                Intent(
                    hear=hear,
                    typed=self._templates(table.get("typed", []), f"{where}.typed"),
                    cues=self._templates(table.get("cues", []), f"{where}.cues"),
                    scopes=self._scopes(table.get("scopes", ["idle"]), f"{where}.scopes"),
                    single=table.get("single", False) is True,
                    careful=table.get("careful", False) is True,
                ),
            )

    def _templates(self, items: object, where: str) -> tuple[Template, ...]:
        listed = items if isinstance(items, list) else [items]
        return tuple(self._template(item, where) for item in listed)

    def _template(self, item: object, where: str) -> Template:
        if isinstance(item, str):
            return Template(text=item, tree=self._tree(item, where))
        if isinstance(item, Mapping) and set(item) <= {"text", "slots"}:
            text = self._text(item.get("text"), where)
            return Template(text=text, tree=self._tree(text, where), slots=item.get("slots", {}))
        raise ConfigError(self.source, where, 'a template, or {text = "…", slots = {name = value}}')

    def _scopes(self, value: object, where: str) -> frozenset[Scope]:
        names = self._texts(value, where)
        for name in names:
            self._known(name, where, {scope.value for scope in Scope})
        scopes = frozenset(Scope(name) for name in names)
        return scopes | {Scope.CHANGE} if Scope.CONFIRM in scopes else scopes

    def _replies(self) -> Iterator[tuple[str, str]]:
        for name, table in self._section("intents").items():
            for key in ("say", "none", "confirm"):
                value = table.get(key)
                if isinstance(value, Mapping):
                    for inner, text in self._flattened(value, f"intents.{name}.{key}"):
                        yield f"{name}.{inner}", text
                elif value is not None:
                    yield f"{name}.{key}", self._text(value, f"intents.{name}.{key}")

    def _samples(self, intents: Mapping[str, Intent]) -> Iterator[Sample]:
        rows = self._section("test").get("rows", [])
        for number, row in enumerate(rows if isinstance(rows, Sequence) else [], start=1):
            where = f"test.rows {number}"
            for key in row:
                self._known(key, f"{where}.{key}", _ROW_KEYS)
            intent = self._text(row.get("intent", ""), f"{where}.intent")
            if intent:
                self._known(intent, f"{where}.intent", set(intents))
            hear = self._text(row.get("hear"), f"{where}.hear")
            yield Sample(hear=hear, intent=intent, slots=row.get("slots", {}))
