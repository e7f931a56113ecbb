"""Text to speech, clause by clause.

pyttsx3 hangs now and then, cannot be stopped, and loads espeak-ng, which is GPL-3; so it renders
in a child process that is watched and started anew when it dies or takes too long. When it
cannot speak at all, the espeak-ng child does. Neighbours: `pyttsx3_child` and `espeak` are the
children, `voice` plays what is made here, `spoken_names` knows how people are called.
"""

from __future__ import annotations

import json
import re
import selectors
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from assistant.errors import VoiceMissing
from assistant.speech import espeak, pyttsx3_child
from assistant.speech.audio import Pcm
from assistant.speech.spoken_names import SpokenNames

_READY_S = 10.0
_CLAUSE_S = 4.0
"""A clause takes some 15 ms; a child that needs this long hangs."""
_LONGEST_CLAUSE = 200
_CACHED = 200
_CLAUSE_END = re.compile(r"(?<=[.!?;:,])\s+")
_FIRST_CLAUSE_LEAST = 12
"""Shorter beginnings are joined with what follows: a cut after "Yes," sounds halting."""


class Synthesizer:
    """A voice for one language tag. Closes with `close` or as a context manager."""

    def __init__(self, tag: str, *, words_per_minute: int = 165, volume: float = 1.0) -> None:
        """`tag`: BCP 47, "en-GB". The children start at the first use or by `warm_up`."""
        self.tag = tag
        self.words_per_minute = words_per_minute
        self._children_rate = words_per_minute
        self.volume = volume
        """0 to 1."""
        self.names = SpokenNames()
        """Replaced as a whole when there are other people."""
        self.children = [Child(pyttsx3_child.__name__), Child(espeak.__name__)]
        self._cache: OrderedDict[tuple[str, int, float], Pcm] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Synthesizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for child in self.children:
                child.stop()

    def warm_up(self) -> None:
        """Starts the voice, so that the first reply is as quick as the others.

        Raises:
            VoiceMissing: nothing on this machine can speak `tag`.
        """
        self._clause("OK.")

    def render(self, text: str) -> Iterator[Pcm]:
        """Speech, a clause at a time.

        Raises:
            VoiceMissing: nothing on this machine can speak `tag`.
        """
        for clause in clauses(text):
            yield self._clause(clause)

    def _clause(self, clause: str) -> Pcm:
        plain, marked = self.names.plain(clause), self.names.marked(clause)
        key = (marked or plain, self.words_per_minute, self.volume)
        with self._lock:
            if key not in self._cache:
                self._cache[key] = self._rendered(plain, marked)
                while len(self._cache) > _CACHED:
                    self._cache.popitem(last=False)
            self._cache.move_to_end(key)
            return self._cache[key]

    def _rendered(self, plain: str, marked: str) -> Pcm:
        """By pyttsx3; by espeak-ng itself where the language has to change within the clause."""
        request = {
            "render": plain,
            "marked": marked,
            "voice": self.tag.lower(),
            "words_per_minute": self.words_per_minute,
            "volume": self.volume,
        }
        if self.words_per_minute != self._children_rate:  # pyttsx3 takes a rate reliably once
            self._children_rate = self.words_per_minute
            for child in self.children:
                child.stop()
        problems = []
        for child in reversed(self.children) if marked else self.children:
            for _attempt in (1, 2):
                try:
                    return child.ask(request)
                except VoiceMissing as problem:
                    problems.append(problem)
        raise problems[-1]


def clauses(text: str) -> list[str]:
    """Pieces to render one by one, the first one short enough to be heard soon."""
    pieces: list[str] = []
    for piece in _CLAUSE_END.split(" ".join(text.split())):
        room = _LONGEST_CLAUSE if len(pieces) > 1 else _FIRST_CLAUSE_LEAST
        if pieces and len(pieces[-1]) < room and piece:
            pieces[-1] += f" {piece}"
        elif piece:
            pieces.append(piece)
    return [piece for piece in pieces if any(map(str.isalnum, piece))]


class Child:
    """A speech process that renders one request at a time."""

    def __init__(self, module: str, clause_s: float = _CLAUSE_S) -> None:
        self._module = module
        self._clause_s = clause_s
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> Pcm:
        """Raises VoiceMissing, and is started anew next time, if there is no answer in time."""
        fresh = self._process is None
        try:
            process = self._process = self._process or self._start()
            assert process.stdin
            process.stdin.write(json.dumps(request).encode() + b"\n")
            rate_hz = int.from_bytes(self._frame(_READY_S if fresh else self._clause_s), "little")
            data = b"".join(iter(lambda: self._frame(self._clause_s), b""))
        except (OSError, EOFError) as cause:
            raise VoiceMissing(str(request["voice"]), self._give_up(str(cause))) from cause
        return Pcm(data=data, rate_hz=rate_hz)

    @property
    def pid(self) -> int:
        """0 while it is not running."""
        return self._process.pid if self._process else 0

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=espeak.child_environment(),
            bufsize=0,
        )

    def _give_up(self, problem: str) -> str:
        if self._process is None:
            return problem
        self._process.kill()
        _, stderr = self._process.communicate()
        self._process = None
        return espeak.last_line(stderr) if stderr.strip() else problem

    def _frame(self, deadline_s: float) -> bytes:
        length = int.from_bytes(self._read(4, deadline_s), "little")
        return self._read(length, deadline_s)

    def _read(self, count: int, deadline_s: float) -> bytes:
        assert self._process and self._process.stdout
        data = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while len(data) < count:
                if not selector.select(deadline_s):
                    raise OSError(f"no answer within {deadline_s:.0f} s")
                piece = self._process.stdout.read(count - len(data))
                if not piece:
                    raise EOFError("the speech process ended")
                data += piece
        return data
