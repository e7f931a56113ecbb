"""Numbers, weekdays and months as people say them, from libraries instead of tables of our own.

Neighbours: `kinds` builds number slots from these, `names` speaks the numbers of titles.
"""

from __future__ import annotations

from functools import cache

from babel.dates import get_day_names, get_month_names
from num2words import num2words

from assistant.core.tokens import tokens

Spoken = tuple[str, ...]
"""Words of one way to say something."""

_CARDINALS: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {"eins": ("ein", "eine", "einen", "einer", "einem"), "zwei": ("zwo",)},
    "fr": {"un": ("une",), "vingts": ("vingt",)},
    "en": {"zero": ("nought", "oh")},
}
"""Other words for the last word of a number, which no library lists."""
REPEATED: dict[str, dict[str, int]] = {
    "en": {"double": 2, "triple": 3},
    "de": {"doppel": 2, "zweimal": 2, "dreimal": 3},
    "fr": {"double": 2, "triple": 3},
}
"""How digits of a telephone number are said that follow themselves: "double seven"."""
_ORDINAL_ENDINGS = {"de": ("r", "n", "s", "m"), "fr": (), "en": ()}
_DIGIT_ORDINALS = {"en": ("st", "nd", "rd", "th"), "de": (), "fr": ("er", "ère", "e", "ème")}


@cache
def cardinals(number: int, language: str) -> tuple[Spoken, ...]:
    """Every way to say or write a number from 0; the ordinary way first."""
    words = tokens(num2words(number, lang=language))
    ways = [words, (str(number),)]
    if 0 <= number < 10:
        ways.append((f"0{number}",))
    others = _CARDINALS.get(language, {}).get(words[-1], ())
    ways.extend((*words[:-1], other) for other in others)
    if "and" in words:
        ways.append(tuple(word for word in words if word != "and"))
    return tuple(ways)


@cache
def ordinals(number: int, language: str) -> tuple[Spoken, ...]:
    """Every way to say or write the `number`-th; a bare number counts ("le deux mars"), but no
    one: "the one at four"."""
    words = tokens(num2words(number, lang=language, to="ordinal"))
    ways = [words]
    ways += [(*words[:-1], words[-1] + end) for end in _ORDINAL_ENDINGS.get(language, ())]
    ways += [(f"{number}{end}",) for end in _DIGIT_ORDINALS.get(language, ())]
    if language == "fr" and number == 1:
        ways += [("première",)]
    return (*ways, *cardinals(number, language)[number == 1 : 2])


@cache
def year(number: int, language: str) -> Spoken:
    return tokens(num2words(number, lang=language, to="year"))


@cache
def weekdays(tag: str) -> dict[Spoken, int]:
    """Spoken weekday -> 0 (Monday) to 6. Source: CLDR through babel."""
    names = get_day_names("wide", locale=tag.replace("-", "_"))
    return {tokens(name): number for number, name in names.items()}


@cache
def months(tag: str) -> dict[Spoken, int]:
    """Spoken month -> 1 to 12. Source: CLDR through babel."""
    names = get_month_names("wide", locale=tag.replace("-", "_"))
    return {tokens(name): number for number, name in names.items()}
