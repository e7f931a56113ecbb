"""Text to words: the one spelling that templates, names and heard sentences share.

Lower case, no punctuation, digits apart from letters ("3pm" -> "3 pm"), hyphens open
("rendez-vous" -> "rendez vous"), French elisions apart ("l'appel" -> "l' appel"). Neighbours:
`tree` uses it for templates, `names` for the vocabulary, `match` for what was heard.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans("’‘`´ʼ", "'" * 5)
_MERIDIEM = re.compile(r"(?<![\w'])([ap])\s?\.?\s?m\b\.?(?!')")
_ELISION = re.compile(r"(?<![\w'])(jusqu|lorsqu|puisqu|qu|[cdjlmnst])'(?=\w)")
_WORD = re.compile(
    r"\d+(?:st|nd|rd|th|er|ère|e|ème)(?![^\W_])"  # 21st, 1er
    r"|\d+"
    r"|\+(?=\d)"
    r"|(?:jusqu|lorsqu|puisqu|qu|[cdjlmnst])'(?!\w)"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|'s\b"
)


def tokens(text: str) -> tuple[str, ...]:
    """The words of `text`, in order; empty when it holds no word."""
    if text.isascii() and text.isalpha():
        return (text.lower(),)
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()
    plain = _MERIDIEM.sub(r"\1m", plain)
    return tuple(_WORD.findall(_ELISION.sub(r"\1' ", plain)))
