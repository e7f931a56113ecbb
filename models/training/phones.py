"""The phone set, the network's outputs and Kaldi's ids for them: decided here, once.

Each of the 39 stress-free ARPAbet phones has one emitting state for every class of phones that
may come before it, with two outputs: `onset` (the frame that enters the phone) and `rest` (every
further frame).  Silence does not depend on what came before.  The four word positions of a phone
share their outputs; they exist because Vosk finds word times by them.

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
ANY = "*"  # the left context of silence
# What a phone does to the beginning of the next one, by place of articulation above all.
LEFT_CLASSES = (
    (SILENCE,),
    ("P", "B", "F", "V"),
    ("M",),
    ("T", "D", "TH", "DH"),
    ("S", "Z"),
    ("SH", "ZH", "CH", "JH"),
    ("K", "G"),
    ("N", "NG"),
    ("L",),
    ("R", "ER"),
    ("HH",),
    ("W", "UW", "OW", "AW", "UH"),
    ("Y", "IY", "EY", "AY", "OY"),
    ("IH", "EH", "AE"),
    ("AA", "AO", "AH"),
)
LEFT_CLASS = {phone: index for index, group in enumerate(LEFT_CLASSES) for phone in group}
# An output pair by phone and left class; silence has one pair, the first.
PAIRS = 1 + (len(PHONES) - 1) * len(LEFT_CLASSES)
OUTPUTS = 2 * PAIRS


class Unit(NamedTuple):
    """A phone in a word position after a class of phones, as Kaldi counts it."""

    phone: str
    position: str
    left: str
    phone_id: int
    forward_output: int
    loop_output: int
    forward_tid: int
    loop_tid: int


def onset(phone: str, left: str = SILENCE) -> int:
    """The output of the frame that enters `phone` after the phone `left`."""
    return 2 * _pair(phone, LEFT_CLASS[left])


def rest(phone: str, left: str = SILENCE) -> int:
    """The output of every further frame of `phone`."""
    return onset(phone, left) + 1


def _pair(phone: str, left: int) -> int:
    index = PHONE_INDEX[phone]
    return 1 + (index - 1) * len(LEFT_CLASSES) + left if index else 0


def pair_phones() -> list[int]:
    """The phone of each output pair, as an index into `PHONES`."""
    return [0, *(1 + pair // len(LEFT_CLASSES) for pair in range(PAIRS - 1))]


def pair_lefts() -> list[int]:
    """The left class of each output pair, -1 for that of silence, which has none."""
    return [-1, *(pair % len(LEFT_CLASSES) for pair in range(PAIRS - 1))]


def coarse_outputs() -> list[int]:
    """For each output the one that it would be if the left phone did not count."""
    return [2 * phone + state for phone in pair_phones() for state in (0, 1)]


def units() -> list[Unit]:
    """All units in the order of their Kaldi phone ids, then of their outputs.

    Source: Kaldi transition-model.cc, transition ids count the transitions of the tuples sorted
    by phone and output, the self-loop of a one-state phone first, from 1.
    """
    keys = [
        (phone, position, left)
        for phone in PHONES
        for position in POSITIONS
        for left in (range(len(LEFT_CLASSES)) if phone != SILENCE else [0])
    ]
    ids = {key: index + 1 for index, key in enumerate(dict.fromkeys(key[:2] for key in keys))}
    return [
        Unit(
            phone=phone,
            position=position,
            left=" ".join(LEFT_CLASSES[left]) if phone != SILENCE else ANY,
            phone_id=ids[phone, position],
            forward_output=2 * _pair(phone, left),
            loop_output=2 * _pair(phone, left) + 1,
            loop_tid=2 * index + 1,
            forward_tid=2 * index + 2,
        )
        for index, (phone, position, left) in enumerate(keys)
    ]
