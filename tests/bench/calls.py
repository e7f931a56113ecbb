"""How fast a call goes out, comes up, keys in a conference id and ends, between real programs.

SIP from the end of the cancel window through dialogue, action and line to a baresip on loopback;
the telephone through ofonod to a scripted modem. Medians of ROUNDS.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.append(str(Path(__file__).parents[1] / "integration"))

from ofono.car import handsfree
from parts import eventually, need
from sip.car import direct
from sip.peer import Peer, peer
from sip.sound import write_noise_bursts

from assistant.commands import Session
from assistant.core.events import Connected, Ended, Event, Ringing
from assistant.core.model import Hypothesis
from assistant.door import Door
from assistant.services.calls.phone import PhoneLine

ROUNDS = 10
CONFERENCE_ID = ",,123456789#"
NUMBER = "tel:+49691234567"


class Stopwatch:
    """Events with the moment they were posted."""

    def __init__(self) -> None:
        self.laps: list[tuple[float, Event]] = []
        self.reported: deque[Event] = deque()
        """For a dialogue."""

    def post(self, event: Event) -> None:
        self.laps.append((time.perf_counter(), event))
        self.reported.append(event)

    def when(self, kind: type[Event]) -> float:
        """The moment of the last event of this kind, waited for."""
        return eventually(lambda: self._find(kind), kind.__name__, 30)

    def _find(self, kind: type[Event]) -> float:
        return next((at for at, event in reversed(self.laps) if isinstance(event, kind)), 0.0)


@contextmanager
def car(folder: Path) -> Iterator[tuple[Session, Peer, Stopwatch]]:
    """A car whose only contact is the far end."""
    need("baresip", "baresip-core")
    voice, watch = folder / "voice.wav", Stopwatch()
    write_noise_bursts(voice)
    with peer(folder / "far", voice) as far:
        card = ("BEGIN:VCARD", "VERSION:3.0", "FN:Bob", f"IMPP:{far.uri}", "END:VCARD", "")
        (folder / "people.vcf").write_text("\r\n".join(card))
        line = (f'{key} = "{value}"' for key, value in direct(voice).items())
        config = folder / "car.toml"
        head = (f'contacts = ["{folder}/people.vcf"]', "[[lines]]", 'kind = "sip"')
        config.write_text("\n".join((*head, *line)))
        options = Namespace(config=config, locale="", contacts=(), calendar=(), now=None)
        with Session(options, post=watch.post) as session:
            (sip,) = session.car.lines
            eventually(lambda: sip.can(far.uri), "line that is ready", 20)
            yield session, far, watch


def measure_sip(folder: Path) -> Iterator[tuple[str, str, list[float]]]:
    """(what, target, seconds of every round)."""
    invited, established, ended = [], [], []
    with car(folder) as (session, far, watch):
        one = session.car
        (line,) = one.lines
        for number in range(1, ROUNDS + 1):
            watch.reported.clear()
            door = Door(one.new_dialog(), one.interpret, one.world, one.clock, watch.reported)
            door.say(Hypothesis(text="call bob"))
            watch.laps.clear()
            window_end = time.perf_counter()
            door.settle()
            incoming = far.expect("CALL_INCOMING", number)["at_s"]
            picked_up = time.perf_counter()
            far.order("accept")
            invited.append(incoming - window_end)
            established.append(watch.when(Connected) - window_end - (picked_up - incoming))
            stop = time.perf_counter()
            line.hang_up()
            ended.append(watch.when(Ended) - stop)
        watch.laps.clear()
        line.dial(far.uri, tones=CONFERENCE_ID)
        far.expect("CALL_INCOMING", ROUNDS + 1)
        far.order("accept")
        up = watch.when(Connected)
        eventually(lambda: far.keys() == CONFERENCE_ID.strip(","), "every tone", 30)
        keyed = far.seen("CALL_DTMF_START")[-1]["at_s"] - up
    yield "sip: end of the cancel window to the INVITE at the far end", "50 ms", invited
    yield "sip: the same to established, without the time to pick up", "150 ms", established
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
