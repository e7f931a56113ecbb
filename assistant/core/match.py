"""Heard words -> ranked Interpretations.

First word for word over the network of all templates; if nothing fits, key words, and the same
templates with words left out, added or exchanged at a price (typed text, recognition errors).
Names are looked up, then repaired by likeness. Decided here: which of these ways is tried when,
what a correction in the same breath takes back. Neighbours: `search` walks, `evidence` judges,
`cues` has the key words, `slots` names, `when` times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from assistant.core import cues
from assistant.core import slots as names
from assistant.core import when as times
from assistant.core.corrections import has_free, without_mistakes
from assistant.core.events import Scope
from assistant.core.evidence import SLOT_WORD, captures_of, is_evident, is_wondered, share_said
from assistant.core.kinds import NAMES, OPTION, Formed, Kind, Listed, Open, Sense
from assistant.core.locale import Locale, Meaning
from assistant.core.model import Interpretation, Named, When
from assistant.core.options import option_phrases
from assistant.core.pieces import Capture, Graph, Prices, careful_verbs, known_words, word_prices
from assistant.core.search import Chart, Search, Step
from assistant.core.slots import Vocabulary
from assistant.core.tokens import tokens
from assistant.core.tree import words_of

_MOST_READINGS = 6
_MOST_WORDS = 60
"""A longer utterance is rambling: only its beginning would be searched."""
_PRICE_LIMIT = 1.6
"""Nearly two words that carry the meaning may go wrong in a long sentence."""
_SCORE_LIMIT = 0.74
_CAREFUL_SCORE_LIMIT = 0.72
_TYPED = 0.01
"""Score lost by a template that is only for text, where a spoken one fits as well."""
_RESEMBLANCE = 0.82
"""Likeness from which a name may be meant though it was said or heard differently."""
_RIVAL = 0.4
"""Readings that cost this much more than the best are no rivals."""
_MOST_UNKNOWN = 0.25
"""Share of words that no template and no name has, in a sentence that is worth a rough reading;
what calls or changes may name strangers."""
_ONE_WORD = 0.8
"""Score of a careful intent said in one word ("join"): it is asked, never done unasked."""


class Matcher:
    """Understands one language with today's names; build a new one when they change."""

    def __init__(self, locale: Locale, vocabulary: Vocabulary) -> None:
        self.locale = locale
        self.vocabulary = vocabulary
        self.softeners = frozenset(words_of(locale.after, locale.rules))
        self._graph = Graph(locale.network)
        self._graphs = {
            name: Graph(kind.network)
            for name, kind in locale.kinds.items()
            if isinstance(kind, Formed)
        }
        self._kinds: dict[str, Kind] = dict(locale.kinds)
        for name in NAMES:
            lexicon = vocabulary.of(name)
            self._kinds[name] = Listed(phrases=lexicon.phrases, longest=lexicon.longest)
        self.known = frozenset(known_words(locale, self._kinds.values()))
        self._spelt = {w.replace("'", ""): w for w in self.known if not w.endswith("'s")}
        self._prices = Prices(
            words=word_prices(locale), verbs=careful_verbs(locale), negations=locale.negations
        )

    def interpret(
        self,
        text: str,
        *,
        now: datetime,
        scope: Scope = Scope.IDLE,
        choices: Sequence[str] = (),
        is_spoken: bool = False,
    ) -> tuple[Interpretation, ...]:
        """Best first, at most six, none when nothing fits. `now` is aware, in the car's zone.

        The recogniser hears whole sentences of the templates: what was `is_spoken` and fits none
        is half of one, or something else.
        """
        said = tokens(text)
        if len(said) > _MOST_WORDS:
            return ()
        words = tuple(map(self._plain, (w for w in said if w not in self.locale.fillers))) or said
        spelt = {word.lower(): word for word in text.split() if word != word.lower()}
        reader = _Reader(self, now, scope, choices, spelt)
        ways = (reader.meant, reader.corrected, reader.chained, reader.loosely)
        tried = ways[:1] if is_spoken else ways
        return tuple(next(filter(None, (way(words) for way in tried)), ()))

    def _plain(self, word: str) -> str:
        """ "anna's" -> "anna", unless a template or a title has it so; "oclock" -> "o'clock"."""
        return (word if word in self.known else self._spelt.get(word)) or word.removesuffix("'s")

    def may_be_near(self, words: tuple[str, ...]) -> bool:
        """Whether a template may nearly have been said: few words are in none and in no name."""
        if not self.locale.elsewhere.isdisjoint(words):
            return False
        unknown = sum(word not in self.known and not word.isdigit() for word in words)
        has_verb = not self._prices.verbs.isdisjoint(words)
        return has_verb or unknown <= _MOST_UNKNOWN * len(words)

    def chart(self, words: tuple[str, ...], choices: Sequence[str]) -> Chart:
        kinds = {**self._kinds, OPTION: option_phrases(choices)}
        return Chart(words, kinds, self._graphs, self._prices, self._resembles)

    def _resembles(self, kind: str, words: tuple[str, ...]) -> float:
        lexicon = self.vocabulary.of(kind)
        if lexicon.words.isdisjoint(words) and kind != "person":
            return 0.0
        found = names.named(lexicon, " ".join(words), _RESEMBLANCE).candidates
        return found[0].score if found else 0.0

    def sentences(self, chart: Chart) -> Iterator[Path]:
        """Readings of the whole sentence, cheapest first."""
        for step in Search(self._graph, chart).ends():
            if step.at == len(chart.words):
                labels = [m for m in self._graph.finals[step.state] if isinstance(m, Meaning)]
                yield from (Path(m, step) for m in sorted(labels, key=lambda m: m.is_typed))


class Path(NamedTuple):
    """One way to read a whole sentence."""

    meaning: Meaning
    step: Step


class _Reader:
    """One utterance being understood."""

    def __init__(
        self,
        matcher: Matcher,
        now: datetime,
        scope: Scope,
        choices: Sequence[str],
        spelt: Mapping[str, str],
    ) -> None:
        self.matcher = matcher
        self.locale = matcher.locale
        self.now = now
        self.scope = scope
        self.choices = choices
        self.spelt = spelt

    def meant(self, words: tuple[str, ...]) -> list[Interpretation]:
        """Word for word, unless more than a name has become the name of a thing."""
        readings = self.exactly(words)
        if not readings or not has_free(readings[0]):
            return readings
        corrected = self.corrected(words)
        if corrected and not has_free(corrected[0]):
            return corrected
        intent = self.locale.intents[readings[0].intent]
        if not intent.careful:
            return self.chained(words) or readings
        near = [] if intent.single else self.roughly(words)
        return [r for r in near if r.intent == readings[0].intent and not has_free(r)] or readings

    def exactly(self, words: tuple[str, ...]) -> list[Interpretation]:
        return self._ranked(words, self.matcher.chart(words, self.choices))

    def corrected(self, words: tuple[str, ...]) -> list[Interpretation]:
        """ "call my three no my four pm": what follows the "no" replaces what it resembles."""
        loose: list[Interpretation] = []
        left = without_mistakes(words, self.locale.corrections)
        for readings in filter(None, map(self.exactly, left)):
            if not has_free(readings[0]):
                return readings
            loose = loose or readings
        return loose

    def chained(self, words: tuple[str, ...]) -> list[Interpretation]:
        """ "mute and tell me the time": the first, and what is left."""
        for at, word in enumerate(words):
            left = self.exactly(words[at + 1 :]) if word in self.locale.conjunctions else []
            if left and (first := self.exactly(words[:at])):
                return [replace(one, left=left[0]) for one in first]
        return []

    def roughly(self, words: tuple[str, ...]) -> list[Interpretation]:
        chart = self.matcher.chart(words, self.choices)
        known = self.matcher.known  # no score can count more than these weights
        most = sum(chart.prices.of(w) if w in known else SLOT_WORD for w in words)
        chart.loosen(min(_PRICE_LIMIT, (1 / _CAREFUL_SCORE_LIMIT - 1) * (most + SLOT_WORD)))
        return self._ranked(words, chart)

    def loosely(self, words: tuple[str, ...]) -> list[Interpretation]:
        """No template fits. Key words that account for nearly all are enough; else the template
        that is nearly said; else key words that account for some of it."""
        intents = self.locale.intents.items()
        heard = {name for name, intent in intents if self.scope in intent.scopes}
        guess = cues.best(
            self.locale, self.matcher.chart(words, self.choices), heard, self.matcher.known
        )
        rough: list[Interpretation] = []
        is_told = guess is not None and guess.score >= cues.NEARLY_ALL
        if not is_told and self.matcher.may_be_near(words):
            rough = self.roughly(words)
        if rough or guess is None:
            return rough
        return [self._interpretation(words, guess.meaning, guess.captures, guess.score)]

    def _is_bare(self, words: tuple[str, ...]) -> bool:
        """One word out of the blue, or "join now"; while it rings or in a call it is expected."""
        is_short = len(words) == 1 or (len(words) == 2 and words[1] in self.matcher.softeners)
        return is_short and self.scope is Scope.IDLE

    def _ranked(self, words: tuple[str, ...], chart: Chart) -> list[Interpretation]:
        readings: dict[tuple[str, tuple[str, ...]], Interpretation] = {}
        asks = chart.is_loose and cues.is_question(self.locale, words, chart.prices.verbs)
        for path in self.matcher.sentences(chart):
            intent = self.locale.intents[path.meaning.intent]
            careful, step = intent.careful, path.step
            is_asked = careful and (asks or is_wondered(words, step, self.locale))
            if self.scope not in intent.scopes or is_asked:
                continue
            if chart.is_loose and not is_evident(step, self.locale.kinds, careful=careful):
                continue
            score = share_said(step) - (_TYPED if path.meaning.is_typed else 0.0)
            reading = self._interpretation(words, path.meaning, captures_of(step), score)
            if careful and self._is_bare(words) and not reading.missing:
                reading = replace(reading, score=min(reading.score, _ONE_WORD))
            limit = _CAREFUL_SCORE_LIMIT if careful else _SCORE_LIMIT
            if reading.score < limit or (careful and reading.missing and step.lost):
                continue
            chart.limit = min(chart.limit, step.cost + _RIVAL)
            key = (reading.intent, tuple(map(str, reading.slots.values())))
            readings[key] = max(readings.get(key, reading), reading, key=lambda one: one.score)
            if len(readings) == _MOST_READINGS:
                break
        listed = list(self.locale.intents)
        return sorted(readings.values(), key=lambda one: (*_rank(one), listed.index(one.intent)))

    def _interpretation(
        self, words: tuple[str, ...], meaning: Meaning, captures: Sequence[Capture], score: float
    ) -> Interpretation:
        slots: dict[str, object] = {name: value for name, value in meaning.slots if value != ""}
        missing = [name for name, value in meaning.slots if value == ""]
        for capture in captures:
            heard = " ".join(words[capture.start : capture.piece.end])
            value = slots[capture.slot.name] = self._value(capture, heard)
            if _is_missing(capture.slot.kind, value):
                missing.append(capture.slot.name)
            elif isinstance(value, Named) and capture.piece.value is None and value.candidates:
                score *= 0.5 + 0.5 * value.candidates[0].score
        intent, locale = meaning.intent, self.locale
        if (intent, *slots) == ("calendar.agenda", "when") and words[0] in locale.conjunctions:
            slots["also"] = True
        if locale.intents[intent].single and not locale.recurring.isdisjoint(words):
            slots["every"] = True
        return Interpretation(
            intent=intent,
            slots=slots,
            score=max(0.0, min(1.0, round(score, 3))),
            missing=tuple(missing),
        )

    def _value(self, capture: Capture, heard: str) -> object:
        kind, value = capture.slot.kind, capture.piece.value
        if kind in NAMES:
            return names.named(self.matcher.vocabulary.of(kind), heard)
        formed = self.locale.kinds.get(kind)
        if isinstance(formed, Formed) and isinstance(value, Mapping):
            if formed.sense is Sense.WHEN:
                return times.resolve(heard, value, self.now)
            return times.minutes(value)
        if not isinstance(value, str):
            return value
        if isinstance(self.locale.kinds.get(kind), Open):
            value = " ".join(self.spelt.get(word, word) for word in value.split())
        if capture.slot.name == "title":
            ending = self.locale.phrases.get("infinitive", "(?!)")
            value = re.sub(ending, lambda m: "".join(filter(None, m.groups())), value)
        return Named(heard=value) if capture.slot.name in NAMES else value


def _rank(reading: Interpretation) -> tuple[float, bool, int]:
    """By score; of equals asides first, then two people, people who are told, no companies."""
    is_told = "person" in reading.slots and reading.intent.startswith("message.")
    people = ("org" in reading.missing) - ("other" in reading.slots) - is_told
    return -reading.score, not reading.intent.startswith("session."), people


def _is_missing(kind: str, value: object) -> bool:
    """A time that cannot be; a name that nothing in the vocabulary resembles."""
    if isinstance(value, When):
        return not value.spans
    return kind in NAMES and isinstance(value, Named) and not value.candidates
