"""How well a text stands out of its ground, measured on the page."""

from __future__ import annotations


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """Ratio, 1 to 21, of two sRGB colours with channels 0 to 255.

    Source: WCAG 2.2, definition of contrast ratio.
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
