"""A press counts at once, a release when it lasts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assistant.core.debounce import SETTLE_S, Debouncer, Edge
from assistant.core.events import ButtonDown, ButtonUp

END_S = 1000.0


def play(*edges: tuple[float, bool]) -> list[ButtonDown | ButtonUp]:
    """Feed (second, is down) and wait until nothing more can come."""
    debouncer = Debouncer()
    found = [e for s, down in edges for e in debouncer.feed(Edge(is_down=down, at_s=s))]
    return found + debouncer.settle(END_S)


def test_press_counts_with_the_first_contact() -> None:
    assert Debouncer().feed(Edge(is_down=True, at_s=5.0)) == [ButtonDown()]


def test_release_counts_only_when_it_lasts() -> None:
    debouncer = Debouncer()
    debouncer.feed(Edge(is_down=True, at_s=0.0))
    assert debouncer.feed(Edge(is_down=False, at_s=1.0)) == []
    assert debouncer.due_s == 1.0 + SETTLE_S
    assert debouncer.settle(1.0 + SETTLE_S / 2) == []
    assert debouncer.settle(1.0 + SETTLE_S * 1.01) == [ButtonUp(held_s=1.0)]
    assert debouncer.due_s is None


def test_bounce_of_a_tap_is_one_tap() -> None:
    bounce = [(0.0, True), (0.002, False), (0.003, True), (0.078, False), (0.079, True)]
    release = [(0.3, False), (0.31, True), (0.38, False)]
    assert play(*bounce, *release) == [ButtonDown(), ButtonUp(held_s=0.38)]


def test_second_callback_after_eighty_milliseconds_is_bounce() -> None:
    assert play((0.0, True), (0.5, False), (0.58, True), (0.59, False)) == [
        ButtonDown(),
        ButtonUp(held_s=0.59),
    ]


def test_worn_contact_does_not_end_a_hold() -> None:
    gaps = [(s / 10 + d, d > 0) for s in range(10, 30) for d in (0.0, 0.05)]
    assert play((0.0, True), *gaps, (4.0, False)) == [ButtonDown(), ButtonUp(held_s=4.0)]


def test_next_press_brings_the_release_that_was_due() -> None:
    assert play((0.0, True), (0.1, False), (0.3, True), (0.4, False)) == [
        ButtonDown(),
        ButtonUp(held_s=0.1),
        ButtonDown(),
        ButtonUp(held_s=0.4 - 0.3),
    ]


def test_switch_that_is_gone_is_released_at_once_and_only_once() -> None:
    debouncer = Debouncer()
    debouncer.feed(Edge(is_down=True, at_s=1.0))
    assert debouncer.release(1.5) == [ButtonUp(held_s=0.5)]
    assert debouncer.release(1.6) == []


def test_release_without_press_means_nothing() -> None:
    assert play((0.0, False), (0.5, False)) == []


@given(st.lists(st.tuples(st.floats(0, 0.3), st.booleans())))
def test_presses_and_releases_always_alternate(steps: list[tuple[float, bool]]) -> None:
    now_s = 0.0
    edges = []
    for pause_s, is_down in steps:
        now_s += pause_s
        edges.append((now_s, is_down))
    found = play(*edges, (now_s + 1, False))
    assert all(type(a) is not type(b) for a, b in pairwise(found))
    assert not found or isinstance(found[0], ButtonDown)
    assert not found or isinstance(found[-1], ButtonUp)
    assert all(e.held_s >= 0 for e in found if isinstance(e, ButtonUp))
    assert any(down for _, down in edges) == bool(found)
