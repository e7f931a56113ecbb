"""The acoustic network: a factored TDNN with a slow summary of the last second.

It sees 40 MFCCs every 10 ms and answers every 30 ms.  The summary is a running average of a small
hidden layer, so that the network can tell a voice from the room and the engine it has heard so
far; this is the work that i-vectors do in larger Kaldi models.  It is a recurrence, because Kaldi
works through a long fixed context at every load.

Neighbours: `train.py` trains it, `export.py` folds and writes it in Kaldi's nnet3 format.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.phones import OUTPUTS

FEATURES = 40
SUBSAMPLING = 3
SPLICE = 5  # input frames -2..2 at the first layer
SUMMARY_KEPT = 0.95  # share of the running average that a new output frame keeps: 0.6 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a network; `blocks` counts the layers above the subsampling one."""

    width: int = 448
    bottleneck: int = 112
    blocks: int = 12
    seasoned_blocks: int = 8  # the first ones, which mix old and new at 0.66 : 1
    summary: int = 64  # width of the slow summary, 0 for none
    outputs: int = OUTPUTS

    @property
    def right_context(self) -> int:
        """Input frames needed after the last output."""
        return SUBSAMPLING + SUBSAMPLING * self.blocks

    @property
    def left_context(self) -> int:
        """Input frames needed before the first output."""
        return SUBSAMPLING * self.blocks + SUBSAMPLING


class Block(nn.Module):
    """Bottleneck over three frames, expansion, ReLU, batch norm, residual."""

    def __init__(self, shape: Shape, *, keep: float, gain: float | None) -> None:
        super().__init__()
        self.squeeze = nn.Linear(3 * shape.width, shape.bottleneck, bias=False)
        self.expand = nn.Linear(shape.bottleneck, shape.width)
        self.norm = nn.BatchNorm1d(shape.width, affine=False)
        self.keep = keep
        self.gain = None if gain is None else nn.Parameter(torch.tensor(gain))

    def forward(self, spliced: Tensor, middle: Tensor) -> Tensor:
        hidden = functional.relu(self.expand(self.squeeze(spliced)))
        hidden = normalise(self.norm, hidden)
        if self.gain is not None:
            hidden = hidden * self.gain.abs()
        return hidden + self.keep * middle


class Network(nn.Module):
    """Maps (batch, left + 3 n - 2 + right, 40) features to (batch, n, outputs) logits."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.input_norm = nn.BatchNorm1d(FEATURES, affine=False)
        self.first = nn.Linear(SPLICE * FEATURES, shape.width)
        self.first_norm = nn.BatchNorm1d(shape.width, affine=False)
        self.subsample = Block(shape, keep=0.66, gain=None)
        self.blocks = nn.ModuleList(self._block(index) for index in range(shape.blocks))
        self.out = nn.Linear(shape.width, shape.outputs)
        if shape.summary:
            self.summary = nn.Linear(SPLICE * FEATURES, shape.summary)
            self.summary_out = nn.Linear(shape.summary, shape.width, bias=False)
            nn.init.zeros_(self.summary_out.weight)

    def _block(self, index: int) -> Block:
        seasoned = index < self.shape.seasoned_blocks
        return Block(self.shape, keep=0.66 if seasoned else 1.0, gain=None if seasoned else 0.1)

    def forward(self, features: Tensor) -> Tensor:
        batch, frames, _ = features.shape
        features = normalise(self.input_norm, features)
        spliced = torch.cat([features[:, i : frames - 4 + i] for i in range(SPLICE)], dim=2)
        hidden = functional.relu(self.first(spliced))
        hidden = normalise(self.first_norm, hidden)
        count = hidden.shape[1] // SUBSAMPLING
        hidden = hidden[:, : SUBSAMPLING * count]
        wide = hidden.reshape(batch, count, -1)
        hidden = self.subsample(wide, hidden[:, 1::SUBSAMPLING])
        if self.shape.summary:
            hidden = hidden + self._summary(spliced[:, 1::SUBSAMPLING][:, :count])
        for block in self.blocks:
            wide = torch.cat([hidden[:, :-2], hidden[:, 1:-1], hidden[:, 2:]], dim=2)
            hidden = block(wide, hidden[:, 1:-1])
        return self.out(hidden)  # type: ignore[no-any-return]

    def _summary(self, spliced: Tensor) -> Tensor:
        age = torch.arange(spliced.shape[1])
        age = age.unsqueeze(1) - age
        weights = torch.where(age >= 0, (1 - SUMMARY_KEPT) * SUMMARY_KEPT**age, 0.0)
        slow = weights @ functional.relu(self.summary(spliced))
        return self.summary_out(slow)  # type: ignore[no-any-return]


def normalise(norm: nn.BatchNorm1d, values: Tensor) -> Tensor:
    """Batch norm over the last axis."""
    return norm(values.reshape(-1, values.shape[-1])).view_as(values)  # type: ignore[no-any-return]


def save(path: Path, network: Network, priors: Tensor) -> None:
    """Writes the weights with the relative frequency of each output."""
    torch.save({"shape": network.shape, "weights": network.state_dict(), "priors": priors}, path)


def load(path: Path) -> tuple[Network, Tensor]:
    """Reads what `save` wrote."""
    with torch.serialization.safe_globals([Shape]):
        stored = torch.load(path)
    network = Network(stored["shape"])
    network.load_state_dict(stored["weights"])
    return network, stored["priors"]
