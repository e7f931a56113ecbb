"""Templates: syntax, networks, and the automaton that the recogniser gets."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from assistant.core import template
from assistant.core.automaton import Automaton
from assistant.core.events import Scope
from assistant.core.locales import Locale, parse
from assistant.core.model import Appointment, Contact
from assistant.core.slots import build_vocabulary
from assistant.core.tree import Slot, TemplateError, sample
from assistant.core.tree import parse as read

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/London"))
ORDERS = """
[locale]
tag = "en-GB"
[slots]
size = ["small", "large"]
shots = {from = 1, to = 4}
[intents.order]
hear = ["[please] (bring|get) me [a] {size} coffee[s] [with {shots} shots]", "{size:what} one"]
[intents.stop]
hear = ["stop [it;now]"]
"""


def texts(source: str) -> set[str]:
    """Every sentence of a template without slots, by drawing often."""
    draw = random.Random(1)
    tree = read(source)
    return {" ".join(map(str, sample(tree, {}, draw.randrange))) for _ in range(400)}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("stop", {"stop"}),
        ("[please] stop", {"stop", "please stop"}),
        ("(ruf|rufe) an", {"ruf an", "rufe an"}),
        ("light[s]", {"light", "lights"}),
        ("nächste(r|s)", {"nächster", "nächstes"}),
        ("(now;please)", {"now please", "please now"}),
        ("rendez-vous l'appel", {"rendez vous l' appel"}),
        ("Stop, at 3pm!", {"stop at 3 pm"}),
    ],
)
def test_syntax(source: str, said: set[str]) -> None:
    assert texts(source) == said


def test_slots_may_be_renamed() -> None:
    assert sample(read("to {when:to}"), {}, lambda _: 0) == ("to", Slot("when", "to"))


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("(a|b", "expected ')'"),
        ("a) b", "closes nothing"),
        ("a {slot", "expected '}'"),
        ("a {b c}", "is no name"),
        ("(a|b;c)", "need brackets between them"),
        ("(a;b;c;d;e)", "at most 4"),
    ],
)
def test_errors_name_the_column(source: str, problem: str) -> None:
    with pytest.raises(TemplateError, match="column") as caught:
        read(source)
    assert problem in str(caught.value)


def accepts(automaton: Automaton, words: tuple[str, ...]) -> bool:
    states = closure(automaton, {0})
    for word in words:
        states = closure(
            automaton, {a.target for a in automaton.arcs if a.source in states and a.word == word}
        )
    return bool(states & set(automaton.finals))


def closure(automaton: Automaton, states: set[int]) -> set[int]:
    waiting = list(states)
    while waiting:
        state = waiting.pop()
        for arc in automaton.arcs:
            if arc.source == state and arc.word is None and arc.target not in states:
                states.add(arc.target)
                waiting.append(arc.target)
    return states


def orders() -> tuple[Locale, Automaton]:
    locale = parse(ORDERS, "orders.toml")
    return locale, template.automaton(locale, build_vocabulary(locale, [], []), Scope.IDLE)


@pytest.mark.parametrize(
    ("sentence", "is_heard"),
    [
        ("please bring me a small coffee", True),
        ("get me large coffees with four shots", True),
        ("small one", True),
        ("stop it now", True),
        ("stop now it", True),
        ("stop", True),
        ("get me coffee", False),
        ("get me large coffees with five shots", False),
        ("please", False),
        ("small", False),
    ],
)
def test_the_automaton_hears_the_templates_and_nothing_else(sentence: str, is_heard: bool) -> None:
    assert accepts(orders()[1], tuple(sentence.split())) is is_heard


def test_every_sample_is_heard() -> None:
    locale, automaton = orders()
    draw = random.Random(3)
    for intent in locale.intents.values():
        for each in intent.hear:
            parts = sample(each.tree, locale.rules, draw.randrange)
            words = ["small" if p == Slot("size", "size") else "two" if p == Slot("shots", "shots")
                     else "large" if isinstance(p, Slot) else p for p in parts]  # fmt: skip
            assert accepts(automaton, tuple(words)), words


def test_weights_are_probabilities() -> None:
    """What leaves a state, stopping included, sums to one."""
    automaton = orders()[1]
    assert all(arc.weight >= 0 for arc in automaton.arcs)
    assert all(weight >= 0 for weight in automaton.finals.values())


def test_names_are_shared(shipped: Locale) -> None:
    """Two thousand contacts are not copied into every sentence."""
    contacts = [Contact(name=f"{a}{b} {b}{c}son") for a in "bdfgklmnprst" for b in
                ("ana", "eli", "ivo", "oru", "una") for c in
                ("bar", "den", "fir", "gol", "hun", "kal", "lem", "mir", "nov", "pet")]  # fmt: skip
    appointment = Appointment(uid="1", title="Budget review", start=NOW, end=NOW)
    small = template.automaton(shipped, build_vocabulary(shipped, [], [appointment]), Scope.IDLE)
    large = template.automaton(
        shipped, build_vocabulary(shipped, contacts, [appointment]), Scope.IDLE
    )
    assert len(large.arcs) < len(small.arcs) + 20 * 3 * len(contacts)
    assert {"ana", "eli"} & {word[1:] for word in large.words}


def test_options_are_heard_beside_yes_and_no(shipped: Locale) -> None:
    vocabulary = build_vocabulary(shipped, [], [])
    automaton = template.automaton(shipped, vocabulary, Scope.QUESTION, ("Anna Weber", "Ben Smith"))
    assert {"weber", "ben"} <= automaton.words
