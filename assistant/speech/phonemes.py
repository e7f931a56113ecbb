"""IPA to the acoustic model's phones, and the language a name is written in: pure tables.

`espeak` delivers IPA, `lexicon` asks here. Foreign sounds become the nearest English ones,
the way an English speaker would say the name and the way the model was trained to hear it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources

from assistant.speech.languages import SCRIPTS, SPELLINGS, VIETNAMESE

Phones = tuple[str, ...]

# One line: ARPAbet phones = IPA spellings that espeak-ng writes for them.
_TABLE = """
AA = ɑ ɑː ɒ aː
AE = æ
AH = ʌ ə ɐ ᵊ ɘ ɤ
AO = ɔ ɔː
AW = aʊ aʊː au æʊ
AY = aɪ ai aj aɪː
B = b bʲ β ɓ
CH = tʃ tɕ tʂ tʃʲ c tʃː
D = d dʲ ɖ ɗ
DH = ð
EH = e ɛ ɛː æː ε
ER = ɜ ɜː ɚ ɝ ø øː œ ɵ ɚɹ ɜːɹ ɝɹ
EY = eː eɪ ei ej ɛɪ
F = f fʲ ɸ pf
G = ɡ g ɣ ɡʲ ɟ
HH = h x ɦ ħ χ xʲ ç
IH = ɪ ɨ ɪː ᵻ
IY = i iː
JH = dʒ dʑ dʐ ɟʝ
K = k kʲ q kʰ
L = l ɫ lʲ ɭ ɬ
M = m mʲ
N = n nʲ ɳ
NG = ŋ
OW = o oː oʊ əʊ ou ɔʊ
OY = ɔɪ ɔø ɔy ɔʏ oi ɔi
P = p pʲ pʰ
R = r ɹ ʁ ʀ ɻ rʲ ɾ ɽ
S = s sʲ
SH = ʃ ɕ ʂ ʃʲ
T = t tʲ ʈ tʰ
TH = θ
UH = ʊ
UW = u uː ɯ y yː ʏ ʉ ʉː ɯː
V = v vʲ ʋ
W = w ʍ ɥ
Y = j ʝ
Z = z zʲ
ZH = ʒ ʑ ʐ ʒʲ
T S = ts tsʲ
D Z = dz dzʲ
N Y = ɲ
L Y = ʎ
AA N = ɐ̃ ã
AO N = ɔ̃ õ ɔ̃ː
AE N = ɛ̃ œ̃ ɛ̃ː
EY N = ẽ eɪ̃
AW N = ɐ̃ʊ̃
AO N = ɑ̃ ɑ̃ː
IH R = ɪə iə ɪɹ
EH R = eə ɛə ɛɹ
UH R = ʊə ʊɹ
AA R = ɑːɹ
AO R = ɔːɹ oːɹ
AY AH R = aɪɚ
AH L = əl
"""
_PHONES = {
    ipa: tuple(phones.split())
    for phones, spellings in (line.split(" = ") for line in _TABLE.strip().splitlines())
    for ipa in unicodedata.normalize("NFD", spellings).split()
}
_LONGEST = max(map(len, _PHONES))
PHONES = frozenset(phone for phones in _PHONES.values() for phone in phones)
"""ARPAbet, without stress."""
_ENGLISH: dict[str, tuple[str, ...]] = {
    "a": ("AE",), "ɾ": ("T",), "aː": ("AA",), "ɪə": ("IY", "AH"), "iə": ("IY", "AH"),
}  # fmt: skip
_ELSEWHERE: dict[str, tuple[str, ...]] = {"a": ("AA",)}

_OTHERWISE: dict[str, tuple[str, ...]] = {
    ipa: tuple(phones.split())
    for ipa, phones in {
        "e": "EY", "eː": "IY", "ɛ": "EY", "ɪ": "IY", "ɨ": "IY", "o": "AO", "oː": "AO", "ɔ": "OW",
        "y": "IY", "yː": "IY", "ʏ": "IH", "ø": "UH", "øː": "UH", "œ": "EH", "ɯ": "IH",
        "ɑ̃": "AO", "ɔ̃": "OW N", "ɛ̃": "AE", "ɐ̃": "AE N", "x": "K", "χ": "K", "ɣ": "", "β": "V",
        "θ": "S", "ʒ": "JH", "ʎ": "Y", "ʋ": "W", "ɟ": "JH", "c": "K",
    }.items()
}  # fmt: skip
"""What else a foreign sound is taken for."""
_WEAK_R = re.compile(r"ʁ(?!_*[ˈˌ]?[aeiouyøœɛɔəɑɐ])")
_VOWELS = frozenset("AEIOU")


def arpabet(ipa: str, language: str) -> Phones:
    """The phones of an IPA string, longest spelling first; sounds unknown here are left out.

    Stress, tones and espeak's "(en)" language switches are dropped.
    """
    return _phones(ipa, _ENGLISH if language.startswith("en") else _ELSEWHERE)


def hearings(ipa: str, language: str) -> list[Phones]:
    """What it may sound like: with the nearest phones, and with the next best ones."""
    nearest = arpabet(ipa, language)
    if language.startswith("en"):
        return [nearest]
    next_best = _phones(_WEAK_R.sub("", ipa), _ELSEWHERE | _OTHERWISE)
    return list(dict.fromkeys((nearest, next_best)))


def language_of(name: str) -> str:
    """The language whose spelling the word shows, as an espeak-ng voice; "" when it shows none."""
    word = unicodedata.normalize("NFC", name.lower())
    for letter in word:
        script = unicodedata.name(letter, "").split()[0:1]
        if script and script[0] in SCRIPTS:
            return SCRIPTS[script[0]]
    given = _given_names().get(word)
    return given or next((tag for tag, pattern in SPELLINGS if re.search(pattern, word)), "")


def is_foreign_script(word: str) -> bool:
    """Whether it has letters that no voice for a language in Latin script can read."""
    letters = (unicodedata.name(letter, "") for letter in word if letter.isalpha())
    return any(
        not name.startswith(("LATIN", "MODIFIER", "FEMININE", "MASCULINE")) for name in letters
    )


def plain(word: str) -> str:
    """The word in a-z as far as that goes: accents dropped, German and Nordic letters spelt out."""
    for letter, latin in (("ß", "ss"), ("ł", "l"), ("ø", "o"), ("æ", "ae"), ("đ", "d"), ("ı", "i")):
        word = word.replace(letter, latin)
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _given_names() -> Mapping[str, str]:
    """Name -> language, with and without its accents."""
    text = resources.files(__package__).joinpath("given_names.txt").read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    names = {name: language for language, *listed in lines for name in listed}
    plainly = {plain(name): language for name, language in names.items()}
    return {**plainly, **names, **dict.fromkeys(VIETNAMESE, "vi")}


def _phones(ipa: str, own: Mapping[str, Phones]) -> Phones:
    text = unicodedata.normalize("NFD", re.sub(r"\([a-z-]+\)", "", ipa))
    text = re.sub(r"[ˈˌˑ0-9_\u200d\u0361\u032f\u0329\u031a|ʔʼ\s.-]", "", text)
    phones: list[str] = []
    position = 0
    while position < len(text):
        length, found = _longest(text, position, own)
        phones += found
        position += length
    return _tidy(phones)


def _longest(text: str, start: int, own: Mapping[str, Phones]) -> tuple[int, tuple[str, ...]]:
    for length in range(min(_LONGEST, len(text) - start), 0, -1):
        piece = text[start : start + length]
        if piece in own or piece in _PHONES:
            return length, own[piece] if piece in own else _PHONES[piece]
    return 1, ()


def _tidy(phones: list[str]) -> Phones:
    """No phone twice in a row: double letters are said once; and no "Y" inside a cluster."""
    kept = []
    for before, phone, after in zip(["", *phones], phones, [*phones[1:], ""], strict=False):
        is_stranded = phone == "Y" and before in ("N", "L") and after[:1] not in _VOWELS
        if phone != before and not is_stranded:
            kept.append("IY" if phone == "IH" and after[:1] in _VOWELS else phone)
    return tuple(kept)
