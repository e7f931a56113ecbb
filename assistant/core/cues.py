"""What a sentence is about when no template fits it: its key words in order, anything between.

A cue is a template that need not be whole: "delete meetings" is heard in "could you delete all of
these silly meetings". The last resort of `match`; what it finds is never sure, so that calls and
changes are asked. Decided here: which cue explains most, and what fills the slots.
Source: W. Ward, "Extracting information in spontaneous speech", ICSLP 1994 (key phrases and slots
are found anywhere, all other words are skipped).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from assistant.core.kinds import Open
from assistant.core.locale import Intent, Locale, Meaning
from assistant.core.pieces import Capture, Piece
from assistant.core.search import Chart
from assistant.core.tree import Slot, openers, slots_in

_CHUNKS = ("title", "when", "minutes", "person", "number_kind", "response", "language")
"""Kinds that are looked for anywhere in a sentence, the most telling first."""
_CHUNK = 0.4
"""Weight of a slot that a cue asks for."""
_LEAST_EXPLAINED = 0.18
"""Share of the sentence, by weight of its words, that cue and slots must account for."""
_LEAST_OF_ANY = 0.66
"""The same of a question about a day, where a word is strange and none the assistant's own."""
_KEYS = 2
"""Words of a cue that outweigh one word of somebody else's business (misheard, perhaps)."""
_WHOLE = 0.7
"""Share of the other words that must be told where one is somebody else's business."""
_SURE = 0.7
"""Score of a sentence of which every word is accounted for: not enough to act unasked."""
NEARLY_ALL = 0.8 * _SURE
"""Score from which no nearly fitting template is looked for."""


class Guess(NamedTuple):
    """What a sentence seems to mean."""

    meaning: Meaning
    captures: tuple[Capture, ...]
    score: float


class _Chunk(NamedTuple):
    """A slot heard somewhere."""

    kind: str
    start: int
    piece: Piece

    @property
    def span(self) -> range:
        return range(self.start, self.piece.end)


class _Trace(NamedTuple):
    """Words of a cue heard so far, linked to those before."""

    weight: float
    keys: int = 0
    """Words among them that carry meaning."""
    at: int = -1
    before: _Trace | None = None

    def positions(self) -> Iterator[int]:
        if self.before is not None:
            yield self.at
            yield from self.before.positions()


def best(
    locale: Locale, chart: Chart, heard: Collection[str], known: Collection[str]
) -> Guess | None:
    """The heaviest cue of the intents in `heard` that accounts for enough of the sentence."""
    return _Sentence(locale, chart, known).best(heard)


def is_question(locale: Locale, words: Sequence[str], verbs: Collection[str]) -> bool:
    """Whether it asks instead of ordering: by its first word after polite ones, unless there is a
    verb of an order ("what about moving it")."""
    polite = locale.opening_words - locale.questions
    first = next((word for word in words if word not in polite), "")
    if first in locale.wonders:
        return True
    return first in locale.questions and all(word not in verbs for word in words)


class _Sentence:
    """What is in one sentence beside its cues."""

    def __init__(self, locale: Locale, chart: Chart, known: Collection[str]) -> None:
        self.locale = locale
        self.chart = chart
        self.known = known
        self.chunks = sorted(_chunks(chart), key=lambda chunk: chunk.start - chunk.piece.end)
        words = chart.words
        self.strange = [at for at, word in enumerate(words) if word in locale.elsewhere]
        self.is_own = not locale.own_words.isdisjoint(words)
        self.denied = _denied(locale, words)
        self.is_question = is_question(locale, words, chart.prices.verbs)

    def best(self, heard: Collection[str]) -> Guess | None:
        traces = _traces(self.locale, self.chart, self.chunks)
        for meaning, trace in sorted(traces, key=lambda found: -found[1].weight):
            if meaning.intent not in heard:
                continue
            used = frozenset(trace.positions())
            is_careful = self.locale.intents[meaning.intent].careful
            if self._is_elsewhere(trace, used, is_careful=is_careful):
                return None
            if is_careful and self.is_question:
                continue
            if _overlooks(self.locale, self.chart, meaning.intent, used):
                continue
            if is_careful and not self.denied <= used:
                return None
            guess = _guess(self.locale, self.chart, meaning, used, self.chunks)
            if guess.score >= _SURE * self._least(guess, used):
                return guess
        return None

    def _is_elsewhere(self, trace: _Trace, used: frozenset[int], *, is_careful: bool) -> bool:
        """Whether words of somebody else's business outweigh what the cue says."""
        if not self.strange:
            return False
        if trace.keys + self.is_own >= len(self.strange) * _KEYS:
            return False
        told = used if is_careful else used.union(*(chunk.span for chunk in self.chunks))
        return not self.is_own or self._misses(told)

    def _misses(self, told: Collection[int]) -> bool:
        """Whether much besides one word of somebody else's business is not accounted for."""
        prices, words = self.chart.prices, self.chart.words
        rest = [at for at in range(len(words)) if at not in self.strange]
        weight = prices.sum(words[at] for at in rest)
        return len(self.strange) > 1 or (
            prices.sum(words[at] for at in rest if at in told) < _WHOLE * weight
        )

    def _least(self, guess: Guess, used: frozenset[int]) -> float:
        """Of a question about the day itself, where a strange word is a place or a show, cue and
        slots must tell more than of one about something with a title."""
        intent = self.locale.intents[guess.meaning.intent]
        is_special = intent.careful or any(s.name == "title" for s in _slots(intent, self.locale))
        if self.is_own or is_special:
            return _LEAST_EXPLAINED
        told = used.union(*(range(c.start, c.piece.end) for c in guess.captures))
        rest = (word for at, word in enumerate(self.chart.words) if at not in told)
        is_foreign = any(word not in self.known and not word.isdigit() for word in rest)
        return _LEAST_OF_ANY if is_foreign else _LEAST_EXPLAINED


def _denied(locale: Locale, words: Sequence[str]) -> frozenset[int]:
    """Words that turn the sentence round; "don't forget" does not."""
    affirmed = {
        at + shift
        for phrase in locale.affirmed
        for at in range(len(words))
        if tuple(words[at : at + len(phrase)]) == phrase
        for shift in range(len(phrase))
    }
    return frozenset(
        at for at, word in enumerate(words) if word in locale.negations and at not in affirmed
    )


def _overlooks(locale: Locale, chart: Chart, intent: str, used: Collection[int]) -> bool:
    """Whether the sentence begins with what to do, and the cue is about something else."""
    verbs = [at for at, word in enumerate(chart.words) if word in chart.prices.verbs]
    if verbs[:1] != [0] or any(at in used for at in verbs):
        return False
    known = locale.intents[intent]
    templates = (*known.hear, *known.typed)
    return not any(chart.words[0] in openers(t.tree, locale.rules) for t in templates)


def _chunks(chart: Chart) -> Iterator[_Chunk]:
    """Every slot that is in the sentence word for word; of those that begin alike the longest."""
    for kind in _CHUNKS:
        for start in range(len(chart.words)) if kind in chart.kinds else ():
            pieces = [p for p in chart.heard(kind, start) if p.end - start > 1 or not _is_bare(p)]
            if pieces:
                yield _Chunk(kind, start, max(pieces, key=lambda piece: piece.end))


def _is_bare(piece: Piece) -> bool:
    """A number that might be an hour, and anything else as well."""
    return isinstance(piece.value, Mapping) and piece.value.keys() == {"hour"}


def _traces(
    locale: Locale, chart: Chart, chunks: Sequence[_Chunk]
) -> Iterator[tuple[Meaning, _Trace]]:
    """Every cue in the sentence."""
    network = locale.cues
    layers: list[dict[int, _Trace]] = [{} for _ in range(len(chart.words) + 1)]
    layers[0][0] = _Trace(0.0)
    for at, word in enumerate(chart.words):
        begun = [chunk for chunk in chunks if chunk.start == at]
        for state, trace in layers[at].items():
            _keep(layers[at + 1], state, trace)
            target = network.arcs[state].get(word)
            if target is not None:
                weight = trace.weight + chart.prices.of(word)
                keys = trace.keys + chart.prices.tells(word)
                _keep(layers[at + 1], target, _Trace(weight, keys, at, trace))
            for chunk in begun:
                target = network.arcs[state].get(Slot(chunk.kind, chunk.kind))
                if target is not None:
                    asked = trace._replace(weight=trace.weight + _CHUNK)
                    _keep(layers[chunk.piece.end], target, asked)
    for state, trace in layers[-1].items():
        for label in network.finals.get(state, ()):
            if isinstance(label, Meaning):
                yield label, trace


def _keep(layer: dict[int, _Trace], state: int, trace: _Trace) -> None:
    known = layer.get(state)
    if known is None or trace.weight > known.weight:
        layer[state] = trace


def _guess(
    locale: Locale, chart: Chart, meaning: Meaning, used: frozenset[int], chunks: Sequence[_Chunk]
) -> Guess:
    slots = _slots(locale.intents[meaning.intent], locale)
    captures = dict(_named(_fitting(chunks, slots, used), slots))
    taken = used.union(*(range(c.start, c.piece.end) for c in captures.values()))
    if "title" not in captures:
        captures |= _rest(chart, slots, taken)
    taken = taken.union(*(range(c.start, c.piece.end) for c in captures.values()))
    explained = chart.prices.sum(chart.words[at] for at in taken) / chart.prices.sum(chart.words)
    return Guess(meaning, tuple(captures.values()), _SURE * explained)


def _slots(intent: Intent, locale: Locale) -> frozenset[Slot]:
    templates = (*intent.hear, *intent.typed)
    return frozenset(slot for t in templates for slot in slots_in(t.tree, locale.rules))


def _fitting(
    chunks: Sequence[_Chunk], slots: Collection[Slot], used: Collection[int]
) -> list[_Chunk]:
    """The chunks that the intent has a slot for, none of which shares a word; the last first."""
    taken = set(used)
    kinds = {slot.kind for slot in slots}
    fitting = []
    for chunk in chunks:
        if chunk.kind in kinds and taken.isdisjoint(chunk.span):
            taken.update(chunk.span)
            fitting.append(chunk)
    return sorted(fitting, key=lambda chunk: -chunk.start)


def _named(chunks: Sequence[_Chunk], slots: Collection[Slot]) -> Iterator[tuple[str, Capture]]:
    """A capture for each slot; of several times the last is where something moves to."""
    open_names = {(slot.kind, slot.name) for slot in slots}
    for chunk in chunks:
        names = [name for kind, name in sorted(open_names) if kind == chunk.kind]
        if names:
            open_names.discard((chunk.kind, names[0]))
            yield names[0], Capture(Slot(chunk.kind, names[0]), chunk.start, chunk.piece, None)


def _rest(chart: Chart, slots: Collection[Slot], taken: Collection[int]) -> dict[str, Capture]:
    """The longest run of words that nothing accounts for is the title, if there may be any."""
    slot = next((s for s in slots if s.name == "title" and _is_open(chart, s)), None)
    runs: list[list[int]] = [[]]
    for at, word in enumerate(chart.words):
        if at in taken:
            runs.append([])
        elif runs[-1] or not chart.prices.is_glue(word):
            runs[-1].append(at)
    run = max(runs, key=len)
    while run and chart.prices.is_glue(chart.words[run[-1]]):
        run.pop()
    if slot is None or not run:
        return {}
    words = " ".join(chart.words[run[0] : run[-1] + 1])
    return {"title": Capture(slot, run[0], Piece(run[-1] + 1, words, 0.0), None)}


def _is_open(chart: Chart, slot: Slot) -> bool:
    return isinstance(chart.kinds.get(slot.kind), Open)
