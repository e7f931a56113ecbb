"""Pronunciations: dictionary, construction, guesses by the real espeak-ng, and its absence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from assistant.errors import ModelMissing
from assistant.speech import espeak
from assistant.speech.lexicon import Lexicon
from assistant.speech.phonemes import arpabet, hearings, language_of, plain

WORDS = {
    "anna": "AE N AH",
    "tom": "T AA M",
    "review": "R IY V Y UW",
    "stand": "S T AE N D",
    "rush": "R AH SH",
    "ups": "AH P S",
    "three": "TH R IY",
    "k.": "K EY",
    "p.": "P IY",
    "q.": "K Y UW",
    "h.": "EY CH",
    "r.": "AA R",
    "muller": "M AH L ER",
    "jean": "JH IY N",
    "zanetti": "Z AH N EH T IY",
    "schedule": "S K EH JH UH L",
}


def phones(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@pytest.fixture
def lexicon(tmp_path: Path) -> Lexicon:
    lines = "".join(f"{word}\t{spoken}\n" for word, spoken in sorted(WORDS.items()))
    (tmp_path / "lexicon.tsv.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "common_words.txt").write_text("schedule\n")
    return Lexicon(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize(
    ("word", "spoken"),
    [
        ("anna", "AE N AH"),
        ("anna's", "AE N AH Z"),
        ("ups'", "AH P S IH Z"),
        ("tom’s", "T AA M Z"),
        ("rush's", "R AH SH IH Z"),
        ("standups", "S T AE N D AH P S"),
        ("q3", "K Y UW TH R IY"),
        ("hr", "EY CH AA R"),
        ("müller", "M AH L ER"),
    ],
)
def test_dictionary_words_and_what_is_made_of_them(
    lexicon: Lexicon, word: str, spoken: str
) -> None:
    assert lexicon.pronounce(word)[0] == phones(spoken)


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("szczepański", "SH CH EH P AA N S K IY"),
        ("lefèvre", "L AH F EH V R"),
        ("schäfer", "SH EH F ER"),
        ("kovačević", "K OW V AE CH EH V IH CH"),
    ],
)
def test_a_name_is_also_said_in_its_own_language(lexicon: Lexicon, name: str, native: str) -> None:
    assert phones(native) in lexicon.pronounce(name)
    assert name in lexicon.approximated


@pytest.mark.parametrize(
    ("name", "reader", "sounds"),
    [
        ("fournier", "French", "F UW R N Y EH"),
        ("joaquín", "German", "Y OW AA K V IH N"),
        ("wróbel", "English, without accents", "R OW B AH L"),
        ("bhattacharya", "by its transliteration", "B AA T AA CH AA R Y AA"),
        ("nguyen", "Vietnamese, its accents restored", "NG W IY EH N"),
    ],
)
def test_others_read_a_name_in_their_own_way(
    lexicon: Lexicon, name: str, reader: str, sounds: str
) -> None:
    assert phones(sounds) in lexicon.pronounce(name), reader


@pytest.mark.parametrize(("name", "own"), [("jean", "ZH AO N"), ("zanetti", "D Z AA N EH T IH")])
def test_a_name_in_the_dictionary_is_also_said_as_its_own_people_do(
    lexicon: Lexicon, name: str, own: str
) -> None:
    spoken = lexicon.pronounce(name)
    assert spoken[0] == phones(WORDS[name])
    assert phones(own) in spoken
    assert name not in lexicon.approximated


def test_a_common_word_is_said_as_in_the_dictionary_only(lexicon: Lexicon) -> None:
    assert language_of("schedule") == "de"
    assert lexicon.pronounce("schedule") == (phones(WORDS["schedule"]),)


def test_what_a_voice_spells_is_no_reading(lexicon: Lexicon) -> None:
    spoken = lexicon.pronounce("wróbel", language="es")
    assert all(len(sounds) < 10 for sounds in spoken)


@pytest.mark.parametrize("word", ["иванов", "王伟", "Παπαδόπουλος", "💩", "r&d", "1:1", "ß"])
def test_no_spelling_is_refused(lexicon: Lexicon, word: str) -> None:
    spoken = lexicon.pronounce(word)
    assert spoken
    assert all(spoken)


def test_say_it_like_wins(lexicon: Lexicon) -> None:
    assert lexicon.pronounce("nguyen", say_like="anna tom") == (phones("AE N AH T AA M"),)
    assert "nguyen" not in lexicon.approximated


def test_a_guess_is_remembered(
    lexicon: Lexicon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lexicon.pronounce("szczepański")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", "/nonexistent")
    assert Lexicon(tmp_path, tmp_path / "cache").pronounce("szczepański") == first


def test_without_espeak_a_name_is_spelt(lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent")
    assert lexicon.pronounce("hkp")[0] == phones("EY CH K EY P IY")


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("иванов", "IH V AA N AH F"),
        ("παπαδόπουλος", "P AA P AA DH OW P UW L OW S"),
        ("李", "L IY"),
        ("さくら", "S AA K UW R AA"),
        ("გიორგი", "G IY OW R G IY"),
    ],
)
def test_names_in_other_scripts_are_read_in_their_language(
    lexicon: Lexicon, name: str, sounds: str
) -> None:
    assert lexicon.pronounce(name)[0] == phones(sounds)


@pytest.mark.parametrize("word", ["བཀྲ་ཤིས", "--"])
def test_what_no_voice_can_read_has_no_sound(lexicon: Lexicon, word: str) -> None:
    assert lexicon.pronounce(word) == ()


def test_many_words_are_read_like_one() -> None:
    """The library keeps a pointer into the text while it reads."""
    words = [("el", "παπαδόπουλος"), ("fr", "lefèvre"), ("pl", "szczepański")] * 20
    together = espeak.phonemes(words)
    assert together == [espeak.phonemes([word])[0] for word in words[:3]] * 20


@pytest.mark.usefixtures("lexicon")
def test_a_broken_cache_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/readings.json").write_text('{"en-us": 3}')
    assert Lexicon(tmp_path, tmp_path / "cache").pronounce("anna")


@pytest.mark.parametrize("content", [None, b"", b"no gzip", gzip.compress(b"anna\tAE")[:-9]])
def test_a_missing_or_broken_dictionary_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "lexicon.tsv.gz").write_bytes(content)
    with pytest.raises(ModelMissing, match=r"lexicon\.tsv\.gz"):
        Lexicon(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Hoffmann", "de"),
        ("Lewandowska", "pl"),
        ("Beauchâteau", "fr"),
        ("Nguyen", "vi"),
        ("Rodriguez", "es"),
        ("Bianchini", "it"),
        ("Söderström", "sv"),
        ("Иванов", "ru"),
        ("王", "cmn"),
        ("smith", ""),
        ("Jurgen", "de"),
        ("Göran", "sv"),
        ("Goran", "hr"),
        ("Goran's", ""),
        ("László", "hu"),
        ("Łukasz", "pl"),
        ("Kučerová", "cs"),
        ("Šarić", "hr"),
        ("Conceição", "pt"),
        ("Hämäläinen", "fi"),
        ("Siobhan", "ga"),
        ("Dijkstra", "nl"),
        ("Thi", "vi"),
        ("laughed", ""),
        ("writing", ""),
        ("giant", ""),
    ],
)
def test_spelling_tells_the_language(name: str, language: str) -> None:
    assert language_of(name) == language


def test_ipa_to_phones() -> None:
    assert arpabet("ʃ_tʃ_ɛ_p_ˈa_ɲ_s_k_i", "pl") == phones("SH CH EH P AA N S K IY")
    assert arpabet("(en)_n_ˈuː_j_ɛ_n_(vi)_", "vi") == phones("N UW Y EH N")
    assert arpabet("h_ˈæ_p_i", "en-us") == phones("HH AE P IY")
    assert arpabet("æ_n_d_ɹ_ɪ__ə_s", "en-us") == phones("AE N D R IY AH S")
    assert arpabet("k_æ_ɾ_ɚ_ɹ_z", "en-us") == phones("K AE T ER Z")


def test_foreign_sounds_are_taken_for_several() -> None:
    assert hearings("m_o_ʁ_ˈo", "fr") == [phones("M OW R OW"), phones("M AO R AO")]
    assert hearings("p_ɛ_ʁ_ˈɛ̃_", "fr") == [phones("P EH R AE N"), phones("P EY R AE")]
    assert hearings("b_ɛ_ʁ_t_ʁ_ˈɑ̃_", "fr")[1] == phones("B EY T R AO")
    assert hearings("p_ˈɪ_t_ə", "en-us") == [phones("P IH T AH")]


def test_plain_letters() -> None:
    assert plain("łódź-straße-ørsted") == "lodz-strasse-orsted"
