"""Step 3: training, in legs that can be continued.

    python -m models.training.train WORK OUT.pt --steps 6000 [--init net.pt] [--mmi]

A leg warms up, holds its learning rate and brings it to zero over its last part (`--decay`, a
share).  A leg without decay can be followed by another one from its checkpoint, so a run may be
as long as the night.  `--minutes` ends a leg, decayed, on a machine that others slow down; such
a leg cannot be repeated exactly.  Each of the `--workers` is a process with one core and windows of
its own; they share their gradients, which keeps cores busier than threads do.
"""

import argparse
import logging
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn
from torch.nn import functional

from models.training import network
from models.training.mixing import IGNORE, Mix, Mixer, Noise, Speech
from models.training.network import SUBSAMPLING, Network, Shape
from models.training.phones import OUTPUTS
from models.training.sequence import mmi_loss, transitions

log = logging.getLogger(__name__)
WARM_UP_STEPS = 100
REPORT_STEPS = 50
SAVE_STEPS = 100
PRIOR_BATCHES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to train; a step of a worker sees `batch` windows of `outputs` frames."""

    steps: int
    minutes: float
    decay: float
    rate: float
    batch: int
    outputs: int
    seed: int
    mmi: bool
    mmi_scale: float = 0.5  # that of decoding
    frame_share: float = 0.5  # weight of the frame loss beside MMI
    smoothing: float = 0.05
    workers: int = 1


class Trainer:
    """A network, its optimiser and a source of windows."""

    def __init__(self, net: Network, speech: Speech, noise: Noise, plan: Plan) -> None:
        self.net, self.plan = net, plan
        self._mixer = Mixer(speech, noise, Mix())
        self._rng = np.random.default_rng(plan.seed)
        self._optimiser = torch.optim.AdamW(
            net.parameters(), lr=plan.rate, weight_decay=1e-3, betas=(0.9, 0.98), foreach=True
        )
        self.priors = self._count_labels()
        self._log_priors = (self.priors / self.priors.sum()).log().float()
        self._matrix = transitions(speech.labels[0][::SUBSAMPLING])

    def _count_labels(self) -> Tensor:
        """How often each output is wanted in windows as they are drawn, pauses included."""
        counts = torch.ones(OUTPUTS, dtype=torch.float64)
        for _ in range(PRIOR_BATCHES):
            labels = self._batch()[1]
            counts += torch.bincount(labels[labels != IGNORE], minlength=OUTPUTS)
        return counts

    def run(self, out: Path) -> None:
        started, seen = time.monotonic(), np.zeros(3)
        self.net.train()
        step, progress = 0, 0.0
        while progress < 1:
            step += 1
            seen += self._step(self.plan.rate * self._share(step, progress))
            elapsed = time.monotonic() - started
            progress = self._agreed(max(step / self.plan.steps, elapsed / (60 * self.plan.minutes)))
            if step % REPORT_STEPS == 0:
                loss, right = seen[0] / REPORT_STEPS, seen[1] / seen[2]
                log.info("%5d  loss %.3f  frames right %.3f  %.0f s", step, loss, right, elapsed)
                seen[:] = 0
            if self._is_first and (step % SAVE_STEPS == 0 or progress >= 1):
                network.save(out, self.net, self.priors)

    @property
    def _is_first(self) -> bool:
        return self.plan.workers == 1 or distributed.get_rank() == 0

    def _agreed(self, progress: float) -> float:
        """The first worker's clock counts, or their learning rates would drift apart."""
        if self.plan.workers == 1:
            return progress
        first = torch.tensor(progress, dtype=torch.float64)
        distributed.broadcast(first, src=0)
        return first.item()

    def _share_gradients(self) -> None:
        if self.plan.workers == 1:
            return
        gradients = [weights.grad for weights in self.net.parameters() if weights.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.plan.workers
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def _share(self, step: int, progress: float) -> float:
        """The share of the learning rate to use at `step`."""
        left = (1 - progress) / max(self.plan.decay, 1e-6)
        return min(1.0, step / WARM_UP_STEPS, left)

    def _step(self, rate: float) -> tuple[float, float, float]:
        features, labels = self._batch()
        logits = self.net(features)
        loss = self._loss(logits, labels)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._optimiser.step()
        known = labels != IGNORE
        right = (logits.argmax(dim=2) == labels) & known
        return loss.item(), right.sum().item(), known.sum().item()

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        frames = functional.cross_entropy(
            logits.reshape(-1, OUTPUTS), labels.reshape(-1),
            ignore_index=IGNORE, label_smoothing=self.plan.smoothing,
        )  # fmt: skip
        if not self.plan.mmi:
            return frames
        scores = self.plan.mmi_scale * (logits.log_softmax(dim=2) - self._log_priors)
        return mmi_loss(scores, labels, self._matrix) + self.plan.frame_share * frames

    def _batch(self) -> tuple[Tensor, Tensor]:
        shape, plan = self.net.shape, self.plan
        frames = shape.left_context + SUBSAMPLING * plan.outputs - 2 + shape.right_context
        windows = [
            self._mixer.window(self._rng, frames, shape.left_context) for _ in range(plan.batch)
        ]
        features = torch.from_numpy(np.stack([window[0] for window in windows]))
        stop = shape.left_context + SUBSAMPLING * plan.outputs - 2
        picked = [window[1][shape.left_context : stop : SUBSAMPLING] for window in windows]
        return features, torch.from_numpy(np.stack(picked).astype(np.int64))


def work(rank: int, options: dict[str, Any]) -> None:
    """One worker, from loading to the last step."""
    folder, out, init = (options.pop(key) for key in ("work", "out", "init"))
    plan = Plan(**options)
    logging.basicConfig(
        level=logging.INFO if rank == 0 else logging.ERROR, format="%(asctime)s %(message)s"
    )
    torch.set_num_threads(1 if plan.workers > 1 else torch.get_num_threads())
    if plan.workers > 1:
        meeting = f"file://{out.absolute()}.workers"
        distributed.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=plan.workers
        )
    torch.manual_seed(plan.seed)
    net = network.load(init)[0] if init else Network(Shape())
    log.info("%s, %d weights", plan, sum(weights.numel() for weights in net.parameters()))
    speech = Speech(sorted(folder.glob("speech-*.npz")))
    plan = replace(plan, seed=plan.seed + rank)
    Trainer(net, speech, Noise(folder / "noise.npz"), plan).run(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--outputs", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mmi", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    options = vars(parser.parse_args())
    if options["workers"] == 1:
        work(0, options)
    else:
        spawn(work, (options,), nprocs=options["workers"])


if __name__ == "__main__":
    main()
