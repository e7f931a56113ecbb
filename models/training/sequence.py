"""Lattice-free MMI over a phone bigram: whole phone strings compete, not single frames.

The denominator sums over every phone string, the numerator over the strings that follow the
alignment within a tolerance; both are forward passes through one graph, whose states are the
outputs of the network.  A state leads to the phones after the class of its own phone, so its
1,172 x 1,172 transitions fall apart into two small maps by way of the 40 phones.
Source: Povey et al., "Purely sequence-trained neural networks for ASR based on lattice-free
MMI", Interspeech 2016; from there also the leak, a small chance to jump anywhere, which keeps
cut utterances possible.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.mixing import IGNORE
from models.training.phones import LEFT_CLASS, OUTPUTS, PHONES, pair_lefts, pair_phones

TOLERANCE = 1  # output frames, 30 ms, either way
STAY = 0.5
LEAK = 1e-5


@dataclass(frozen=True, slots=True)
class Graph:
    """Which output follows which: from a pair to its phone, from a phone to the pairs after it."""

    leave: Tensor  # (pairs, phones), one or zero
    enter: Tensor  # (phones, pairs), probabilities

    def step(self, reach: Tensor) -> Tensor:
        """(batch, pairs, 2) probabilities one frame later."""
        mass = reach.sum(dim=2)
        onset = (1 - STAY) * (mass @ self.leave @ self.enter)
        return torch.stack([onset, STAY * mass], dim=2)


def transitions(labels: NDArray[np.uint16]) -> Graph:
    """Phones follow each other by their bigram in `labels`, every third frame."""
    of_pair = np.array(pair_phones())
    pairs = (labels[labels != IGNORE] // 2).astype(np.int64)
    phones, is_onset = of_pair[pairs], labels[labels != IGNORE] % 2 == 0
    enters = is_onset[1:] & (~is_onset[:-1] | (phones[1:] != phones[:-1]))
    counts = np.full((len(PHONES), len(PHONES)), 0.5)
    np.add.at(counts, (phones[:-1][enters], phones[1:][enters]), 1)
    np.fill_diagonal(counts, 0.5)
    bigram = counts / counts.sum(axis=1, keepdims=True)
    leave = of_pair[:, None] == np.arange(len(PHONES))
    lefts, own = np.array(pair_lefts()), np.array([LEFT_CLASS[phone] for phone in PHONES])
    fits = (lefts == own[:, None]) | (lefts == -1)
    enter = np.where(fits, bigram[:, of_pair], 0.0)
    return Graph(*(torch.from_numpy(part.astype(np.float32)) for part in (leave, enter)))


def mmi_loss(scores: Tensor, labels: Tensor, graph: Graph) -> Tensor:
    """Mean loss of a frame.  `scores` (batch, frames, outputs), `labels` (batch, frames)."""
    peaks = scores.amax(dim=2, keepdim=True).detach()  # part of both totals, so it cancels out
    emission = (scores - peaks).exp()
    both = log_total(torch.cat([emission, emission * allowed(labels)]), graph)
    every, right = both.chunk(2)
    return (every - right).sum() / labels.numel()


def log_total(emission: Tensor, graph: Graph) -> Tensor:
    """Log of the summed probability of all paths, (batch,).  `emission` is a likelihood each."""
    batch, frames, outputs = emission.shape
    first, *others = emission.view(batch, frames, -1, 2).unbind(dim=1)
    reach = first / outputs
    total = torch.zeros(batch)
    for here in others:
        norm = reach.sum(dim=(1, 2), keepdim=True).clamp_min(1e-30)
        total = total + norm.flatten().log()
        reach = (graph.step(reach / norm) + LEAK / outputs) * here
    return total + reach.sum(dim=(1, 2)).clamp_min(1e-30).log()


def allowed(labels: Tensor) -> Tensor:
    """(batch, frames, outputs): both outputs of every phone within the tolerance."""
    near = torch.zeros(*labels.shape, OUTPUTS, dtype=torch.bool)
    frames = labels.shape[1]
    for shift in range(-TOLERANCE, TOLERANCE + 1):
        index = (torch.arange(frames) + shift).clamp(0, frames - 1)
        shifted = labels[:, index]
        known = torch.where(shifted == IGNORE, 0, shifted)
        for output in (known - known % 2, known - known % 2 + 1):
            near.scatter_(2, output.unsqueeze(2), value=True)
    return near | (labels == IGNORE).unsqueeze(2)
