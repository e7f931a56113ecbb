"""Step 6: a trained network becomes a model folder that Vosk loads.

    python -m models.training.export net.pt models/en

Batch norms are folded into the affine layers around them, so that Vosk computes two matrix
products per block and nothing else.  The decoding graph is not written here: roadcall compiles it
at run time from `graph/units.tsv` and `lexicon.tsv.gz` (see `assistant/speech/graph.py`).
"""

import argparse
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pocketsphinx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.training import network
from models.training.kaldi_writer import KaldiWriter, NnetWriter, write_transition_model
from models.training.network import FEATURES, SPLICE, SUBSAMPLING, SUMMARY_KEPT, Block, Network
from models.training.phones import POSITIONS, SILENCE, Unit, units

MFCC_CONF = """--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=20
--high-freq=-400
--dither=0
"""
# Beams and acoustic scale were chosen by evaluate.py, see RESULTS.md.
MODEL_CONF = """--min-active=200
--max-active=3000
--beam=13
--lattice-beam=1.5
--acoustic-scale=0.5
--frame-subsampling-factor=3
--endpoint.silence-phones={silence}
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""
Array = NDArray[np.float32]


def export(net: Network, priors: Tensor, folder: Path) -> None:
    """Writes every file of the model but the lexicon and the model card."""
    inventory = units()
    for name in ("am", "conf", "graph/phones"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    writer = KaldiWriter()
    write_transition_model(writer, inventory)
    nnet = NnetWriter(FEATURES)
    output = _write_network(nnet, net.eval())
    context = (net.shape.left_context, net.shape.right_context)
    nnet.write(writer, output, context, _array(priors / priors.sum()))
    (folder / "am/final.mdl").write_bytes(writer.data)
    silence = ":".join(str(unit.phone_id) for unit in inventory if unit.phone == SILENCE)
    (folder / "conf/mfcc.conf").write_text(MFCC_CONF)
    (folder / "conf/model.conf").write_text(MODEL_CONF.format(silence=silence))
    (folder / "graph/phones/word_boundary.int").write_text(_word_boundaries(inventory))
    (folder / "graph/units.tsv").write_text(_unit_table(inventory))


def lexicon_entries(dictionary: Path) -> Iterator[tuple[str, list[str]]]:
    """Every pronunciation of a CMU dictionary; `word(2)` is a second one of `word`."""
    for line in dictionary.read_text("utf-8").splitlines():
        word, *phones = line.split()
        yield re.sub(r"[(][0-9]+[)]$", "", word).lower(), phones


def cmu_dictionary() -> Path:
    """The CMU dictionary that the `pocketsphinx` package carries."""
    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))


def write_lexicon(dictionary: Path, path: Path) -> None:
    """One `word<TAB>phones` a line, sorted by word, byte for byte the same on every run."""
    entries = sorted(lexicon_entries(dictionary), key=lambda entry: entry[0])
    lines = [f"{word}\t{' '.join(phones)}\n" for word, phones in entries]
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("".join(lines).encode())


def _word_boundaries(inventory: list[Unit]) -> str:
    kinds = ["nonword" if u.phone == SILENCE else POSITIONS[u.position] for u in inventory]
    return "".join(f"{u.phone_id} {kind}\n" for u, kind in zip(inventory, kinds, strict=True))


def _unit_table(inventory: list[Unit]) -> str:
    rows = [
        f"{u.phone}\t{u.position}\t*\t{u.forward_tid}\t{u.loop_tid}\t{u.frames}\n"
        for u in inventory
    ]
    return "phone\tposition\tleft\tforward_tid\tloop_tid\tframes\n" + "".join(rows)


def _write_network(nnet: NnetWriter, net: Network) -> str:
    scale, shift = _fold(net.input_norm)
    weight, bias = _absorb(net.first, scale, shift, SPLICE)
    hidden, offset = _relu_norm(
        nnet, "first", _splice("input", 1, SPLICE), (weight, bias), net.first_norm
    )
    source, offset = _block(nnet, "subsample", net.subsample, (hidden, offset), step=1)
    if net.shape.summary:
        source = _summary(nnet, net, (scale, shift), source)
    for index, block in enumerate(net.blocks):
        assert isinstance(block, Block)
        source, offset = _block(nnet, f"block{index}", block, (source, offset), step=SUBSAMPLING)
    weight = _array(net.out.weight)
    logits = nnet.affine("out", source, weight, _array(net.out.bias) + weight @ offset)
    return nnet.log_softmax("posterior", logits, net.shape.outputs)


def _block(
    nnet: NnetWriter, name: str, block: Block, inlet: tuple[str, Array], step: int
) -> tuple[str, Array]:
    """Writes a block.  `inlet` is a node and the constant that has to be added to it."""
    source, offset = inlet
    weight = _array(block.squeeze.weight)
    lost = weight @ np.tile(offset, 3)
    squeezed = nnet.affine(f"{name}.squeeze", _splice(source, step, 3), weight, lost)
    expand = (_array(block.expand.weight), _array(block.expand.bias))
    gain = 1.0 if block.gain is None else abs(float(block.gain))
    hidden, shift = _relu_norm(nnet, f"{name}.expand", squeezed, expand, block.norm, gain)
    total = f"Sum({hidden}, Scale({block.keep}, {source}))"
    return nnet.no_op(f"{name}.sum", total, len(shift)), shift + np.float32(block.keep) * offset


def _summary(nnet: NnetWriter, net: Network, norm: tuple[Array, Array], source: str) -> str:
    weight, bias = _absorb(net.summary, *norm, SPLICE)
    dim = net.shape.summary
    slow = nnet.affine("summary", _splice("input", 1, SPLICE), weight, bias)
    slow = nnet.relu("summary.relu", slow, dim)
    mean = np.hstack([np.eye(dim) * (1 - SUMMARY_KEPT), np.eye(dim) * SUMMARY_KEPT])
    parts = f"Append({slow}, IfDefined(Offset(summary.mean, -{SUBSAMPLING})))"
    slow = nnet.affine("summary.mean", parts, mean.astype(np.float32), np.zeros(dim, np.float32))
    weight = _array(net.summary_out.weight)
    nothing = np.zeros(len(weight), dtype=np.float32)
    slow = nnet.affine("summary.out", slow, weight, nothing)
    return nnet.no_op("subsample.summed", f"Sum({source}, {slow})", len(weight))


def _relu_norm(
    nnet: NnetWriter,
    name: str,
    source: str,
    affine: tuple[Array, Array],
    norm: nn.BatchNorm1d,
    gain: float = 1.0,
) -> tuple[str, Array]:
    """relu(a x) = a relu(x) for a > 0, so the norm's scale moves in front of the ReLU."""
    scale, shift = (gain * part for part in _fold(norm))
    weight, bias = affine[0] * scale[:, None], affine[1] * scale
    node = nnet.affine(name, source, weight, bias)
    return nnet.relu(f"{name}.relu", node, len(bias)), shift


def _absorb(layer: nn.Linear, scale: Array, shift: Array, copies: int) -> tuple[Array, Array]:
    """The layer with a preceding scale and shift of each of `copies` spliced inputs."""
    weight, bias = _array(layer.weight), _array(layer.bias)
    return weight * np.tile(scale, copies), bias + weight @ np.tile(shift, copies)


def _fold(norm: nn.BatchNorm1d) -> tuple[Array, Array]:
    assert norm.running_mean is not None and norm.running_var is not None
    scale = 1 / np.sqrt(_array(norm.running_var) + np.float32(norm.eps))
    return scale, -_array(norm.running_mean) * scale


def _splice(source: str, step: int, count: int) -> str:
    offsets = [step * (index - count // 2) for index in range(count)]
    parts = [f"Offset({source}, {offset})" if offset else source for offset in offsets]
    return f"Append({', '.join(parts)})"


def _array(values: Tensor) -> Array:
    return values.detach().numpy().astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dictionary", type=Path, help="default: the one in pocketsphinx")
    arguments = parser.parse_args()
    net, priors = network.load(arguments.network)
    with torch.no_grad():
        export(net, priors, arguments.folder)
    write_lexicon(arguments.dictionary or cmu_dictionary(), arguments.folder / "lexicon.tsv.gz")


if __name__ == "__main__":
    main()
