# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a fit has come, by steps or by the clock, and what the learning rate is there."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import lightning
import numpy as np
import torch

if TYPE_CHECKING:
    from training.config.fit_configuration import FitConfig

WARM_UP = 0.1
START_FACTOR, END_FACTOR = 0.04, 0.002


class Budget(lightning.Callback):
    """Counts steps, and minutes where there is a limit; ends a fit at the last validation within the limit."""

    def __init__(self, minutes: float | None) -> None:
        """Remember the limit, in minutes of the whole fit, resumptions included."""
        self.limit_s = None if minutes is None else 60.0 * minutes
        self._before_s = 0.0
        self._started_s = time.monotonic()
        self._validated_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the fit began, without the pauses before resumptions."""
        return self._before_s + time.monotonic() - self._started_s

    def progress(self, step: int, steps: float) -> float:
        """Return how far the fit has come, 0 to 1: by the clock where there is a limit, else by the step."""
        done = step / max(steps, 1) if self.limit_s is None else self.elapsed_s / self.limit_s
        return min(done, 1.0)

    def remaining_s(self, progress: float) -> float:
        """Return the seconds that the rest will take, judged by what has been done; NaN before anything has."""
        if self.limit_s is not None:
            return max(self.limit_s - self.elapsed_s, 0.0)
        return self.elapsed_s * (1 - progress) / progress if progress > 0 else math.nan

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Start the clock."""
        del trainer, pl_module
        self._started_s = time.monotonic()
        self._validated_s = self.elapsed_s

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Stop if the next validation would come too late."""
        del pl_module
        interval_s = self.elapsed_s - self._validated_s
        self._validated_s = self.elapsed_s
        late = self.limit_s is not None and self.elapsed_s + 0.5 * interval_s > self.limit_s
        # Clocks differ between devices, but all must stop together.
        if trainer.strategy.reduce_boolean_decision(late, all=False):
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return the time spent, for a resumption."""
        return {'elapsed_s': self.elapsed_s}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue to count from the time spent."""
        self._before_s = state_dict['elapsed_s']


def rate_factor(schedule: str, progress: float) -> float:
    """Return the learning rate over its highest value at a progress of 0 to 1."""
    if schedule == 'constant':
        return 1.0
    if schedule == 'linear':
        return 1.0 - progress
    if progress < WARM_UP:
        return START_FACTOR + (1 - START_FACTOR) * progress / WARM_UP
    fall = (progress - WARM_UP) / (1 - WARM_UP)
    return END_FACTOR + (1 - END_FACTOR) * 0.5 * (1 + math.cos(math.pi * fall))


class ScheduledModule(lightning.LightningModule):
    """A module under Adam whose learning rate follows the budget.

    Attributes:
        fit_config: How to fit.
        budget: Knows how far the fit has come.
        seed: Of everything random in a step, together with its number.
        progress: How far it had come at the start of the step, 0 to 1, the same on all devices.
        chosen_by: The logged number whose lowest value marks the best checkpoint, and ends a fit when it falls no more.

    """

    monitored_metric = 'val/loss'

    def __init__(self, fit: FitConfig, budget: Budget) -> None:
        """Remember how to fit."""
        super().__init__()
        self.fit_config, self.budget = fit, budget
        self.seed = 0
        self.progress = 0.0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Build Adam; weight decay is decoupled and spares biases, normalisation and whatever else is a vector."""
        matrices = [p for p in self.parameters() if p.requires_grad and p.ndim > 1]
        vectors = [p for p in self.parameters() if p.requires_grad and p.ndim <= 1]
        groups = [
            {'params': matrices, 'weight_decay': self.fit_config.weight_decay},
            {'params': vectors, 'weight_decay': 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.fit_config.learning_rate)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set the learning rate, and the random numbers of this step: a resumed fit draws what it would have drawn."""
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

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let a fit that was done go on, if it is to have more steps now."""
        checkpoint['loops']['fit_loop']['epoch_loop.batch_progress']['is_last_batch'] = False


def step_seed(seed: int, step: int, rank: int) -> int:
    """Return the seed of one step on one device."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0] >> np.uint64(1))
