# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a fit went through, kept in its checkpoints and written down when it is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lightning

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import from_plain
from training.experiment.whole_json import write_json_atomic

FIT_FILE = 'fit.json'
# Of the training loss: about so many, but one at least in so many steps.
POINTS, MAX_STEPS_BETWEEN_POINTS = 400, 20


@dataclass(frozen=True)
class FitHistory:
    """A fit that is done.

    Attributes:
        steps: Steps taken.
        minutes: Time taken, pauses before resumptions left out.
        curves: By name, pairs of step and value.
        devices: That learnt together, each from a batch of its own.
        machine: What it was computed on; empty where the fit did not say.

    """

    steps: int
    minutes: float
    curves: dict[str, list[list[float]]]
    devices: int = 1
    machine: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the record into the folder of the fit."""
        write_json_atomic(folder / FIT_FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> FitHistory:
        """Read the record of a folder.

        Raises:
            TrainingError: There is none: the fit is not done.

        """
        path = folder / FIT_FILE
        values = read_json(
            path, TrainingError, 'The fit is not finished: delete this file if it exists, and run the fit again.'
        )
        return from_plain(cls, values, str(path), TrainingError)


class Curves(lightning.Callback):
    """Keeps the training loss now and then, and the numbers of every validation."""

    def __init__(self) -> None:
        """Start with none."""
        self._every = 1
        self.points: dict[str, list[list[float]]] = {}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Choose how often."""
        del pl_module
        self._every = int(min(max(1, trainer.estimated_stepping_batches // POINTS), MAX_STEPS_BETWEEN_POINTS))

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the loss of this step."""
        del pl_module, batch, batch_idx
        if trainer.global_step % self._every == 0:
            self._add('train/loss', trainer.global_step, float(outputs['loss']))

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Keep the numbers of this validation."""
        del pl_module
        for name, value in trainer.callback_metrics.items():
            if name.startswith('val/'):
                self._add(name, trainer.global_step, float(value))

    def state_dict(self) -> dict[str, Any]:
        """Return the curves so far, for a resumption."""
        return {'points': self.points}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the curves of a checkpoint."""
        self.points = state_dict['points']

    def _add(self, name: str, step: int, value: float) -> None:
        self.points.setdefault(name, []).append([step, round(value, 6)])
