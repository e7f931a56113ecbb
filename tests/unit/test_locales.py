"""Locale files: what is read, what is refused and how the refusal reads."""

from __future__ import annotations

import random
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.core.events import Scope
from assistant.core.kinds import NAMES, OPTION, Digits, Formed, Listed, Open
from assistant.core.locales import Locale, Sample, parse
from assistant.core.match import Matcher
from assistant.core.model import Appointment, Contact, Interpretation, Named, When
from assistant.core.slots import build_vocabulary
from assistant.core.tree import Slot, sample
from assistant.errors import ConfigError

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
CONTACTS = [Contact(name="Anna Weber", organisation="Acme Ltd"), Contact(name="Ben Smith")]
CHOICES = ("Anna Weber", "Ben Smith")
SMALL = '[locale]\ntag = "en-GB"\n'


def matcher(locale: Locale) -> Matcher:
    review = Appointment(uid="1", title="Budget review", start=NOW, end=NOW)
    return Matcher(locale, build_vocabulary(locale, CONTACTS, [review], ["Team"]))


def scope_of(locale: Locale, intent: str) -> Scope:
    scopes = locale.intents[intent].scopes
    return Scope.IDLE if Scope.IDLE in scopes else min(scopes)


def plain(value: object) -> object:
    return value.heard if isinstance(value, Named | When) else value


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("tag =", "TOML"),
        ("[intents.a]\nhear = ['x']", "locale.tag"),
        (SMALL, "at least one"),
        (SMALL + "[intents.a]\nsay = 'x'", "intents.a.hear"),
        (SMALL + "[intents.a]\nheer = ['x']", "intents.a.heer: unknown key"),
        (SMALL + "[intense.a]\nhear = ['x']", "intense: unknown key"),
        (SMALL + "[intents.a]\nhear = ['(x']", "column 3 of '(x'"),
        (SMALL + "[intents.a]\nhear = ['<x>']", "<x> to be in [rules]"),
        (SMALL + "[intents.a]\nhear = ['{x}']", "{x} to be in [slots]"),
        (SMALL + "[rules]\na = '<b>'\nb = '<a>'\n[intents.a]\nhear = ['<a>']", "no rule within"),
        (SMALL + "[slots]\ns = 3\n[intents.a]\nhear = ['{s}']", "slots: s"),
        (SMALL + "[intents.a]\nhear = ['x']\nscopes = ['car']", "intents.a.scopes: unknown key"),
        (
            SMALL + "[intents.a]\nhear = ['x']\n[test]\nrows = [{hear = 'x', intent = 'b'}]",
            "rows 1",
        ),
    ],
)
def test_refusals_name_the_place(text: str, blamed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "x.toml")
    assert str(caught.value).startswith("x.toml: ")
    assert blamed in str(caught.value)


def test_a_file_for_another_domain() -> None:
    """Lists, tables, numbers, free words and rules as slots; hassil's {in, out} entries."""
    text = (
        SMALL
        + """
    [rules]
    drink = "(tea|[flat] white|coffee)"
    [slots]
    size = ["small", {in = "(big|large) [one]", out = "L"}]
    milk = {"oat [milk]" = "oat", "no milk" = "none"}
    spoons = {from = 0, to = 9}
    drink = "<drink>"
    note = {open = true}
    [intents.order]
    hear = "[i'd like] [a] {size} {drink} [with {milk}] [and {spoons} sugar[s]] [for {note:who}]"
    """
    )
    found = matcher(parse(text, "coffee.toml")).interpret(
        "a big one flat white with oat and 2 sugars for my boss", now=NOW
    )
    assert dict(found[0].slots) == {
        "size": "L", "drink": "flat white", "milk": "oat", "spoons": 2, "who": "my boss",
    }  # fmt: skip


def test_the_documented_example_works() -> None:
    guide = (ROOT / "docs" / "locale-files.md").read_text(encoding="utf-8")
    example = guide.partition("```toml\n")[2].partition("```")[0]
    locale = parse(example, "coffee.toml")
    assert locale.samples
    assert [row.hear for row in locale.samples if not fits(matcher(locale), locale, row)] == []


def test_a_slot_is_not_heard_twice() -> None:
    text = SMALL + "[slots]\nsize = ['small', 'large']\n[intents.a]\nhear = ['{size} coffee']"
    assert not matcher(parse(text, "x")).interpret("small large small coffee", now=NOW)


def test_every_documented_intent_is_there(shipped: Locale) -> None:
    table = (ROOT / "docs" / "intents.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`((?:calendar|call|message|drive|session)\.\w+)`", table))
    assert documented <= set(shipped.intents)


def test_in_a_call_only_what_controls_it_is_heard(shipped: Locale) -> None:
    heard = {name for name, intent in shipped.intents.items() if Scope.CALL in intent.scopes}
    controls = "answer decline hangup mute unmute hold resume keypad time emergency"
    assert heard == {f"call.{name}" for name in controls.split()} | {
        "session.cancel",
        "session.help",
    }


def test_every_intent_has_test_rows(shipped: Locale) -> None:
    assert {row.intent for row in shipped.samples} == set(shipped.intents)


def test_rows_mean_what_they_say(shipped: Locale) -> None:
    understand = matcher(shipped)
    wrong = [row.hear for row in shipped.samples if not fits(understand, shipped, row)]
    assert not wrong


def fits(understand: Matcher, locale: Locale, row: Sample) -> bool:
    scope = scope_of(locale, row.intent)
    choices = CHOICES if scope is Scope.QUESTION else ()
    found = understand.interpret(row.hear, now=NOW, scope=scope, choices=choices)
    if not found or found[0].intent != row.intent:
        return False
    return {name: plain(value) for name, value in found[0].slots.items()} == dict(row.slots)


def test_every_template_is_understood_as_its_own_intent(shipped: Locale) -> None:
    """Random sentences of every template; another intent may fit as well, but never instead."""
    understand, draw = matcher(shipped), random.Random(5)
    missed = []
    for name, intent in shipped.intents.items():
        for template in (*intent.hear, *intent.typed):
            said = spoken(shipped, sample(template.tree, shipped.rules, draw.randrange), draw)
            scope = scope_of(shipped, name)
            found = understand.interpret(said, now=NOW, scope=scope, choices=CHOICES)
            if said and name not in {reading.intent for reading in found}:
                missed.append((name, said))
    assert len(missed) <= 0.02 * sum(len(i.hear) + len(i.typed) for i in shipped.intents.values())


def spoken(locale: Locale, parts: tuple[str | Slot, ...], draw: random.Random) -> str:
    return " ".join(p if isinstance(p, str) else value(locale, p.kind, draw) for p in parts)


def value(locale: Locale, kind: str, draw: random.Random) -> str:
    names = {"person": "ben smith", "title": "budget review", "org": "acme", "calendar": "team"}
    names[OPTION] = "anna weber"
    if kind in NAMES or kind == OPTION:
        return names[kind]
    match locale.kinds[kind]:
        case Listed(phrases=phrases):
            return " ".join(draw.choice(sorted(phrases)))
        case Digits(digits=digits):
            return " ".join(" ".join(words) for words in draw.sample(sorted(digits), 3))
        case Open():
            return "xylophone"
        case Formed(network=network):
            return walk(locale, network.arcs, set(network.finals), draw)


def walk(locale: Locale, arcs: tuple[dict[str | Slot, int], ...], ends: set[int],
         draw: random.Random) -> str:  # fmt: skip
    state, said = 0, []
    while state not in ends or (arcs[state] and draw.random() < 0.5):
        symbol = draw.choice(sorted(arcs[state], key=str))
        said.append(symbol if isinstance(symbol, str) else value(locale, symbol.kind, draw))
        state = arcs[state][symbol]
    return " ".join(said)


def test_readings_are_few_and_ranked(shipped: Locale) -> None:
    found: tuple[Interpretation, ...] = matcher(shipped).interpret("anna weber", now=NOW)
    scores = [reading.score for reading in found]
    assert scores == sorted(scores, reverse=True)
