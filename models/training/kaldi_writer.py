"""Writes the few Kaldi objects a Vosk model needs, in Kaldi's binary format.

Nothing of Kaldi is needed to run this.  Source: the `Write` methods in Kaldi's io-funcs,
kaldi-vector, kaldi-matrix, transition-model, nnet-nnet and nnet-simple-component.
"""

import math
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.training.phones import Unit

Array = NDArray[np.float32]


class KaldiWriter:
    """A growing binary Kaldi file; every method returns the writer, so calls chain."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0B")

    def text(self, text: str) -> "KaldiWriter":
        self.data += text.encode("ascii")
        return self

    def token(self, name: str) -> "KaldiWriter":
        return self.text(name + " ")

    def int32(self, value: int) -> "KaldiWriter":
        self.data += b"\x04" + struct.pack("<i", value)
        return self

    def float32(self, value: float) -> "KaldiWriter":
        self.data += b"\x04" + struct.pack("<f", value)
        return self

    def float64(self, value: float) -> "KaldiWriter":
        self.data += b"\x08" + struct.pack("<d", value)
        return self

    def int_vector(self, values: Sequence[int]) -> "KaldiWriter":
        self.data += b"\x04" + struct.pack("<i", len(values))
        self.data += np.asarray(values, dtype="<i4").tobytes()
        return self

    def vector(self, values: Array) -> "KaldiWriter":
        self.token("FV").int32(len(values))
        self.data += np.asarray(values, dtype="<f4").tobytes()
        return self

    def matrix(self, values: Array) -> "KaldiWriter":
        self.token("FM").int32(values.shape[0]).int32(values.shape[1])
        self.data += np.ascontiguousarray(values, dtype="<f4").tobytes()
        return self


def write_transition_model(writer: KaldiWriter, units: Sequence[Unit]) -> None:
    """A `chain` topology: one emitting state per phone, its first frame apart from the rest."""
    ids = [unit.phone_id for unit in units]
    to_entry = [-1] * (max(ids) + 1)
    for phone_id in ids:
        to_entry[phone_id] = 0
    writer.token("<TransitionModel>").token("<Topology>")
    writer.int_vector(ids).int_vector(to_entry)
    writer.int32(-1).int32(1)  # forward and self-loop outputs differ; one topology entry
    writer.int32(2)
    writer.int32(0).int32(1)  # state 0: pdf classes of forward and self-loop
    writer.int32(2).int32(0).float32(0.5).int32(1).float32(0.5)
    writer.int32(-1).int32(-1).int32(0)  # state 1: final
    writer.token("</Topology>").token("<Tuples>").int32(len(units))
    for unit in units:
        writer.int32(unit.phone_id).int32(0)
        writer.int32(unit.forward_output).int32(unit.loop_output)
    writer.token("</Tuples>").token("<LogProbs>")
    log_probs = np.full(2 * len(units) + 1, math.log(0.5), dtype=np.float32)
    log_probs[0] = 0.0
    writer.vector(log_probs).token("</LogProbs>").token("</TransitionModel>")


class NnetWriter:
    """Collects the nodes of an nnet3 network and writes them as one `AmNnetSimple`."""

    def __init__(self, input_dim: int) -> None:
        self._config = [f"input-node name=input dim={input_dim}"]
        self._components: list[tuple[str, KaldiWriter]] = []

    def affine(self, name: str, source: str, weight: Array, bias: Array) -> str:
        body = _open("<FixedAffineComponent>").token("<LinearParams>").matrix(weight)
        body.token("<BiasParams>").vector(bias).token("</FixedAffineComponent>")
        return self._add(name, source, body)

    def relu(self, name: str, source: str, dim: int) -> str:
        return self._add(name, source, _nonlinearity("RectifiedLinearComponent", dim))

    def log_softmax(self, name: str, source: str, dim: int) -> str:
        return self._add(name, source, _nonlinearity("LogSoftmaxComponent", dim))

    def no_op(self, name: str, source: str, dim: int) -> str:
        body = _open("<NoOpComponent>").token("<Dim>").int32(dim)
        body.token("<BackpropScale>").float32(1.0).token("</NoOpComponent>")
        return self._add(name, source, body)

    def write(
        self, writer: KaldiWriter, output: str, context: tuple[int, int], priors: Array
    ) -> None:
        """`context` is in input frames (left, right); Vosk subtracts the log of `priors`."""
        config = [*self._config, f"output-node name=output input={output} objective=linear"]
        writer.token("<Nnet3>").text("\n" + "\n".join(config) + "\n\n")
        writer.token("<NumComponents>").int32(len(self._components))
        for name, body in self._components:
            writer.token("<ComponentName>").token(name)
            writer.data += body.data
        writer.token("</Nnet3>").token("<LeftContext>").int32(context[0])
        writer.token("<RightContext>").int32(context[1])
        writer.token("<Priors>").vector(priors)

    def _add(self, name: str, source: str, body: KaldiWriter) -> str:
        self._components.append((name, body))
        self._config.append(f"component-node name={name} component={name} input={source}")
        return name


def _open(token: str) -> KaldiWriter:
    writer = KaldiWriter()
    writer.data.clear()
    return writer.token(token)


def _nonlinearity(kind: str, dim: int) -> KaldiWriter:
    empty = np.zeros(0, dtype=np.float32)
    body = _open(f"<{kind}>").token("<Dim>").int32(dim)
    body.token("<ValueAvg>").vector(empty).token("<DerivAvg>").vector(empty)
    body.token("<Count>").float64(0.0).token("<NumDimsSelfRepaired>").float64(0.0)
    return body.token("<NumDimsProcessed>").float64(0.0).token(f"</{kind}>")
