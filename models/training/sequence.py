"""Lattice-free MMI over a phone bigram: whole phone strings compete, not single frames.

The denominator sums over every phone string, the numerator over the strings that follow the
alignment within a tolerance; both are forward passes through one 80-state graph.
Source: Povey et al., "Purely sequence-trained neural networks for ASR based on lattice-free
MMI", Interspeech 2016.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.mixing import IGNORE
from models.training.phones import OUTPUTS, PHONES

TOLERANCE = 1  # output frames, 30 ms, either way
STAY = 0.5
FORBIDDEN = -1e4


def transitions(labels: NDArray[np.uint8]) -> Tensor:
    """(outputs, outputs) probabilities of the next output, phones by their bigram in `labels`."""
    phones = labels // 2
    enters = (labels[1:] % 2 == 0) & ((labels[:-1] % 2 == 1) | (phones[1:] != phones[:-1]))
    counts = np.full((len(PHONES), len(PHONES)), 0.5)
    np.add.at(counts, (phones[:-1][enters], phones[1:][enters]), 1)
    np.fill_diagonal(counts, 0.5)
    bigram = counts / counts.sum(axis=1, keepdims=True)
    matrix = np.zeros((OUTPUTS, OUTPUTS), np.float32)
    for phone in range(len(PHONES)):
        for state in (2 * phone, 2 * phone + 1):
            matrix[state, 2 * phone + 1] = STAY
            matrix[state, 0::2] = (1 - STAY) * bigram[phone]
    return torch.from_numpy(matrix)


def mmi_loss(scores: Tensor, labels: Tensor, matrix: Tensor) -> Tensor:
    """Mean loss of a frame.  `scores` (batch, frames, outputs), `labels` (batch, frames)."""
    followed = torch.where(allowed(labels), scores, torch.full_like(scores, FORBIDDEN))
    every = log_total(scores, matrix)
    right = log_total(followed, matrix)
    return (every - right).sum() / labels.numel()


def log_total(scores: Tensor, matrix: Tensor) -> Tensor:
    """Log of the summed probability of all paths, (batch,)."""
    peaks = scores.amax(dim=2, keepdim=True).detach()
    emission = (scores - peaks).exp()
    reach = emission[:, 0] / scores.shape[2]
    total = peaks.sum(dim=(1, 2))
    for frame in range(1, scores.shape[1]):
        norm = reach.sum(dim=1, keepdim=True).clamp_min(1e-30)
        total = total + norm.squeeze(1).log()
        reach = (reach / norm) @ matrix * emission[:, frame]
    return total + reach.sum(dim=1).clamp_min(1e-30).log()


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
