"""How names are said: as the driver wrote under "say it like", else in the language they show.

An English voice reads "Wojciech" as if it were English; espeak-ng can change its language in the
middle of a sentence. Neighbours: `phonemes` tells a name's language by its spelling,
`synthesizer` renders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape

from assistant.core.model import Contact
from assistant.speech.phonemes import language_of


class SpokenNames:
    """The names of one car's people; none of them by default."""

    def __init__(self, people: Iterable[Contact] = (), language: str = "en") -> None:
        """`language`: of the sentences around the names, ISO 639."""
        people = tuple(people)
        self._said = {name: said for one in people for name, said in _said_like(one)}
        self._voices = {
            name: voice
            for one in people
            for name, voice in _shown(one.name)
            if voice != language and name not in self._said
        }
        self._said_names, self._foreign = _any_of(self._said), _any_of(self._voices)

    def plain(self, text: str) -> str:
        """With the names replaced that are said otherwise than they are written."""
        return self._said_names.sub(lambda name: self._said[name[0]], text)

    def marked(self, text: str) -> str:
        """SSML that has foreign names said by a voice of their language; "" when there are none.

        Source: W3C, Speech Synthesis Markup Language 1.1, section 3.2.1, "voice".
        """
        text = self.plain(text)
        if not self._foreign.search(text):
            return ""
        return self._foreign.sub(
            lambda name: f'<voice xml:lang="{self._voices[name[0]]}">{name[0]}</voice>',
            escape(text),
        )


def _said_like(one: Contact) -> Iterator[tuple[str, str]]:
    """The whole name, and each word of it where the words can be told apart."""
    if one.say_like:
        yield one.name, one.say_like
        words, said = one.name.split(), one.say_like.split()
        if len(words) == len(said):
            yield from zip(words, said, strict=True)


def _shown(name: str) -> Iterator[tuple[str, str]]:
    """(name or word of it, espeak-ng voice); the family name tells for the whole."""
    found = [(word, voice) for word in name.split() if (voice := language_of(word))]
    yield from found
    if found:
        yield name, found[-1][1]


def _any_of(names: Mapping[str, str]) -> re.Pattern[str]:
    """Whole names before parts of them; with none, a pattern that never fits."""
    longest = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest))})(?!\w)" if names else r"(?!)")
