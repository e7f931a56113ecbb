"""IPA to the acoustic model's phones, and the language a name is written in: pure tables.

`espeak` delivers IPA, `lexicon` asks here. Foreign sounds become the nearest English ones,
the way an English speaker would say the name and the way the model was trained to hear it.
"""

from __future__ import annotations

import re
import unicodedata

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
EH = e ɛ ɛː æː
ER = ɜ ɜː ɚ ɝ ø øː œ ɵ
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
AA N = ɑ̃ ɑ̃ː ɐ̃ ã
AO N = ɔ̃ õ ɔ̃ː
AE N = ɛ̃ œ̃ ɛ̃ː ẽ
IH R = ɪə iə ɪɹ
EH R = eə ɛə ɛɹ
UH R = ʊə ʊɹ
AA R = ɑːɹ
AO R = ɔːɹ oːɹ
AY AH R = aɪɚ
AH L = əl
ER R = ɝɹ
"""
_PHONES = {
    ipa: tuple(phones.split())
    for phones, spellings in (line.split(" = ") for line in _TABLE.strip().splitlines())
    for ipa in unicodedata.normalize("NFD", spellings).split()
}
_LONGEST = max(map(len, _PHONES))
PHONES = frozenset(phone for phones in _PHONES.values() for phone in phones)
"""ARPAbet, without stress."""
_ENGLISH: dict[str, tuple[str, ...]] = {"a": ("AE",), "ɾ": ("T",), "aː": ("AA",)}
_ELSEWHERE: dict[str, tuple[str, ...]] = {"a": ("AA",)}

_SCRIPTS = {
    "CYRILLIC": "ru",
    "CJK": "cmn",
    "GREEK": "el",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "KANNADA": "kn",
    "SINHALA": "si",
    "THAI": "th",
    "ETHIOPIC": "am",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "TELUGU": "te",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
}
# Letters and endings that give a language away, the surest first.
_SPELLINGS = (
    ("hr", r"vić$|čić$|^(kovač|jurić|babić)"),
    ("pl", r"[łżźśćńąę]|(ski|ska|cki|cka|wicz|czyk|czak)$|szcz|^(grz|krz|prz|sz)"),
    ("hu", r"[őű]|^(nagy|szabo)|gyi$"),
    ("cs", r"[řěů]|[čšž].*(ová|ek|ík)?$|ova$"),
    ("tr", r"[ğış]|oglu$|oğlu$"),
    ("ro", r"[șțăţ]|escu$|eanu$"),
    ("pt", r"[ãõ]|nho$|lho$"),
    ("es", r"ñ|[íóú]|(guez|nez|ndez|rez)$"),
    (
        "vi",
        r"[ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]|^(nguyen|pham|tran|huynh|phuong)$",
    ),
    ("da", r"[øæ]"),
    ("sv", r"å|sson$|qvist$|ström$|ström"),
    ("de", r"[äöüß]|mann$|(^|[a-z])sch[a-z]|hauer$|meier$|meyer$|^(j[uö]rg|jens|uwe|heinz)|inger$"),
    ("fr", r"[èêëçœâîôûà]|é|(eaux?|ault|oux|ette|elle|ier|ois|ieux)$|^(jean|luc|benoit)"),
    ("it", r"[òàì]$|(elli|ini|etti|ucci|acci|ozzi|ello|cchi|ghi)$|^gi[ao]|zz"),
    ("nl", r"^(van|de)[a-z]{3}|ij|(stra|sma|huis)$"),
    ("fi", r"(nen|lainen)$|[aeiouy]{2}.*[aeiouy]{2}.*nen"),
)


def arpabet(ipa: str, language: str) -> tuple[str, ...]:
    """The phones of an IPA string, longest spelling first; sounds unknown here are left out.

    Stress, tones and espeak's "(en)" language switches are dropped.
    """
    text = unicodedata.normalize("NFD", re.sub(r"\([a-z-]+\)", "", ipa))
    text = re.sub(r"[ˈˌˑ0-9_\u200d\u0361\u032f\u0329\u031a|ʔʼ\s.-]", "", text)
    own = _ENGLISH if language.startswith("en") else _ELSEWHERE
    phones: list[str] = []
    position = 0
    while position < len(text):
        length, found = _longest(text, position, own)
        phones += found
        position += length
    return _tidy(phones)


def language_of(name: str) -> str:
    """The language whose spelling the word shows, as an espeak-ng voice; "" when it shows none."""
    word = unicodedata.normalize("NFC", name.lower())
    for letter in word:
        script = unicodedata.name(letter, "").split()[0:1]
        if script and script[0] in _SCRIPTS:
            return _SCRIPTS[script[0]]
    return next((tag for tag, pattern in _SPELLINGS if re.search(pattern, word)), "")


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


def _longest(text: str, start: int, own: dict[str, tuple[str, ...]]) -> tuple[int, tuple[str, ...]]:
    for length in range(min(_LONGEST, len(text) - start), 0, -1):
        piece = text[start : start + length]
        if piece in own or piece in _PHONES:
            return length, own.get(piece) or _PHONES[piece]
    return 1, ()


def _tidy(phones: list[str]) -> tuple[str, ...]:
    """No phone twice in a row: double letters are said once."""
    kept = [phone for phone, before in zip(phones, ["", *phones], strict=False) if phone != before]
    return tuple(kept)
