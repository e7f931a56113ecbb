"""Real Vosk, the embedded model, grammars of a few sentences, and broken models."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from assistant.assembly import build_locale
from assistant.core.automaton import Arc, Automaton
from assistant.core.events import Scope
from assistant.core.model import Hypothesis
from assistant.core.slots import build_vocabulary
from assistant.core.template import automaton as spoken_in
from assistant.ears import Ears
from assistant.errors import ModelMissing
from assistant.speech.endpoint import Decision, Reading, Sentences
from assistant.speech.espeak import __name__ as espeak_module
from assistant.speech.recognizer import ANSWERS, Language, Limits, Recognizer, energy_dbfs
from assistant.speech.synthesizer import Child

MODEL = Path(__file__).parents[2] / "models" / "en"
SENTENCES = (
    "what is my next meeting",
    "call my three p m",
    "call my eleven o'clock",
    "join my meeting",
    "who is coming to the quarterly review",
    "call agnieszka szczepański",
    "call wolfgang müller",
    "call françois lefèvre",
    "tell them i am running late",
)
Say = Callable[[str], bytes]


def automaton(*sentences: str) -> Automaton:
    arcs: list[Arc] = []
    end = sum(len(sentence.split()) for sentence in sentences) + 1
    state = 0
    for sentence in sentences:
        words = sentence.split()
        for index, word in enumerate(words):
            source = 0 if index == 0 else state
            state += 1
            arcs.append(Arc(source, end if index == len(words) - 1 else state, word, 0.1))
    return Automaton(n_states=end + 1, arcs=tuple(arcs), finals={end: 0.0})


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(MODEL)


@pytest.fixture(scope="module")
def language(recognizer: Recognizer) -> Language:
    return recognizer.language(automaton(*SENTENCES))


def test_answers_have_limits_of_their_own(recognizer: Recognizer) -> None:
    locale = build_locale("en-GB")
    ears = Ears(recognizer, locale, build_vocabulary(locale, (), ()), lambda *_: ())
    assert ears.prepare(Scope.CONFIRM).limits == ANSWERS
    assert ears.prepare(Scope.IDLE).limits == Limits() != ANSWERS


@pytest.fixture(scope="module")
def say() -> Iterator[Say]:
    """Text to 16 kHz mono, said by espeak-ng at speaking speed with a breath before it."""
    child = Child(espeak_module)

    def speak(text: str) -> bytes:
        request = {"render": text, "voice": "en-us", "words_per_minute": 150, "volume": 0.8}
        pcm = child.ask(request)
        samples = np.frombuffer(pcm.data, "<i2")
        speech = soxr.resample(samples, pcm.rate_hz, 16000).astype("<i2").tobytes()
        return bytes(9600) + speech

    yield speak
    child.stop()


def hear(recognizer: Recognizer, language: Language, pcm: bytes) -> tuple[Hypothesis, Decision]:
    utterance = recognizer.utterance(language)
    for start in range(0, len(pcm), 1000):
        utterance.feed(pcm[start : start + 1000])
    return utterance.finish(), utterance.decision


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_of_the_grammar(
    recognizer: Recognizer, language: Language, say: Say, sentence: str
) -> None:
    heard, decision = hear(recognizer, language, say(sentence) + bytes(32000))
    assert heard.text == sentence
    assert heard.confidence > 0.6
    assert decision is Decision.DONE


@pytest.mark.parametrize(
    "speech",
    [
        "the weather in paris is lovely in spring",
        "could you pass me the sandwich please",
        "seventeen forty two ninety six",
        "call my",
        "who is coming to the",
    ],
)
def test_other_speech_and_half_sentences_are_refused(
    recognizer: Recognizer, language: Language, say: Say, speech: str
) -> None:
    heard, decision = hear(recognizer, language, say(speech) + bytes(64000))
    assert heard.text == ""
    assert heard.is_speech
    assert decision is Decision.DONE


@pytest.mark.parametrize("level", [0, 20, 300])
def test_silence_and_noise_are_no_input(
    recognizer: Recognizer, language: Language, level: int
) -> None:
    noise = np.random.default_rng(1).normal(0, level, 6 * 16000).astype("<i2").tobytes()
    heard, decision = hear(recognizer, language, noise)
    assert (heard.text, heard.is_speech) == ("", False)
    assert decision is Decision.NO_INPUT


def test_a_pause_within_a_sentence(recognizer: Recognizer, language: Language, say: Say) -> None:
    pcm = say("join my") + say("meeting") + bytes(32000)
    assert hear(recognizer, language, pcm)[0].text == "join my meeting"


def test_a_held_button_ends_at_its_release(
    recognizer: Recognizer, language: Language, say: Say
) -> None:
    utterance = recognizer.utterance(language, hold=True)
    assert utterance.feed(say("join my meeting") + bytes(64000)) is Decision.GO_ON
    utterance.release()
    assert utterance.feed(bytes(16000)) is Decision.DONE
    assert utterance.finish().text == "join my meeting"


def test_say_it_like(recognizer: Recognizer, say: Say) -> None:
    sentences = automaton("call siobhan", "call sarah", "call steven")
    language = recognizer.language(sentences, {"siobhan": "shiv awn"})
    assert hear(recognizer, language, say("call shivawn") + bytes(32000))[0].text == "call siobhan"


def test_guessed_words_are_listed(language: Language) -> None:
    assert {"szczepański", "lefèvre"} <= language.approximated
    assert "meeting" not in language.approximated


def test_two_spellings_of_one_sound_are_one(recognizer: Recognizer, say: Say) -> None:
    language = recognizer.language(automaton("what's next", "whats next", "whats next then"))
    heard, _ = hear(recognizer, language, say("what's next") + bytes(32000))
    assert (heard.text, heard.confidence > 0.9) == ("what's next", True)


@pytest.mark.parametrize("script", ["иванов", "王伟", "παπαδόπουλος"])
def test_any_script_can_be_in_the_grammar(recognizer: Recognizer, script: str) -> None:
    assert recognizer.language(automaton(f"call {script}")).approximated >= {script}


def test_a_name_that_cannot_be_read_is_left_out_and_named(recognizer: Recognizer) -> None:
    language = recognizer.language(automaton("call བཀྲ་ཤིས", "call anna"))
    assert language.left_out == {"བཀྲ་ཤིས"}
    assert not language.approximated


def test_yes_is_never_taken_for_no(recognizer: Recognizer, shared: Path) -> None:
    folder = shared / "corpora" / "speech-commands"
    language = recognizer.language(automaton("yes", "no", "stop"))
    for wanted, other in (("yes", "no"), ("no", "yes")):
        files = sorted(folder.rglob(f"*{wanted}*"))[:20]
        for file in files:
            samples, _ = soundfile.read(file, dtype="int16")
            heard, _ = hear(recognizer, language, bytes(9600) + samples.tobytes() + bytes(32000))
            assert heard.text != other, file.name


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return shutil.copytree(MODEL, tmp_path / "en")


@pytest.mark.parametrize(
    "name",
    ["am/final.mdl", "conf/model.conf", "conf/mfcc.conf", "graph/units.tsv", "lexicon.tsv.gz"],
)
def test_a_missing_file_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(ModelMissing, match=name.replace(".", r"\.")):
        Recognizer(model)


def test_no_model_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="not found"):
        Recognizer(tmp_path / "nothing")


@pytest.mark.parametrize("kept", [0, 30, 5000, 1_000_000, -100])
def test_a_half_downloaded_model_does_not_end_the_process(model: Path, kept: int) -> None:
    file = model / "am/final.mdl"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelMissing):
        Recognizer(model).language(automaton("yes"))


def test_a_web_page_instead_of_a_model(model: Path) -> None:
    (model / "am/final.mdl").write_text("<html>404 not found</html>" * 1000)
    with pytest.raises(ModelMissing, match=r"final\.mdl"):
        Recognizer(model)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("conf/mfcc.conf", "--num-ceps=40", "--num-ceps=13"),
        ("conf/mfcc.conf", "--num-ceps=40", "--nonsense=40"),
        ("graph/units.tsv", "SIL\tS\t*\t2\t1\t1\n", "SIL\tS\t*\t4002\t4001\t1\n"),
        ("graph/phones/word_boundary.int", "5 singleton\n", ""),
        ("graph/phones/word_boundary.int", "5 singleton\n", "5 nothing\n"),
    ],
)
def test_parts_of_different_models_do_not_end_the_process(
    model: Path, name: str, old: str, new: str
) -> None:
    text = (model / name).read_text()
    assert old in text
    (model / name).write_text(text.replace(old, new))
    with pytest.raises(ModelMissing):
        Recognizer(model).language(automaton("yes"))


def test_a_lexicon_of_another_model_is_named(model: Path) -> None:
    (model / "lexicon.tsv.gz").write_bytes(gzip.compress(b"yes\tQQ AA\n"))
    with pytest.raises(ModelMissing, match="phone QQ"):
        Recognizer(model).language(automaton("yes"))


def test_a_cars_hum_counts_for_little() -> None:
    time_s = np.arange(320) / 16000
    hum, speech = (
        (8000 * np.sin(2 * np.pi * hz * time_s)).astype("<i2").tobytes() for hz in (100, 2000)
    )
    assert energy_dbfs(speech) - energy_dbfs(hum) > 20


@pytest.mark.parametrize("word", ["pick", "take", "get", "open", "accept"])
def test_a_bare_verb_that_noise_resembles_answers_no_call(word: str) -> None:
    locale = build_locale("en-GB")
    ringing = Sentences(spoken_in(locale, build_vocabulary(locale, (), ()), Scope.RINGING))
    assert ringing.reading([word]) not in (Reading.OPEN, Reading.WHOLE)
    assert ringing.reading(["answer"]) in (Reading.OPEN, Reading.WHOLE)
