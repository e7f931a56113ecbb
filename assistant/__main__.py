"""The command line: what can be typed, and one clear line for everything that goes wrong."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from assistant.errors import AssistantError

EXIT_BAD_INPUT = 2
_COLLECT_EVERY = 50_000
"""New objects between two searches for garbage cycles. Reading a language makes a million objects
to keep; with the standard 700 a third of the start would be such searches."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 2 when the input or the set-up is at fault."""
    gc.set_threshold(_COLLECT_EVERY)
    options = build_parser().parse_args(arguments)
    module, _, name = options.run.partition(":")
    run: Callable[[argparse.Namespace], int] = getattr(import_module(f"assistant.{module}"), name)
    try:
        return run(options)
    except AssistantError as error:
        print(f"roadcall: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def build_parser() -> argparse.ArgumentParser:
    """Every command takes the same options of set-up."""
    parser = argparse.ArgumentParser(
        prog="roadcall", description="A voice assistant for drivers who live in meetings."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, help_text in COMMANDS:
        command = subparsers.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=run)
        _add_set_up(command)
        for flags, details in ARGUMENTS.get(name, ()):
            command.add_argument(*flags, **details)
    return parser


def _add_set_up(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--now", type=_moment, metavar="ISO", help="pretend it is this moment")
    command.add_argument("--calendar", action="append", metavar="FILE.ics", default=[])
    command.add_argument("--contacts", action="append", metavar="FILE.vcf", default=[])
    command.add_argument("--locale", metavar="TAG|PATH.toml", help="en-GB, or a locale file")
    command.add_argument("--config", metavar="FILE", help="settings (TOML)")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not ISO 8601 like 2026-03-10T09:50"
        ) from None


COMMANDS = (
    ("demo", "demo:play", "play a recorded drive on sample data"),
    ("ask", "commands:ask", "type a sentence instead of saying it"),
    ("hear", "hearing:hear", "take sentences from WAV files"),
    ("replay", "replaying:run", "judge a folder of recordings against its table"),
    ("drive", "app:run", "listen to the microphone, push to talk"),
    ("agenda", "commands:agenda", "print the appointments ahead"),
    ("check", "check:run", "say what is set up and what is missing"),
    ("models", "catalogue:run", "list, install and remove speech models"),
    ("mics", "parked:mics", "list the microphones and try one"),
    ("login", "parked:login", "sign in to Microsoft 365"),
    ("logout", "parked:logout", "forget every token and the copy of the calendar"),
)
"""Name, the module and function that run it (read when it is wanted), and what it does."""

ARGUMENTS: dict[str, tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = {
    "demo": (
        (("--out",), {"metavar": "FOLDER", "default": "out/demo", "help": "where the WAVs go"}),
    ),
    "ask": (
        (("text",), {"metavar": "TEXT", "help": "the sentence; - reads one per line"}),
        (("--fresh",), {"action": "store_true", "help": "every line starts a new dialogue"}),
    ),
    "hear": (
        (("files",), {"metavar": "FILE.wav", "nargs": "+"}),
        (("--realtime",), {"action": "store_true", "help": "feed at speaking speed"}),
        (("--fresh",), {"action": "store_true", "help": "every file starts a new dialogue"}),
    ),
    "replay": (
        (("folder",), {"metavar": "FOLDER", "help": "holds cases.toml and its WAV files"}),
        (("--jobs",), {"type": int, "default": 1, "help": "processes that share the work"}),
    ),
    "models": (
        (("action",), {"choices": ("list", "install", "remove")}),
        (("name",), {"metavar": "NAME", "nargs": "?", "default": "", "help": "as listed: de, fr"}),
    ),
    "login": ((("--browser",), {"action": "store_true", "help": "sign in on this machine"}),),
    "agenda": ((("--days",), {"type": int, "default": 1, "help": "days ahead, 1 to 14"}),),
}

if __name__ == "__main__":
    sys.exit(main())
