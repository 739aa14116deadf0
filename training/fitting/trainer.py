# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trainer of all fits: callbacks, checkpoints, resumption and progress output."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.machine import describe_training_machine
from audio_manifold_ros.processes.freed_memory import keep_freed_memory
from training.fitting.checkpoints import (
    BEST,
    FRAME_POSITION,
    LAST,
    ResumePoint,
    check_frame_position,
    find_resume_point,
)
from training.fitting.fit_history import FitHistory, MetricHistory
from training.fitting.precision import resolve_precision

if TYPE_CHECKING:
    from training.config.experiment_configuration import TrainingConfig
    from training.config.fit_configuration import FitConfig, MachineConfig
    from training.data.data_module import WindowDataModule
    from training.fitting.lr_schedule import ScheduledModule

IGNORED_WARNINGS = (
    'does not have many workers',
    'lower than the .*logging interval',
    'not resumable',
    'directory .* exists',
    # The averaged networks of a joint fit, and its frozen parts.
    'in eval mode at the start of training',
)


def run_fit(
    module: ScheduledModule,
    data: WindowDataModule,
    fit: FitConfig,
    machine: MachineConfig,
    folder: Path,
    *,
    resume: bool,
) -> Path:
    """Fit a module and return the path of the best checkpoint. With `resume`, continue from the last checkpoint.

    A finished fit writes its `FitHistory` into the folder.

    Raises:
        TrainingError: There is no checkpoint to resume from.

    """
    start = find_resume_point(folder) if resume else ResumePoint(None)
    if resume and start.path is None and not start.note:
        msg = f'Nothing to resume at {str(folder / LAST)!r}: start without --resume.'
        raise TrainingError(msg)
    if start.note:
        _print_note(start.note)
    module.seed = machine.seed
    # Convolutions use the memory layout of their weights, and are faster with channels last.
    module.to(memory_format=torch.channels_last)
    curves = MetricHistory()
    trainer = make_trainer(module, fit, machine, folder, curves)
    # The number of steps depends on the number of devices, which only the trainer has.
    trainer.val_check_interval = validation_interval(data.steps(trainer.world_size), fit.validate_every_steps)
    trainer.fit(module, datamodule=data, ckpt_path=start.path, weights_only=True)
    if trainer.is_global_zero:
        minutes = round(module.budget.elapsed_s / 60, 3)
        FitHistory(trainer.global_step, minutes, curves.points, trainer.world_size, describe_training_machine()).write(
            folder
        )
    trainer.strategy.barrier('fit done')
    return folder / BEST


@rank_zero_only
def _print_note(note: str) -> None:
    Console(stderr=True).print(note, highlight=False, soft_wrap=True)


def run_audio_network_fit(
    module: ScheduledModule,
    data: WindowDataModule,
    fit: FitConfig,
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool,
) -> Path:
    """Fit a module with audio input, and store the frame position of its images with its weights.

    Raises:
        TrainingError: There is no checkpoint to resume from, or it has another frame position.

    """
    module.hparams[FRAME_POSITION] = config.data.frame_position
    if resume and (path := find_resume_point(folder).path) is not None:
        check_frame_position(path, config.data.frame_position)
    return run_fit(module, data, fit, config.machine, folder, resume=resume)


def make_trainer(
    module: ScheduledModule, fit: FitConfig, machine: MachineConfig, folder: Path, curves: MetricHistory
) -> lightning.Trainer:
    """Return a trainer that validates, logs to TensorBoard, and stores the best and the last checkpoint in a folder.

    The whole fit is one epoch of the trainer. `ResumableBatchSampler` selects the windows of each step.
    """
    if machine.threads is not None:
        torch.set_num_threads(machine.threads)
    keep_freed_memory()
    for warning_pattern in IGNORED_WARNINGS:
        warnings.filterwarnings('ignore', message=f'.*{warning_pattern}')
    logging.getLogger('lightning.pytorch.utilities.rank_zero').setLevel(logging.WARNING)
    console = Console(stderr=True)
    best = ModelCheckpoint(
        folder, filename=Path(BEST).stem, monitor=module.monitored_metric, enable_version_counter=False
    )
    # Lightning's `save_last` skips validations that are not the best: a kill would lose the steps since the best.
    last = ModelCheckpoint(folder, filename=Path(LAST).stem, enable_version_counter=False)
    progress: Callback = RichProgressBar() if console.is_terminal else ValidationLogger(console)
    stopping = [] if fit.patience is None else [EarlyStopping(module.monitored_metric, patience=fit.patience)]
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=machine.strategy,
        precision=resolve_precision(machine.precision, machine.accelerator),  # type: ignore[arg-type]
        max_epochs=1,
        val_check_interval=fit.validate_every_steps,
        check_val_every_n_epoch=None,
        gradient_clip_val=fit.clip_norm,
        num_sanity_val_steps=0,
        log_every_n_steps=20,
        enable_progress_bar=console.is_terminal,
        enable_model_summary=False,
        use_distributed_sampler=False,
        logger=TensorBoardLogger(str(folder), name='', version='log'),
        callbacks=[module.budget, curves, *stopping, best, last, progress],
    )


def validation_interval(steps: int, target_interval: int) -> int:
    """Return the steps between validations near the target, so that the last validation is near the end of the fit."""
    return steps // max(1, round(steps / target_interval))


class ValidationLogger(Callback):
    """Prints one line per validation when there is no terminal for a progress bar."""

    def __init__(self, console: Console) -> None:
        """Set the console."""
        self._console = console

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Print the metrics of this validation."""
        if not trainer.is_global_zero:
            return
        shown = {name: value for name, value in trainer.callback_metrics.items() if name.startswith(('val/', 'train/'))}
        numbers = '  '.join(f'{name} {float(value):.4f}' for name, value in shown.items())
        budget = pl_module.budget
        eta_s = budget.remaining_s(budget.progress(trainer.global_step, trainer.estimated_stepping_batches))
        self._console.print(
            f'{budget.elapsed_s:6.0f} s  step {trainer.global_step}  {numbers}  {eta_s:.0f} s left',
            soft_wrap=True,
            highlight=False,
        )
