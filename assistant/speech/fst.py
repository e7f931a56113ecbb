"""OpenFst files: written as a decoder reads them, and looked into before one does.

Source: OpenFst fst.cc FstHeader::Write, const-fst.h ConstFst::WriteFst (file version 2),
symbol-table.cc SymbolTableImpl::Write, add-on.h AddOnImpl::Write.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from assistant.speech.arcs import Arcs

_MAGIC = 2125659606
_SYMBOLS_MAGIC = 2125658996
_ADD_ON_MAGIC = 446681434
_EXPANDED = 0x1
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS = 0x1, 0x2
_LONGEST_TEXT = 4096
_ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("weight", "<f4"), ("target", "<i4")])
_STATE = np.dtype(
    [("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("ieps", "<u4"), ("oeps", "<u4")]
)


class Header(NamedTuple):
    kind: str
    """const, ngram, olabel_lookahead …"""
    flags: int
    n_states: int
    n_arcs: int


def write_fst(
    path: Path,
    n_states: int,
    arcs: Arcs,
    finals: Mapping[int, float],
) -> None:
    """Writes an OpenFst "const" transducer that starts in state 0.

    The arcs of a state are sorted by input, as look-ahead composition wants them.
    """
    source, target, input_, output = arcs.labels.T
    order = np.lexsort((input_, source))
    table = np.empty(len(arcs), _ARC)
    columns = {"input": input_, "output": output, "weight": arcs.weights, "target": target}
    for name, column in columns.items():
        table[name] = column[order]
    source = source[order]
    states = np.empty(n_states, _STATE)
    states["final"] = np.inf
    states["final"][list(finals)] = list(finals.values())
    states["arcs"] = np.bincount(source, minlength=n_states)
    states["first"] = np.cumsum(states["arcs"]) - states["arcs"]
    states["ieps"] = np.bincount(source[table["input"] == 0], minlength=n_states)
    states["oeps"] = np.bincount(source[table["output"] == 0], minlength=n_states)
    header = struct.pack("<iiQqqq", 2, 0, _EXPANDED, 0, n_states, len(table))
    with path.open("wb") as file:
        file.write(struct.pack("<i", _MAGIC) + _text("const") + _text("standard") + header)
        file.write(states.tobytes())
        file.write(table.tobytes())


def check_lookahead(path: Path) -> None:
    """Raises ValueError unless the file is a whole look-ahead graph."""
    with path.open("rb") as file:
        outer = read_header(file)
        if outer.kind != "olabel_lookahead":
            raise ValueError(f"is of type {outer.kind}, not olabel_lookahead")
        if _integer(file, "<i") != _ADD_ON_MAGIC:
            raise ValueError("has no look-ahead tables")
        inner = read_header(file)
        needed = file.tell() + inner.n_states * _STATE.itemsize + inner.n_arcs * _ARC.itemsize
    if inner.kind == "const" and path.stat().st_size <= needed:
        raise ValueError("is cut off")


def read_symbols(path: Path) -> dict[str, int]:
    """The output symbols inside an FST file; none where it carries none.

    Raises:
        ValueError: not such a file, or cut off.
    """
    with path.open("rb") as file:
        flags = read_header(file).flags
        if not flags & _HAS_OUTPUT_SYMBOLS:
            return {}
        if flags & _HAS_INPUT_SYMBOLS:
            _table(file)
        return _table(file)


def read_header(file: BinaryIO) -> Header:
    if _integer(file, "<i") != _MAGIC:
        raise ValueError("is not an OpenFst file")
    kind, arc = _read_text(file), _read_text(file)
    if arc != "standard":
        raise ValueError(f"has {arc} arcs")
    _version, flags, _properties, _start, n_states, n_arcs = _read(file, "<iiQqqq")
    return Header(kind, flags, n_states, n_arcs)


def _table(file: BinaryIO) -> dict[str, int]:
    if _integer(file, "<i") != _SYMBOLS_MAGIC:
        raise ValueError("has no symbol table where one should be")
    _read_text(file)
    _available, size = _read(file, "<qq")
    return {_read_text(file): _integer(file, "<q") for _ in range(size)}


def _integer(file: BinaryIO, layout: str) -> int:
    return int(_read(file, layout)[0])


def _read(file: BinaryIO, layout: str) -> tuple[int, ...]:
    data = file.read(struct.calcsize(layout))
    try:
        return struct.unpack(layout, data)
    except struct.error:
        raise ValueError("is cut off") from None


def _read_text(file: BinaryIO) -> str:
    length = _integer(file, "<i")
    if not 0 <= length <= _LONGEST_TEXT:
        raise ValueError("is damaged")
    data = file.read(length)
    if len(data) < length:
        raise ValueError("is cut off")
    return data.decode("utf-8", errors="replace")


def _text(value: str) -> bytes:
    return struct.pack("<i", len(value)) + value.encode()
