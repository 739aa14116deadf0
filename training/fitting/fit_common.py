# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all fits share: the trainer, its callbacks, and weights read back."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from training.fitting.fit_history import Curves, FitHistory
from training.fitting.malloc_tuning import keep_freed_memory
from training.fitting.training_machine import describe_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.config.experiment_configuration import TrainingConfig
    from training.config.fit_configuration import FitConfig, MachineConfig
    from training.data.data_module import WindowDataModule
    from training.fitting.lr_schedule import ScheduledModule

Network = TypeVar('Network', bound=torch.nn.Module)

BEST, LAST = 'best.ckpt', 'last.ckpt'
FRAME_POSITION, MANIFOLDS = 'frame_position', 'manifolds'
IGNORED_WARNINGS = (
    'does not have many workers',
    'lower than the .*logging interval',
    'not resumable',
    'directory .* exists',
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
    """Fit a module, from the last checkpoint where asked, and return the path of the best one.

    A fit that is done leaves its `FitHistory` in the folder.

    Raises:
        TrainingError: There is nothing to resume.

    """
    last = folder / LAST
    if resume and not last.is_file():
        msg = f'Nothing to resume at {str(last)!r}: start without --resume.'
        raise TrainingError(msg)
    module.seed = machine.seed
    # Convolutions follow the layout of their weights, and take less time with channels last.
    module.to(memory_format=torch.channels_last)
    curves = Curves()
    trainer = make_trainer(module, fit, machine, folder, curves)
    # Only the trainer knows how many devices there are, and with that how many steps the rounds take.
    trainer.val_check_interval = validation_interval(data.steps(trainer.world_size), fit.validate_every_steps)
    trainer.fit(module, datamodule=data, ckpt_path=last if resume else None, weights_only=True)
    if trainer.is_global_zero:
        minutes = round(module.budget.elapsed_s / 60, 3)
        FitHistory(trainer.global_step, minutes, curves.points, trainer.world_size, describe_machine()).write(folder)
    trainer.strategy.barrier('fit done')
    return folder / BEST


def run_audio_network_fit(
    module: ScheduledModule,
    data: WindowDataModule,
    fit: FitConfig,
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool,
) -> Path:
    """Fit a module that hears, and keep with its weights where in the window the images lie that it was taught.

    Raises:
        TrainingError: There is nothing to resume, or it had another frame position.

    """
    module.hparams[FRAME_POSITION] = config.data.frame_position
    if resume and (folder / LAST).is_file():
        check_frame_position(folder / LAST, config.data.frame_position)
    return run_fit(module, data, fit, config.machine, folder, resume=resume)


def make_trainer(
    module: ScheduledModule, fit: FitConfig, machine: MachineConfig, folder: Path, curves: Curves
) -> lightning.Trainer:
    """Build a trainer that validates, logs to TensorBoard, keeps the best and the last checkpoint in a folder.

    The whole fit is one epoch to it: windows are drawn by step (see `StepBatches`).
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
    # Lightning's own `save_last` skips validations that are not the best: a kill would cost what came after the best.
    last = ModelCheckpoint(folder, filename=Path(LAST).stem, enable_version_counter=False)
    progress: Callback = RichProgressBar() if console.is_terminal else ValidationLogger(console)
    stopping = [] if fit.patience is None else [EarlyStopping(module.monitored_metric, patience=fit.patience)]
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=machine.strategy,
        precision=machine.precision,  # type: ignore[arg-type]
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
    """Return about the wanted steps between validations, such that the last one comes when a fit ends, or nearly."""
    return steps // max(1, round(steps / target_interval))


class ValidationLogger(Callback):
    """One line per validation, where no terminal shows a progress bar."""

    def __init__(self, console: Console) -> None:
        """Remember where to write."""
        self._console = console

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Write the numbers of this validation."""
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


def check_manifolds(path: Path, encoders: Mapping[str, str]) -> None:
    """Refuse an AT-net that was fitted to other manifolds than those here.

    Args:
        path: Its checkpoint.
        encoders: Of the manifold of each modality that it hears, its `training.fitting.latent_cache.encoder_sha256`.

    Raises:
        TrainingError: It was, or the checkpoint cannot be read.

    """
    # Checkpoints from before this was kept do not say.
    fitted = load_checkpoint(path)['hyper_parameters'].get(MANIFOLDS, encoders)
    other = sorted(modality for modality, own in encoders.items() if fitted.get(modality) != own)
    if other:
        msg = (
            f'{str(path)!r} was fitted to another manifold of {" and ".join(other)} than the one here: delete '
            f'{str(path.parent)!r} and fit the audio transformation again, or bring that manifold back.'
        )
        raise TrainingError(msg)


def load_vq_vae(path: Path) -> VqVae:
    """Return the VQ-VAE of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    return _load(path, VqVaeConfig, VqVae)


def load_at_net(path: Path) -> AtNet:
    """Return the AT-net of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    return _load(path, AtNetConfig, AtNet)


def load_direct(path: Path) -> SingleStageNetwork:
    """Return the direct system of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    return _load(path, SingleStageConfig, SingleStageNetwork)


def _load(path: Path, config: Any, network: Callable[[Any], Network]) -> Network:
    checkpoint = load_checkpoint(path)
    loaded = network(config.from_dict(checkpoint['hyper_parameters']['network']))
    loaded.load_state_dict(network_weights(checkpoint))
    return loaded.eval()


def network_weights(checkpoint: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the weights of a module's `network`."""
    prefix = 'network.'
    return {key[len(prefix) :]: value for key, value in checkpoint['state_dict'].items() if key.startswith(prefix)}
