"""A model in the vendor's form, decoded by real Vosk: exact grammar, sound-alikes, rejection."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from official_model import EMBEDDED, build_model, lookahead_library
from parts import leave_out

from assistant import sample
from assistant.assembly import build_locale, load_contacts
from assistant.core.automaton import Arc, Automaton
from assistant.core.events import Scope
from assistant.core.model import Hypothesis
from assistant.core.slots import build_vocabulary
from assistant.core.template import automaton
from assistant.errors import ModelMissing
from assistant.speech.audio import read_wav
from assistant.speech.readings import Readings, Way
from assistant.speech.recognizer import Language, Recognizer
from assistant.speech.synthesizer import Child
from assistant.speech.vocabulary import Vocabulary

FIXTURES = Path(__file__).parents[2] / "audio_fixtures" / "en-GB"
NOT_IN_MODEL = {"weber", "sophie", "grace"}
REFUSED = sorted(FIXTURES.glob("passenger-*.wav")) + sorted(FIXTURES.glob("outside-*.wav"))
UNDERSTOOD = {
    "next-slt.wav": "what's next",
    "agenda-today-gb.wav": "what's on today",
    "call-three-pm-gb.wav": "call my three pm",
    "call-oliver-slt.wav": "please call oliver brown",
    "call-david-lee-m5.wav": "call david lee",
    "call-number-slt.wav": "call zero two zero seven nine four six zero one zero one",
}


def everything(tag: str = "en-GB") -> Automaton:
    locale = build_locale(tag)
    people, _ = load_contacts([str(sample.contacts_path())], "GB")
    return automaton(locale, build_vocabulary(locale, people, ()), Scope.IDLE)


def sentences(*lines: str) -> Automaton:
    arcs, state = [], 1
    for line in lines:
        source = 0
        for word in line.split():
            arcs.append(Arc(source, state, word, 0.1))
            source, state = state, state + 1
        arcs.append(Arc(source, 999, None, 0.0))
    return Automaton(n_states=1000, arcs=tuple(arcs), finals={999: 0.0})


@pytest.fixture(scope="session")
def library() -> Path:
    found = lookahead_library()
    if found is None:
        leave_out("OpenFst's tools are not installed (package libfst-tools)")
    return found


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Path:
    """Hears the words of the grammar but two names, and every fortieth of the dictionary."""
    lines = gzip.decompress((EMBEDDED / "lexicon.tsv.gz").read_bytes()).decode().splitlines()
    known = sorted({line.partition("\t")[0] for line in lines})
    words = (everything().words & set(known)) | {word for word in known[::40] if word.isalpha()}
    return build_model(words - NOT_IN_MODEL, tmp_path_factory.mktemp("official") / "en", library)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def recognizer(model: Path) -> Recognizer:
    return Recognizer(model)


@pytest.fixture(scope="module")
def language(recognizer: Recognizer) -> Language:
    return recognizer.language(everything())


def hear(recognizer: Recognizer, language: Language, name: str) -> Hypothesis:
    utterance = recognizer.utterance(language)
    utterance.feed(read_wav(FIXTURES / name).pcm + bytes(64000))
    return utterance.finish()


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_sentences_of_the_grammar(recognizer: Recognizer, language: Language, name: str) -> None:
    heard = hear(recognizer, language, name)
    assert heard.text == UNDERSTOOD[name]
    assert heard.confidence > 0.6


@pytest.mark.parametrize("name", [file.name for file in REFUSED])
def test_other_speech_is_refused(recognizer: Recognizer, language: Language, name: str) -> None:
    heard = hear(recognizer, language, name)
    assert (heard.text, heard.is_speech) == ("", True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("call-sophie-gb-scot.wav", "call sophie martin"),
        ("call-grace-kal-car12.wav", "give grace kim a call"),
    ],
)
def test_a_name_that_the_model_lacks_is_heard_and_reported(
    recognizer: Recognizer, language: Language, name: str, text: str
) -> None:
    assert hear(recognizer, language, name).text == text
    assert language.approximated >= NOT_IN_MODEL
    assert "call" not in language.approximated


def test_only_whole_sentences_of_the_grammar_come_out(recognizer: Recognizer) -> None:
    """The words are all there, the sentence is not: a word list would let it through."""
    grammar = sentences("call oliver lee", "please ring david brown", "call david brown")
    language = recognizer.language(grammar)
    assert hear(recognizer, language, "call-david-lee-m5.wav").text == ""
    assert hear(recognizer, language, "call-oliver-slt.wav").text == ""


def test_weights_decide_between_sentences_that_sound_the_same(recognizer: Recognizer) -> None:
    arcs = (Arc(0, 1, "call", 0.0), Arc(1, 2, "davit", 3.0), Arc(1, 2, "david", 0.1))
    grammar = Automaton(n_states=4, arcs=(*arcs, Arc(2, 3, "lee", 0.0)), finals={3: 0.0})
    language = recognizer.language(grammar)
    assert hear(recognizer, language, "call-david-lee-m5.wav").text == "call david lee"


def test_yes_and_no(recognizer: Recognizer) -> None:
    language = recognizer.language(sentences("yes", "yes please", "no", "cancel"))
    assert hear(recognizer, language, "yes-rms.wav").text == "yes"
    assert hear(recognizer, language, "no-awb.wav").text == "no"
    assert hear(recognizer, language, "call-oliver-slt.wav").text == ""


def test_say_it_like_wins(recognizer: Recognizer) -> None:
    grammar = sentences("please call qqxx brown", "please call david brown")
    language = recognizer.language(grammar, {"qqxx": "oliver"})
    assert hear(recognizer, language, "call-oliver-slt.wav").text == "please call qqxx brown"
    assert "qqxx" not in language.approximated


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        (
            "de-DE",
            {"was steht als nächstes an": "calendar.next", "rufe anna weber an": "call.person"},
        ),
        ("de-DE", {"wir fahren heute nach paris zum essen": None}),
        ("fr-FR", {"appelle anna weber": "call.person", "il fait très beau à la campagne": None}),
    ],
)
def test_other_languages_hear_once_a_model_is_installed(
    library: Path, tmp_path: Path, tag: str, said: dict[str, str | None]
) -> None:
    """The embedded model's sounds are English, the words and their readings are not."""
    language = tag[:2]
    words, readings = everything(tag).words - NOT_IN_MODEL, Readings()
    ways = {word: [Way(language, word), Way("en-us", word)] for word in words}
    readings.prepare(way for both in ways.values() for way in both)
    spoken = {word: readings.of(both)[:1] for word, both in ways.items()}
    words = {word for word in words if spoken[word]}
    build_model(words, tmp_path / "roadcall/models" / language, library, spoken)
    files = [str(say(text, language, tmp_path / f"{n}.wav")) for n, text in enumerate(said)]
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "hear", "--json", "--fresh", "--locale", tag, *files],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    turns = map(json.loads, done.stdout.splitlines())
    assert [turn["intent"] for turn in turns] == list(said.values())


def say(text: str, voice: str, path: Path) -> Path:
    child = Child("assistant.speech.espeak")
    spoken = child.ask({"render": text, "voice": voice, "words_per_minute": 140, "volume": 0.8})
    child.stop()
    sound = soxr.resample(np.frombuffer(spoken.data, "<i2"), spoken.rate_hz, 16000).astype("<i2")
    soundfile.write(path, np.concatenate([np.zeros(4800, "<i2"), sound]), 16000)
    return path


def test_a_word_that_nothing_sounds_like_is_left_out(model: Path, tmp_path: Path) -> None:
    small = shutil.copytree(model, tmp_path / "en", symlinks=True)
    ids = Vocabulary(model, "en").ids
    lines = [f"{word} {ids[word]}\n" for word in ("call", "david", "lee", "yes")]
    (small / "graph/words.txt").write_text("".join(lines))
    (small / "graph/Gr.fst").unlink()
    poor = Recognizer(small)
    language = poor.language(sentences("call david lee", "call krzysztof", "krzysztof"))
    assert language.left_out == {"krzysztof"}
    assert hear(poor, language, "call-david-lee-m5.wav").text == "call david lee"


@pytest.mark.parametrize(
    "name",
    ["graph/HCLr.fst", "graph/disambig_tid.int", "graph/phones/word_boundary.int", "am/final.mdl"],
)
def test_a_missing_file_is_named(model: Path, tmp_path: Path, name: str) -> None:
    broken = shutil.copytree(model, tmp_path / "en", symlinks=True)
    (broken / name).unlink()
    with pytest.raises(ModelMissing, match=name.replace(".", r"\.")):
        Recognizer(broken)


@pytest.mark.parametrize("name", ["graph/HCLr.fst", "graph/Gr.fst", "am/final.mdl"])
@pytest.mark.parametrize("kept", [0, 3, 40, 100, 0.5])
def test_a_file_that_is_cut_off_does_not_end_the_process(
    model: Path, tmp_path: Path, name: str, kept: float
) -> None:
    broken = shutil.copytree(model, tmp_path / "en", symlinks=True)
    whole = (model / name).read_bytes()
    (broken / name).write_bytes(whole[: int(kept if kept != kept % 1 else kept * len(whole))])
    with pytest.raises(ModelMissing):
        Recognizer(broken).language(sentences("call david lee"))


def test_a_graph_that_is_cut_off_in_its_last_tables_is_only_deaf(
    model: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(model, tmp_path / "en", symlinks=True)
    whole = (model / "graph/HCLr.fst").read_bytes()
    (broken / "graph/HCLr.fst").write_bytes(whole[:-3000])
    deaf = Recognizer(broken)
    heard = hear(deaf, deaf.language(sentences("call david lee")), "call-david-lee-m5.wav")
    assert heard.text in ("", "call david lee")


@pytest.mark.parametrize("name", ["graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"])
def test_a_web_page_instead_of_a_file(model: Path, tmp_path: Path, name: str) -> None:
    broken = shutil.copytree(model, tmp_path / "en", symlinks=True)
    (broken / name).write_text("<html>sign in to this network</html>" * 1000)
    with pytest.raises(ModelMissing):
        Recognizer(broken).language(sentences("call david lee"))


def test_a_model_with_a_fixed_grammar_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph/HCLG.fst").touch()
    with pytest.raises(ModelMissing, match="roadcall models install de"):
        Recognizer(tmp_path, "de")
