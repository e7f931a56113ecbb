"""`roadcall demo`: a recorded drive through the whole assistant, on sample data.

Real recordings go through endpointing, Vosk, the grammar, the sample calendar and the voice; the
calls are only announced and recorded (`dryrun`). Every question and answer is kept as a WAV file
and played when there is a loudspeaker.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from assistant import report
from assistant.commands import Session
from assistant.core.events import Scope
from assistant.door import Turn
from assistant.ears import Ears
from assistant.errors import ConfigError
from assistant.hearing import build_ears
from assistant.replay.cases import Case, Suite, load_suite
from assistant.speech.audio import Pcm, read_wav, write_wav
from assistant.speech.synthesizer import Synthesizer
from assistant.speech.voice import Voice

FIXTURES = Path(__file__).parent.parent / "audio_fixtures"


def play(options: argparse.Namespace) -> int:
    """Play the drive and say where it was kept."""
    console = Console(stderr=options.json, highlight=False)
    suite = _suite(options)
    options.now, options.quiet = options.now or suite.now, True
    console.print("A drive on the sample week: recordings in, answers out, nothing is dialled.")
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    heard = threading.Event()
    with (
        Session(options) as session,
        Synthesizer(session.car.locale.tag) as synthesizer,
        Voice(synthesizer, lambda _: heard.set()) as voice,
    ):
        ears = _prepare(console, session, synthesizer)
        drive = _Drive(console, session, ears, synthesizer, options)
        for number, case in enumerate(_drive_of(suite), 1):
            turn = drive.turn(number, case)
            if turn.reply and not voice.problem:
                heard.clear()
                voice.speak(turn.reply)
                heard.wait(timeout=30)
        session.door.settle()
    if voice.problem:
        console.print("Nothing was played: there is no loudspeaker here.")
    _farewell(console, folder)
    return 0


def _suite(options: argparse.Namespace) -> Suite:
    folder = FIXTURES / (options.locale or "en-GB")
    if not (folder / "cases.toml").is_file():
        raise ConfigError(str(folder), "cases.toml", "is missing; run the demo from a checkout")
    return load_suite(folder)


def _drive_of(suite: Suite) -> list[Case]:
    return sorted((c for c in suite.cases if c.drive), key=lambda case: case.drive)


def _prepare(console: Console, session: Session, voice: Synthesizer) -> Ears:
    """Load the model, compile today's grammar and start the voice, with a progress line."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("loading the speech model", total=3)
        began = time.perf_counter()
        ears = build_ears(session.car)
        progress.update(task, advance=1, description="compiling today's names and times")
        ears.prepare(Scope.IDLE)
        progress.update(task, advance=1, description="starting the voice")
        voice.warm_up()
        progress.update(task, advance=1)
    people, entries = len(session.car.people), len(session.car.copy.appointments)
    console.print(
        f"Ready in {time.perf_counter() - began:.1f} s: {people} people, {entries} appointments,"
        f" it is {session.clock():%A %H:%M}.\n"
    )
    return ears


class _Drive:
    """One drive: plays recordings in order and keeps everything."""

    def __init__(
        self,
        console: Console,
        session: Session,
        ears: Ears,
        voice: Synthesizer,
        options: argparse.Namespace,
    ) -> None:
        self._console = console
        self._session = session
        self._ears = ears
        self._voice = voice
        self._folder = Path(options.out)
        self._options = options

    def turn(self, number: int, case: Case) -> Turn:
        """One press of the button, after the call before it has been had."""
        door = self._session.door
        door.settle()
        door.hang_up()
        recording = read_wav(case.file)
        listened = self._ears.hear(recording.pcm, door.scope, door.choices)
        turn = door.say(listened.hypothesis)
        turn.timings_ms = {**listened.timings_ms, **turn.timings_ms}
        spoken = self._speak(turn)
        write_wav(self._folder / f"{number:02}-driver.wav", Pcm(data=recording.pcm, rate_hz=16000))
        if spoken:
            write_wav(self._folder / f"{number:02}-roadcall.wav", _joined(spoken))
        self._print(turn, case)
        return turn

    def _speak(self, turn: Turn) -> list[Pcm]:
        began = time.perf_counter()
        sounds: list[Pcm] = []
        for sound in self._voice.render(turn.reply):
            sounds.append(sound)
            if len(sounds) == 1:
                turn.timings_ms["first_audio"] = (time.perf_counter() - began) * 1000
        return sounds

    def _print(self, turn: Turn, case: Case) -> None:
        if self._options.json:
            print(json.dumps(report.as_json(turn), ensure_ascii=False), flush=True)
            return
        out = self._console.print
        out(f"[bold]driver[/]      “{case.heard}”")
        out(f"[dim]heard       {turn.heard or '(nothing that is meant for roadcall)'}[/]")
        out(f"[dim]understood  {report.understood(turn)}[/]")
        out(f"[bold cyan]roadcall[/]    {turn.reply or '(silence)'}")
        if report.done(turn):
            out(f"[green]action      {report.done(turn)}[/]")
        out(f"[dim]ms          {_stages(turn)}[/]\n")


def _stages(turn: Turn) -> str:
    return "  ".join(f"{stage} {ms:.0f}" for stage, ms in turn.timings_ms.items())


def _joined(sounds: list[Pcm]) -> Pcm:
    return replace(sounds[0], data=b"".join(sound.data for sound in sounds))


def _farewell(console: Console, folder: Path) -> None:
    console.print(f"Every question and answer is kept in [bold]{folder}/[/].")
    console.print('Next, type to it:      .venv/bin/roadcall ask "who\'s coming at four"')
    console.print(
        'With your calendar:    .venv/bin/roadcall ask "what\'s next" --calendar FILE.ics'
    )
    console.print("What is set up here:   .venv/bin/roadcall check")
