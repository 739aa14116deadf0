# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Progress of a fit, by steps or by time, and its learning-rate schedule."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import lightning
import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.config.fit_configuration import FitConfig

# Key of the budget among the callbacks of a checkpoint.
BUDGET_KEY = 'Budget'
WARM_UP = 0.1
START_FACTOR, END_FACTOR = 0.04, 0.002


class TrainingBudget(lightning.Callback):
    """Step count and optional time limit of a fit. Ends the fit at the last validation within the limit."""

    def __init__(self, minutes: float | None) -> None:
        """Set the limit in minutes of the whole fit, resumptions included. None means no limit."""
        self.limit_s = None if minutes is None else 60.0 * minutes
        self._before_s = 0.0
        self._started_s = time.monotonic()
        self._validated_s = 0.0

    @property
    def state_key(self) -> str:
        """Key of the state in checkpoints. It is the former class name, so that older checkpoints resume."""
        return BUDGET_KEY

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start of the fit, without the pauses before resumptions."""
        return self._before_s + time.monotonic() - self._started_s

    def progress(self, step: int, steps: float) -> float:
        """Return the progress of the fit, 0 to 1: by time if there is a limit, otherwise by steps."""
        done = step / max(steps, 1) if self.limit_s is None else self.elapsed_s / self.limit_s
        return min(done, 1.0)

    def remaining_s(self, progress: float) -> float:
        """Return the estimated remaining time in seconds, or NaN before the first step."""
        if self.limit_s is not None:
            return max(self.limit_s - self.elapsed_s, 0.0)
        return self.elapsed_s * (1 - progress) / progress if progress > 0 else math.nan

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start the clock."""
        del trainer, pl_module
        self._started_s = time.monotonic()
        self._validated_s = self.elapsed_s

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Stop if the next validation would be after the limit."""
        del pl_module
        interval_s = self.elapsed_s - self._validated_s
        self._validated_s = self.elapsed_s
        late = self.limit_s is not None and self.elapsed_s + 0.5 * interval_s > self.limit_s
        # Clocks differ between devices, but all must stop at the same step.
        if trainer.strategy.reduce_boolean_decision(late, all=False):
            trainer.should_stop = True

    def state_dict(self) -> dict[str, object]:
        """Return the elapsed time, for a resumption."""
        return {'elapsed_s': self.elapsed_s}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from the elapsed time of a checkpoint."""
        self._before_s = state_dict['elapsed_s']


def rate_factor(schedule: str, progress: float) -> float:
    """Return the ratio of the learning rate to its maximum at a progress of 0 to 1."""
    if schedule == 'constant':
        return 1.0
    if schedule == 'linear':
        return 1.0 - progress
    if schedule == 'cosine':
        return 0.5 * (1 + math.cos(math.pi * progress))
    if progress < WARM_UP:
        return START_FACTOR + (1 - START_FACTOR) * progress / WARM_UP
    fall = (progress - WARM_UP) / (1 - WARM_UP)
    return END_FACTOR + (1 - END_FACTOR) * 0.5 * (1 + math.cos(math.pi * fall))


class ScheduledModule(lightning.LightningModule):
    """A module with Adam and a learning rate that depends on the progress of the fit.

    Attributes:
        fit_config: Configuration of the fit.
        budget: Progress of the fit.
        seed: Seed of all random numbers of a step, together with the number of the step.
        progress: Progress at the start of the step, 0 to 1, equal on all devices.
        monitored_metric: Logged metric whose minimum marks the best checkpoint. A fit with patience ends when it no
            longer falls.

    """

    monitored_metric = 'val/loss'

    def __init__(self, fit: FitConfig, budget: TrainingBudget) -> None:
        """Set the configuration and the budget."""
        super().__init__()
        self.fit_config, self.budget = fit, budget
        self.seed = 0
        self.progress = 0.0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return Adam with decoupled weight decay. Biases, normalisation and other vectors have no decay."""
        matrices = [p for p in self.parameters() if p.requires_grad and p.ndim > 1]
        vectors = [p for p in self.parameters() if p.requires_grad and p.ndim <= 1]
        groups = [
            {'params': matrices, 'weight_decay': self.fit_config.weight_decay},
            {'params': vectors, 'weight_decay': 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.fit_config.learning_rate)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the learning rate and the seed of this step, so that a resumed fit has the same random numbers."""
        del batch, batch_idx
        torch.manual_seed(step_seed(self.seed, self.global_step, self.global_rank))
        progress = self.budget.progress(self.global_step, self.trainer.estimated_stepping_batches)
        self.progress = self.trainer.strategy.broadcast(progress)
        rate = self.fit_config.learning_rate * rate_factor(self.fit_config.schedule, self.progress)
        optimizer = self.optimizers()
        for group in optimizer.param_groups:  # type: ignore[union-attr]
            group['lr'] = rate
        self.log('learning_rate', rate)
        self.log('minutes_left', self.budget.remaining_s(self.progress) / 60, prog_bar=True, logger=False)

    def on_load_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Mark the last batch as unfinished, so that a finished fit can continue with more steps."""
        loops: Any = checkpoint['loops']
        loops['fit_loop']['epoch_loop.batch_progress']['is_last_batch'] = False


def step_seed(seed: int, step: int, rank: int) -> int:
    """Return the seed of one step on one device."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> np.uint64(1))
