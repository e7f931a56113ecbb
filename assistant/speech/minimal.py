"""The smallest deterministic automaton for a language, made by OpenFst in a process of its own.

Vosk and kaldifst each carry their own OpenFst, and the two share global symbols: whoever is
loaded second hangs or crashes. So `python -m assistant.speech.minimal` is a child that reads
{"n_states", "arcs", "finals"} as JSON and answers with the same. Neighbour: `graph`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from assistant.core.automaton import Automaton
from assistant.errors import ConfigError
from assistant.speech.expansion import Grammar, GrammarArc

_DEADLINE_S = 60.0
_MOST_ARCS = 8_000


def minimal(automaton: Automaton, ids: Mapping[str, int]) -> Grammar:
    """`automaton` over word ids, without free steps, deterministic and minimal.

    Raises:
        ConfigError: kaldifst is missing or cannot do it.
    """
    request = {
        "n_states": automaton.n_states,
        "arcs": [
            (a.source, a.target, ids[a.word] if a.word else 0, a.weight) for a in automaton.arcs
        ],
        "finals": list(automaton.finals.items()),
    }
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, timeout=_DEADLINE_S
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise ConfigError("kaldifst", "grammar", "takes too long to compile") from cause
    if done.returncode:
        problem = done.stderr.decode(errors="replace").strip().splitlines()
        raise ConfigError("kaldifst", "grammar", problem[-1] if problem else "cannot be compiled")
    return _read(json.loads(done.stdout))


def is_small(automaton: Automaton) -> bool:
    """Whether `minimal` is worth its time. A driver's whole day is put together of parts that are
    deterministic each; making one of them all takes minutes and many times the arcs."""
    return len(automaton.arcs) <= _MOST_ARCS


def as_is(automaton: Automaton, ids: Mapping[str, int]) -> Grammar:
    """`automaton` over word ids, free steps included."""
    arcs: list[list[GrammarArc]] = [[] for _ in range(automaton.n_states)]
    for source, target, word, weight in automaton.arcs:
        arcs[source].append(GrammarArc(ids[word] if word else 0, weight, target))
    return Grammar(arcs=arcs, finals=dict(automaton.finals))


def _read(answer: Mapping[str, Any]) -> Grammar:
    arcs: list[list[GrammarArc]] = [[] for _ in range(answer["n_states"])]
    for source, target, word, weight in answer["arcs"]:
        arcs[source].append(GrammarArc(word, weight, target))
    return Grammar(arcs=arcs, finals=dict(answer["finals"]))


def _minimise(request: Mapping[str, Any]) -> dict[str, Any]:
    import kaldifst

    fst = kaldifst.StdVectorFst()
    for _ in range(request["n_states"]):
        fst.add_state()
    fst.start = 0
    for source, target, word, weight in request["arcs"]:
        fst.add_arc(source, kaldifst.StdArc(word, word, weight, target))
    for state, weight in request["finals"]:
        fst.set_final(state, weight)
    kaldifst.connect(fst)
    kaldifst.rmepsilon(fst)
    fst = kaldifst.determinize(fst)
    kaldifst.minimize(fst)
    return _listed(fst)


def _listed(fst: Any) -> dict[str, Any]:
    import kaldifst

    number = {state: state for state in range(fst.num_states)}
    if number:
        number[0], number[fst.start] = fst.start, 0
    arcs = [
        (own, number[arc.nextstate], arc.olabel, arc.weight.value)
        for state, own in number.items()
        for arc in kaldifst.ArcIterator(fst, state)
    ]
    weights = [(own, fst.final(state).value) for state, own in number.items()]
    finals = [(own, weight) for own, weight in weights if weight != float("inf")]
    return {"n_states": len(number), "arcs": arcs, "finals": finals}


if __name__ == "__main__":
    json.dump(_minimise(json.load(sys.stdin)), sys.stdout)
