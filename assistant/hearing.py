"""`roadcall hear`: recordings instead of a microphone."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from assistant.assembly import Car, build_locale
from assistant.commands import OtherDomain, Session, build_config, print_turn
from assistant.config import Config
from assistant.core.events import Scope
from assistant.door import Door, Turn
from assistant.ears import Ears, say_like
from assistant.model_folders import model_folder
from assistant.speech.audio import read_wav
from assistant.speech.recognizer import RECORDINGS, Limits, Recognizer
from assistant.speech.synthesizer import Synthesizer


def hear(options: argparse.Namespace) -> int:
    """One turn per file; a locale file of another domain gives intent and slots only."""
    config = build_config(options)
    recordings = [read_wav(Path(path)) for path in options.files]
    for recording in recordings:
        for note in recording.notes:
            print(f"roadcall: {note}", file=sys.stderr)
    sounds = [recording.pcm for recording in recordings]
    if not build_locale(config.locale).errors:
        return _hear_other_domain(options, config, sounds)
    with Session(options) as session, Synthesizer(session.car.locale.tag) as voice:
        ears = build_ears(session.car)
        ears.prepare(Scope.IDLE)
        if options.realtime:
            voice.warm_up()
        for pcm in sounds:
            if options.fresh:
                session.door = session.new_door()
            print_turn(_turn(session.door, ears, voice, pcm, options), options)
    return 0


def _turn(
    door: Door, ears: Ears, voice: Synthesizer, pcm: bytes, options: argparse.Namespace
) -> Turn:
    listened = ears.hear(pcm, door.scope, door.choices, realtime=options.realtime)
    turn = door.say(listened.hypothesis)
    turn.timings_ms = {**listened.timings_ms, **turn.timings_ms}
    if options.realtime:
        began = time.perf_counter()
        next(voice.render(turn.reply), None)
        turn.timings_ms["first_audio"] = (time.perf_counter() - began) * 1000
    return turn


def _hear_other_domain(options: argparse.Namespace, config: Config, sounds: list[bytes]) -> int:
    other = OtherDomain(build_locale(config.locale))
    recognizer = open_recognizer(config, other.locale.language, RECORDINGS)
    ears = Ears(recognizer, other.locale, other.vocabulary, other.interpret)
    for pcm in sounds:
        listened = ears.hear(pcm, Scope.IDLE, realtime=options.realtime, whole=True)
        turn = other.read(listened.hypothesis)
        turn.timings_ms = {**listened.timings_ms, **turn.timings_ms}
        print_turn(turn, options)
    return 0


def build_ears(car: Car) -> Ears:
    """Raises ModelMissing."""
    recognizer = open_recognizer(car.config, car.locale.language)
    ears = Ears(recognizer, car.locale, car.heard, car.read_speech)
    ears.say_like = say_like(car.people)
    return ears


def open_recognizer(config: Config, language: str, limits: Limits | None = None) -> Recognizer:
    """Raises ModelMissing."""
    return Recognizer(model_folder(config.model, language), language, limits)
