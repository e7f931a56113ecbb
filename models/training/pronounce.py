"""Pronunciations for words that the CMU dictionary lacks, by espeak-ng.

espeak-ng runs as a child process (it is GPL) and prints IPA; the longest matching symbol wins.
"""

import re
import subprocess
from collections.abc import Sequence

# Source: espeak-ng phsource/ph_english_us; ARPAbet as in the CMU dictionary.
IPA_TO_ARPABET = {
    "aɪə": "AY AH", "aɪɚ": "AY ER", "aʊ": "AW", "aɪ": "AY", "eɪ": "EY", "oʊ": "OW", "ɔɪ": "OY",
    "tʃ": "CH", "dʒ": "JH", "oːɹ": "AO R", "ɔːɹ": "AO R", "ɑːɹ": "AA R", "ɛɹ": "EH R",
    "ɪɹ": "IH R", "ʊɹ": "UH R", "iə": "IY AH", "əl": "AH L", "ɑː": "AA", "ɔː": "AO", "iː": "IY",
    "uː": "UW", "ɜː": "ER", "oː": "AO", "aː": "AA", "ɚ": "ER", "ɝ": "ER", "æ": "AE", "ʌ": "AH",
    "ə": "AH", "ɐ": "AH", "ɔ": "AO", "ɑ": "AA", "ɒ": "AA", "ɛ": "EH", "e": "EH", "ɪ": "IH",
    "ᵻ": "IH", "i": "IY", "ʊ": "UH", "u": "UW", "o": "OW", "a": "AE", "b": "B", "d": "D",
    "ð": "DH", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "k": "K", "x": "K", "l": "L", "ɬ": "L",
    "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH", "ç": "SH",
    "t": "T", "ɾ": "T", "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
_SYMBOLS = re.compile("|".join(sorted(IPA_TO_ARPABET, key=len, reverse=True)))


def pronounce(words: Sequence[str]) -> dict[str, str]:
    """Word -> ARPAbet phones, for each word that espeak-ng can say."""
    if not words:
        return {}
    done = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "-v", "en-us", "--stdin"],
        input="".join(f"{word}.\n\n" for word in words),
        capture_output=True,
        text=True,
        check=True,
    )
    spoken = [line for line in done.stdout.splitlines() if line.strip()]
    if len(spoken) != len(words):
        raise ValueError(f"espeak-ng gave {len(spoken)} pronunciations for {len(words)} words")
    found = {word: arpabet(ipa) for word, ipa in zip(words, spoken, strict=True)}
    return {word: phones for word, phones in found.items() if phones}


def arpabet(ipa: str) -> str:
    """IPA as espeak-ng prints it -> ARPAbet; stress and unknown marks are dropped."""
    plain = ipa.replace("ˈ", "").replace("ˌ", "")
    return " ".join(IPA_TO_ARPABET[symbol] for symbol in _SYMBOLS.findall(plain))
