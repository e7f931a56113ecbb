"""How fast a call goes out, comes up, keys in a conference id and ends, between real programs.

SIP to a baresip on loopback, the telephone through ofonod to a scripted modem. Medians of ROUNDS.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.append(str(Path(__file__).parents[1] / "integration"))

from ofono.car import handsfree
from parts import eventually, free_sip_port, need
from sip.peer import Peer, peer
from sip.sound import write_noise_bursts

from assistant.core.events import Connected, Ended, Event, Ringing
from assistant.services.calls.phone import PhoneLine
from assistant.services.calls.sip import SipLine

ROUNDS = 10
CONFERENCE_ID = ",,123456789#"
NUMBER = "tel:+49691234567"


class Stopwatch:
    """Events with the moment they were posted."""

    def __init__(self) -> None:
        self.laps: list[tuple[float, Event]] = []

    def post(self, event: Event) -> None:
        self.laps.append((time.perf_counter(), event))

    def when(self, kind: type[Event]) -> float:
        """The moment of the last event of this kind, waited for."""
        return eventually(lambda: self._find(kind), kind.__name__, 30)

    def _find(self, kind: type[Event]) -> float:
        return next((at for at, event in reversed(self.laps) if isinstance(event, kind)), 0.0)


@contextmanager
def car(folder: Path) -> Iterator[tuple[SipLine, Peer, Stopwatch]]:
    need("baresip", "baresip-core")
    voice, watch = folder / "voice.wav", Stopwatch()
    write_noise_bursts(voice)
    with peer(folder / "far", voice) as far:
        line = SipLine(
            {
                "account": "sip:car@127.0.0.1",
                "register": "no",
                "listen": f"127.0.0.1:{free_sip_port()}",
                "interface": "127.0.0.1",
                "microphone": f"aufile,{voice}",
                "speaker": "aufile,/dev/null",
            },
            watch.post,
        )
        try:
            eventually(lambda: line.can(far.uri), "line that is ready", 20)
            yield line, far, watch
        finally:
            line.close()


def measure_sip(folder: Path) -> Iterator[tuple[str, str, list[float]]]:
    """(what, target, seconds of every round)."""
    ringing, established, ended = [], [], []
    with car(folder) as (line, far, watch):
        for number in range(1, ROUNDS + 1):
            watch.laps.clear()
            start = time.perf_counter()
            line.dial(far.uri)
            ringing.append(watch.when(Ringing) - start)
            far.expect("CALL_INCOMING", number)
            answered = time.perf_counter()
            far.order("accept")
            established.append(watch.when(Connected) - answered + ringing[-1])
            stop = time.perf_counter()
            line.hang_up()
            ended.append(watch.when(Ended) - stop)
        watch.laps.clear()
        line.dial(far.uri, tones=CONFERENCE_ID)
        far.expect("CALL_INCOMING", ROUNDS + 1)
        far.order("accept")
        up = watch.when(Connected)
        eventually(lambda: far.keys() == CONFERENCE_ID.strip(","), "every tone", 30)
        keyed = time.perf_counter() - up
    yield "sip: order to the far end ringing (INVITE and 180)", "50 ms", ringing
    yield "sip: order to established, without the time to pick up", "150 ms", established
    yield "sip: hang-up", "100 ms", ended
    yield "sip: answer to the last of 10 tones, 4 s of pause within", "8 s", [keyed]


def measure_phone(folder: Path) -> Iterator[tuple[str, str, list[float]]]:
    dialled, ended = [], []
    with handsfree(folder) as hands:
        watch = Stopwatch()
        line = PhoneLine({"bus": hands.bus}, watch.post)
        try:
            eventually(lambda: line.can(NUMBER), "connected telephone", 20)
            for number in range(1, ROUNDS + 1):
                watch.laps.clear()
                start = time.perf_counter()
                line.dial(NUMBER)
                eventually(lambda n=number: len(hands.phone.dialled) == n, "ATD")
                dialled.append(time.perf_counter() - start)
                hands.phone.alert()
                watch.when(Ringing)
                stop = time.perf_counter()
                line.hang_up()
                ended.append(watch.when(Ended) - stop)
        finally:
            line.close()
    yield "phone: order to ATD at the telephone", "50 ms", dialled
    yield "phone: hang-up", "100 ms", ended


def main() -> None:
    table = Table("calls", "median", "slowest", "goal", "rounds")
    measures: tuple[Callable[[Path], Iterator[tuple[str, str, list[float]]]], ...]
    measures = (measure_sip, measure_phone)
    for measure in measures:
        with tempfile.TemporaryDirectory() as folder:
            for what, goal, rounds in measure(Path(folder)):
                median, slowest = (f"{f(rounds) * 1e3:.0f} ms" for f in (statistics.median, max))
                table.add_row(what, median, slowest, goal, str(len(rounds)))
    Console().print(table)
