"""The arithmetic of the glance rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core import glance
from assistant.core.glance import MARKETS, Panel, character_mm, cut, font_px
from tests.browser.colour import contrast


@pytest.mark.parametrize(
    ("arc_minutes", "distance_mm", "height_mm"),
    [(20, 700, 4.1), (16, 700, 3.3), (12, 700, 2.4), (20, 900, 5.2), (16, 900, 4.2)],
)
def test_character_height_is_that_of_the_published_table(
    arc_minutes: float, distance_mm: float, height_mm: float
) -> None:
    assert character_mm(arc_minutes, distance_mm) == pytest.approx(height_mm, abs=0.05)


def test_capitals_on_the_usual_panel_are_high_enough() -> None:
    panel = Panel()
    size_px = font_px(panel, is_moving=True)
    height_mm = size_px * glance.CAPITAL_EM * panel.width_mm / panel.width_px
    assert height_mm >= character_mm(20, panel.distance_mm)
    assert size_px == 36


def test_denser_panels_and_longer_distances_need_larger_type() -> None:
    usual = font_px(Panel(), is_moving=True)
    assert font_px(Panel(width_mm=150), is_moving=True) > usual
    assert font_px(Panel(distance_mm=900), is_moving=True) > usual
    assert font_px(Panel(), is_moving=False) < usual


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ((0, 0, 0), (255, 255, 255), 21.0),
        ((255, 255, 255), (0, 0, 0), 21.0),
        ((18, 52, 86), (18, 52, 86), 1.0),
        ((118, 118, 118), (255, 255, 255), 4.54),  # the well-known lightest grey that passes
        ((119, 119, 119), (255, 255, 255), 4.48),
        ((255, 0, 0), (255, 255, 255), 4.0),
    ],
)
def test_contrast_is_that_of_wcag(
    one: tuple[int, int, int], other: tuple[int, int, int], ratio: float
) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Budget review", 30, "Budget review"),
        ("Quarterly budget review with finance", 30, "Quarterly budget review with…"),
        ("Quarterly budget reviews, part two", 26, "Quarterly budget reviews…"),
        ("Donaudampfschifffahrtsgesellschaft", 20, "Donaudampfschifffah…"),
        ("two\nlines\tand  spaces", 30, "two lines and spaces"),
        ("exactly ten", 11, "exactly ten"),
        ("", 30, ""),
    ],
)
def test_cut_ends_at_a_word(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@given(st.text(), st.integers(2, 60))
def test_cut_never_exceeds_its_limit(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown


def test_every_market_asks_for_something_of_its_own() -> None:
    assert not MARKETS["DE"].projects_titles
    assert MARKETS["FR"].warns_ear_worn
    assert not MARKETS["GB"].touch_while_moving
    assert len({repr(market) for market in MARKETS.values()}) == len(MARKETS)
