# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""History of a fit: losses and validation metrics, kept in checkpoints and written when the fit is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lightning

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import from_plain
from training.fitting.checkpoints import FIT_FILE

# About 400 points of the training loss, but at least one in 20 steps.
POINTS, MAX_STEPS_BETWEEN_POINTS = 400, 20


@dataclass(frozen=True)
class FitHistory:
    """Record of a finished fit.

    Attributes:
        steps: Number of steps.
        minutes: Duration in minutes, without the pauses before resumptions.
        curves: Pairs of step and value by metric name. A value that was not finite is None.
        devices: Number of devices, each with its own batch.
        machine: Description of the machine. Empty in older records.

    """

    steps: int
    minutes: float
    curves: dict[str, list[list[float | None]]]
    devices: int = 1
    machine: dict[str, object] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the record into the folder of the fit."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json_atomic(folder / FIT_FILE, asdict(self), sort_keys=False)

    @classmethod
    def read(cls, folder: Path) -> FitHistory:
        """Read the record of a folder.

        Raises:
            TrainingError: There is no record: the fit is not finished.

        """
        path = folder / FIT_FILE
        values = read_json(
            path, TrainingError, 'The fit is not finished: delete this file if it exists, and run the fit again.'
        )
        return from_plain(cls, values, str(path), TrainingError)


class MetricHistory(lightning.Callback):
    """Records the training loss at intervals and the metrics of every validation."""

    def __init__(self) -> None:
        """Start with no points."""
        self._every = 1
        self.points: dict[str, list[list[float | None]]] = {}

    @property
    def state_key(self) -> str:
        """Key of the state in checkpoints. It is the former class name, so that older checkpoints resume."""
        return 'Curves'

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Choose the interval."""
        del pl_module
        self._every = int(min(max(1, trainer.estimated_stepping_batches // POINTS), MAX_STEPS_BETWEEN_POINTS))

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the loss of this step."""
        del pl_module, batch, batch_idx
        if trainer.global_step % self._every == 0:
            self._add('train/loss', trainer.global_step, float(outputs['loss']))

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Record the metrics of this validation."""
        del pl_module
        for name, value in trainer.callback_metrics.items():
            if name.startswith('val/'):
                self._add(name, trainer.global_step, float(value))

    def state_dict(self) -> dict[str, object]:
        """Return the points so far, for a resumption."""
        return {'points': self.points}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue with the points of a checkpoint."""
        self.points = state_dict['points']

    def _add(self, name: str, step: int, value: float) -> None:
        self.points.setdefault(name, []).append([step, round(value, 6)])
