# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all fits share: the trainer, its callbacks, and weights read back."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console

from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.configuration import FitConfig, MachineConfig
    from training.data import WindowData
    from training.schedule import ScheduledModule

BEST, LAST = 'best.ckpt', 'last.ckpt'
FRAME_POSITION = 'frame_position'


def run_fit(
    module: ScheduledModule, data: WindowData, fit: FitConfig, machine: MachineConfig, folder: Path, *, resume: bool
) -> Path:
    """Fit a module, from the last checkpoint where asked, and return the path of the best one.

    Raises:
        TrainingError: There is nothing to resume.

    """
    last = folder / LAST
    if resume and not last.is_file():
        msg = f'Nothing to resume at {str(last)!r}: start without --resume.'
        raise TrainingError(msg)
    trainer = make_trainer(module, fit, machine, folder, steps_per_epoch=len(data.train_dataloader()))
    trainer.fit(module, datamodule=data, ckpt_path=last if resume else None, weights_only=True)
    return folder / BEST


def make_trainer(
    module: ScheduledModule, fit: FitConfig, machine: MachineConfig, folder: Path, *, steps_per_epoch: int
) -> lightning.Trainer:
    """Build a trainer that validates, logs to TensorBoard, keeps the best and the last checkpoint in a folder."""
    if machine.threads is not None:
        torch.set_num_threads(machine.threads)
    warnings.filterwarnings('ignore', message='.*does not have many workers.*')
    warnings.filterwarnings('ignore', message='.*lower than the .*logging interval.*')
    logging.getLogger('lightning.pytorch.utilities.rank_zero').setLevel(logging.WARNING)
    console = Console(stderr=True)
    checkpoint = ModelCheckpoint(
        dirpath=folder, filename='best', monitor='val/loss', save_last=True, enable_version_counter=False
    )
    progress: Callback = RichProgressBar() if console.is_terminal else ValidationLines(console)
    every = min(fit.validate_every_steps, steps_per_epoch * fit.epochs)
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        precision=machine.precision,  # type: ignore[arg-type]
        max_epochs=-1 if fit.minutes is not None else fit.epochs,
        val_check_interval=every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=20,
        enable_progress_bar=console.is_terminal,
        enable_model_summary=False,
        logger=TensorBoardLogger(str(folder), name='', version='log'),
        callbacks=[module.budget, checkpoint, progress],
    )


class ValidationLines(Callback):
    """One line per validation, where no terminal shows a progress bar."""

    def __init__(self, console: Console) -> None:
        """Remember where to write."""
        self._console = console

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Write the numbers of this validation."""
        shown = {name: value for name, value in trainer.callback_metrics.items() if name.startswith(('val/', 'train/'))}
        numbers = '  '.join(f'{name} {float(value):.4f}' for name, value in shown.items())
        elapsed_s = pl_module.budget.elapsed_s
        self._console.print(
            f'{elapsed_s:6.0f} s  step {trainer.global_step}  {numbers}', soft_wrap=True, highlight=False
        )


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    Raises:
        TrainingError: It cannot be read.

    """
    try:
        return torch.load(path, map_location='cpu', weights_only=True)  # type: ignore[no-any-return]
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        msg = f'Cannot read the checkpoint {str(path)!r}: {error}. Fit the network first.'
        raise TrainingError(msg) from None
    except Exception as error:  # noqa: BLE001  # unpickling raises whatever it likes
        msg = f'The checkpoint {str(path)!r} holds more than weights ({type(error).__name__}): it is not from here.'
        raise TrainingError(msg) from None


def check_frame_position(path: Path, frame_position: float) -> None:
    """Refuse an AT-net that was fitted to images elsewhere in the window.

    Raises:
        TrainingError: It was, or the checkpoint cannot be read.

    """
    # Checkpoints from before this was kept do not say.
    fitted = load_checkpoint(path)['hyper_parameters'].get(FRAME_POSITION, frame_position)
    if fitted != frame_position:
        msg = (
            f'{str(path)!r} was fitted to images at frame_position {fitted:g} of the window, the experiment says '
            f'{frame_position:g}: set it back, or fit the audio transformation again.'
        )
        raise TrainingError(msg)


def load_vq_vae(path: Path) -> VqVae:
    """Return the VQ-VAE of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    checkpoint = load_checkpoint(path)
    network = VqVae(VqVaeConfig.from_dict(checkpoint['hyper_parameters']['network']))
    network.load_state_dict(network_weights(checkpoint))
    return network.eval()


def load_at_net(path: Path) -> AtNet:
    """Return the AT-net of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    checkpoint = load_checkpoint(path)
    network = AtNet(AtNetConfig.from_dict(checkpoint['hyper_parameters']['network']))
    network.load_state_dict(network_weights(checkpoint))
    return network.eval()


def network_weights(checkpoint: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the weights of a module's `network`."""
    prefix = 'network.'
    return {key[len(prefix) :]: value for key, value in checkpoint['state_dict'].items() if key.startswith(prefix)}
