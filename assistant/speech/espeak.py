"""espeak-ng in a process of its own: phonemes for `lexicon`, speech for `synthesizer`.

`python -m assistant.speech.espeak` is the child; it reads one JSON request per line and answers
with frames of a 4-byte little-endian length and that many bytes, an empty frame last. The
library is GPL-3 and therefore never loaded into the assistant itself.

Source: espeak-ng, src/include/espeak-ng/speak_lib.h.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from assistant.errors import VoiceMissing

_DEADLINE_S = 20.0
_PAIRS_PER_S = 1000
"""Slower than that it hangs; an idle machine does 5,000."""
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_END_PAUSE = 0x1000
_SSML = 0x10
_IPA = 0x02
_SEPARATOR = ord("_") << 8
_RATE, _VOLUME = 1, 2
_POSITION_CHARACTER = 1
_EVENT_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def child_environment() -> dict[str, str]:
    """The environment in which a child finds libespeak-ng and its data.

    The wheel `espeakng-loader` carries both; where it is missing the system's library serves.
    """
    environment = dict(os.environ)
    wheel = importlib.util.find_spec("espeakng_loader")
    folder = Path(wheel.origin).parent if wheel and wheel.origin else None
    if folder and (folder / "libespeak-ng.so.1").exists():
        known = [str(folder), environment.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(filter(None, known))
        environment["ESPEAK_DATA_PATH"] = str(folder / "espeak-ng-data")
    return environment


def phonemes(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """IPA with `_` between phonemes for each (voice, text), in one child for all.

    A voice that espeak-ng lacks gives "".

    Raises:
        VoiceMissing: no espeak-ng library, or it does not answer.
    """
    request = json.dumps({"phonemes": pairs}).encode() + b"\n"
    command = [sys.executable, "-m", __name__]
    deadline_s = _DEADLINE_S + len(pairs) / _PAIRS_PER_S
    try:
        done = subprocess.run(
            command,
            input=request,
            capture_output=True,
            timeout=deadline_s,
            env=child_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise VoiceMissing("espeak-ng", str(cause)) from cause
    if done.returncode or len(done.stdout) < 4:
        raise VoiceMissing("espeak-ng", last_line(done.stderr))
    answer: list[str] = json.loads(done.stdout[4 : 4 + int.from_bytes(done.stdout[:4], "little")])
    return answer


def last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "the speech process ended without a word"


def write_frame(out: BinaryIO, data: bytes) -> None:
    out.write(len(data).to_bytes(4, "little") + data)
    out.flush()


class _Library:
    """The few functions of libespeak-ng that are used, in synchronous mode."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        path = next(filter(_loads, ("libespeak-ng.so.1", name or "", "libespeak-ng.dylib")), None)
        if path is None:
            raise OSError("no espeak-ng library: pip install espeakng-loader")
        self._lib = ctypes.CDLL(path)
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._voice = ""
        self.rate_hz: int = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, None, _DONT_EXIT)
        if self.rate_hz <= 0:
            raise OSError("espeak-ng finds no voice data: pip install espeakng-loader")

    def set_voice(self, tag: str) -> bool:
        """The voice of the tag, else of its language: espeak-ng calls British English "en"."""
        if tag != self._voice:
            names = (tag, tag.partition("-")[0])
            if all(self._lib.espeak_SetVoiceByName(name.encode()) for name in names):
                return False
            self._voice = tag
        return True

    def phonemes(self, voice: str, text: str) -> str:
        if not self.set_voice(voice):
            return ""
        buffer = ctypes.create_string_buffer(text.encode())  # must outlive the pointer into it
        pointer = ctypes.c_void_p(ctypes.addressof(buffer))
        parts = []
        while pointer.value:
            said = self._lib.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA | _SEPARATOR)
            parts.append((said or b"").decode())
        return "_".join(parts)

    def render(self, request: Mapping[str, Any], out: BinaryIO) -> None:
        """Streams the rate in Hz and 16-bit samples while they are made."""

        def on_samples(wav: Any, count: int, _events: int | None) -> int:
            if wav and count:
                write_frame(out, ctypes.string_at(wav, 2 * count))
            return 0

        if not self.set_voice(str(request["voice"])):
            raise OSError(f"espeak-ng has no voice {request['voice']}")
        self._lib.espeak_SetParameter(_RATE, int(request["words_per_minute"]), 0)
        self._lib.espeak_SetParameter(_VOLUME, int(100 * request["volume"]), 0)
        write_frame(out, self.rate_hz.to_bytes(4, "little"))
        callback = _EVENT_CALLBACK(on_samples)
        self._lib.espeak_SetSynthCallback(callback)
        text = str(request.get("marked") or request["render"]).encode()
        mode = _UTF8 | _END_PAUSE | (_SSML if request.get("marked") else 0)
        self._lib.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, mode, None, None)
        write_frame(out, b"")


def _loads(path: str) -> bool:
    try:
        return bool(path) and ctypes.CDLL(path) is not None
    except OSError:
        return False


def main() -> int:
    try:
        library = _Library()
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if "phonemes" in request:
                answers = [library.phonemes(voice, text) for voice, text in request["phonemes"]]
                write_frame(sys.stdout.buffer, json.dumps(answers).encode())
            else:
                library.render(request, sys.stdout.buffer)
    except (OSError, KeyError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
