"""The phone set, the network's outputs and Kaldi's ids for them: decided here, once.

Each of the 39 stress-free ARPAbet phones and silence has one emitting state with two outputs:
`onset` (the frame that enters the phone) and `rest` (every further frame).  The four word
positions of a phone share their outputs; they exist because Vosk finds word times by them.

Neighbours: `prepare.py` makes training targets of these outputs, `export.py` writes them as a
Kaldi transition model and as `graph/units.tsv`, which `assistant/speech/graph.py` reads.
"""

from typing import NamedTuple

SILENCE = "SIL"
_ARPABET = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K "
    "L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
)
PHONES = (SILENCE, *_ARPABET.split())
PHONE_INDEX = {phone: index for index, phone in enumerate(PHONES)}
POSITIONS = {"S": "singleton", "B": "begin", "I": "internal", "E": "end"}
OUTPUTS = 2 * len(PHONES)
# Phones that last two output frames, 60 ms, at least: of those aligned, less than 7 % are shorter
# (`durations.py`). All others may be over after one.
NEVER_SHORT = ("AW", "AY", "CH", "EY", "JH", "NG", "OW", "OY", "S", "SH", "Z", "ZH")


class Unit(NamedTuple):
    """A phone in a word position, as Kaldi counts it."""

    phone: str
    position: str
    phone_id: int
    forward_output: int
    loop_output: int
    forward_tid: int
    loop_tid: int
    frames: int


def onset(phone: str) -> int:
    """The output of the frame that enters `phone`."""
    return 2 * PHONE_INDEX[phone]


def rest(phone: str) -> int:
    """The output of every further frame of `phone`."""
    return 2 * PHONE_INDEX[phone] + 1


def units() -> list[Unit]:
    """All units in the order of their Kaldi phone ids.

    Source: Kaldi transition-model.cc, transition ids count the transitions of the tuples sorted
    by phone, the self-loop of a one-state phone first, from 1.
    """
    pairs = [(phone, position) for phone in PHONES for position in POSITIONS]
    return [
        Unit(
            phone=phone,
            position=position,
            phone_id=index + 1,
            forward_output=onset(phone),
            loop_output=rest(phone),
            loop_tid=2 * index + 1,
            forward_tid=2 * index + 2,
            frames=1 + (phone in NEVER_SHORT),
        )
        for index, (phone, position) in enumerate(pairs)
    ]
