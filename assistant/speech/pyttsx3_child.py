"""The child process of `synthesizer` in which pyttsx3 renders: one JSON request a line.

Answers with frames (see `espeak`): the rate in Hz, samples, an empty frame. It never plays:
pyttsx3's own playback cannot be stopped and speaks reliably only once. The only file that knows
pyttsx3.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from assistant.speech.espeak import write_frame

_RENDERED_S = 3.0
_ATTEMPTS = 3
"""One render in about 150 comes out empty (pyttsx3 2.99 on Linux)."""


def main() -> int:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    sys.stdout = sys.stderr  # pyttsx3 prints what it saved
    try:
        voice = _Engine()
        for line in sys.stdin.buffer:
            voice.render(json.loads(line), out)
    except Exception as problem:  # pyttsx3's drivers raise whatever their platform raises
        print(f"pyttsx3: {problem or type(problem).__name__}", file=sys.stderr)
        return 1
    return 0


class _Engine:
    def __init__(self) -> None:
        import pyttsx3

        self._engine = pyttsx3.init()
        self._done = threading.Event()
        self._engine.connect("finished-utterance", lambda **_: self._done.set())
        self._tag = ""

    def render(self, request: Mapping[str, Any], out: BinaryIO) -> None:
        self._choose(str(request["voice"]))
        self._engine.setProperty("rate", int(request["words_per_minute"]))
        self._engine.setProperty("volume", float(request["volume"]))
        for _attempt in range(_ATTEMPTS):
            rate_hz, samples = self._rendered(str(request["render"]))
            if samples:
                break
        else:
            raise RuntimeError("rendered nothing")
        for frame in (rate_hz.to_bytes(4, "little"), samples, b""):
            write_frame(out, frame)

    def _rendered(self, text: str) -> tuple[int, bytes]:
        with tempfile.TemporaryDirectory(prefix="roadcall-") as folder:
            path = Path(folder) / "speech.wav"
            self._done.clear()
            self._engine.save_to_file(text, str(path))
            self._engine.runAndWait()  # returns before the file is there
            if not self._done.wait(_RENDERED_S):
                raise TimeoutError("did not finish a clause")
            with wave.open(str(path), "rb") as file:
                return file.getframerate(), file.readframes(file.getnframes())

    def _choose(self, tag: str) -> None:
        """The voice of the tag, else one of its language."""
        if tag == self._tag:
            return
        voices = {voice.id: _languages(voice) for voice in self._engine.getProperty("voices")}
        language = tag.partition("-")[0]
        exact = [name for name, tags in voices.items() if tag in tags]
        close = [name for name, tags in voices.items() if any(t.startswith(language) for t in tags)]
        if not exact and not close:
            raise LookupError(f"no voice speaks {tag}")
        self._engine.setProperty("voice", (exact or close)[0])
        self._tag = tag


def _languages(voice: Any) -> list[str]:
    """Language tags in lower case; drivers give text or bytes with a priority in front."""
    tags = [t.decode(errors="ignore") if isinstance(t, bytes) else t for t in voice.languages or ()]
    return ["".join(c for c in tag if c.isalnum() or c in "-_").lower() for tag in tags]


if __name__ == "__main__":
    sys.exit(main())
