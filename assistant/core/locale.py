"""What a language is to the assistant: one frozen Locale per locale file.

Neighbours: `locales` reads the TOML file, `kinds` are the slots; `match` and `template` use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from assistant.core import tree as trees
from assistant.core.events import Scope
from assistant.core.kinds import Kind
from assistant.core.network import Network, Sentences, Weaver, determine
from assistant.core.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One way to say an intent."""

    text: str
    tree: Tree
    slots: Mapping[str, object] = field(default_factory=dict)
    """Values that the wording itself settles (`response = "accepted"`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a whole sentence of the network means: the label of its final state."""

    intent: str
    slots: tuple[tuple[str, object], ...] = ()
    is_typed: bool = False
    """Only text is understood so; a spoken template that fits as well comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    hear: tuple[Template, ...]
    typed: tuple[Template, ...]
    """Understood in text as well, but not put before the recogniser, where less is better."""
    cues: tuple[Template, ...]
    """Key words in order that tell the intent when no template fits; other words between them."""
    scopes: frozenset[Scope]
    single: bool
    """Happens once: words of `recurring` are told as slot `every`."""
    careful: bool
    """Never heard from half a sentence: it calls, sends, changes or deletes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One `[test]` row: a sentence and what it must mean."""

    hear: str
    intent: str
    slots: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Locale:
    """One language, ready to be heard and spoken; the networks to read it are made when needed."""

    tag: str
    market: str
    """ISO 3166 region for phone numbers and dial-ins: GB, DE, FR."""
    before: Tree
    """Polite words that may open any sentence."""
    after: Tree
    own: Tree
    """Words of what is the assistant's business: "calendar", "meeting", "remind"."""
    fillers: frozenset[str]
    elsewhere: frozenset[str]
    """Words of things that are none of the assistant's business: "weather", "timer", "song"."""
    corrections: tuple[tuple[str, ...], ...]
    """Words that take back what came before: "no", "i mean"."""
    conjunctions: frozenset[str]
    """Words that a second order follows: "and"."""
    questions: frozenset[str]
    """Words that a question begins with: it orders nothing."""
    wonders: frozenset[str]
    """Those of them after which a verb gives no order either: "did my boss arrange lunch"."""
    negations: frozenset[str]
    """Words that turn a sentence round: none is overheard."""
    affirmed: tuple[tuple[str, ...], ...]
    """Where they do not: "don't forget"."""
    recurring: frozenset[str]
    """Words of what happens again and again: "every"."""
    honorifics: tuple[tuple[str, ...], ...]
    spoken: Mapping[str, tuple[str, ...]]
    """Signs in titles -> how they are said ("1:1" -> "one on one")."""
    generic: frozenset[str]
    """Title words too common to name a meeting alone."""
    rules: Mapping[str, Tree]
    kinds: Mapping[str, Kind]
    intents: Mapping[str, Intent]
    replies: Mapping[str, str]
    phrases: Mapping[str, str]
    errors: Mapping[str, str]
    samples: tuple[Sample, ...]

    @property
    def language(self) -> str:
        """ISO 639 code."""
        return self.tag.partition("-")[0]

    @cached_property
    def network(self) -> Network:
        """Every sentence of the intents; labels are Meaning."""
        templates = tuple(
            (trees.with_calls(template.tree, self.rules), _meaning(name, template, is_typed), 1.0)
            for name, intent in self.intents.items()
            for is_typed, listed in ((False, intent.hear), (True, intent.typed))
            for template in listed
        )
        sentences = Sentences(before=self.before, after=self.after, templates=templates)
        return determine(*sentences.woven(self.rules))

    @cached_property
    def opening_words(self) -> frozenset[str]:
        """Of polite words that may open any sentence."""
        return frozenset(trees.words_of(self.before, self.rules))

    @cached_property
    def own_words(self) -> frozenset[str]:
        return frozenset(trees.words_of(self.own, self.rules))

    @cached_property
    def cues(self) -> Network:
        """All cues in one; labels are Meaning."""
        weaver = Weaver(self.rules)
        for name, intent in self.intents.items():
            for cue in intent.cues:
                weaver.finish(weaver.add(cue.tree, {0: 1.0}), _meaning(name, cue, is_typed=True))
        return determine(weaver)


def _meaning(intent: str, template: Template, is_typed: bool) -> Meaning:
    return Meaning(intent=intent, slots=tuple(template.slots.items()), is_typed=is_typed)
