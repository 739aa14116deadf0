# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of fits: loading without code execution, networks, and checks that they belong to an experiment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Network = TypeVar('Network', bound=torch.nn.Module)

BEST, LAST = 'best.ckpt', 'last.ckpt'
FIT_FILE = 'fit.json'
FRAME_POSITION, MANIFOLDS = 'frame_position', 'manifolds'
WEIGHT_PREFIX, AVERAGE_PREFIX = 'network.', 'averaged.'


def load_checkpoint(path: Path) -> Mapping[str, Any]:
    """Read a checkpoint without running any code in it.

    Raises:
        TrainingError: It cannot be read.

    """
    if not path.is_file():
        msg = f'There is no checkpoint {str(path)!r}. Fit the network first.'
        raise TrainingError(msg)
    try:
        return torch.load(path, map_location='cpu', weights_only=True)  # type: ignore[no-any-return]
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        msg = (
            f'Cannot read the checkpoint {str(path)!r} ({path.stat().st_size} bytes), it is damaged or incomplete: '
            f'{type(error).__name__}: {error}. Start `audio-manifold train run` again, which fits the network again.'
        )
        raise TrainingError(msg) from None
    except Exception as error:  # noqa: BLE001  # unpickling can raise any exception
        msg = (
            f'The checkpoint {str(path)!r} contains more than weights ({type(error).__name__}): it is not from this '
            'project. Fit the network again.'
        )
        raise TrainingError(msg) from None


@dataclass(frozen=True)
class ResumePoint:
    """Start of a fit.

    Attributes:
        path: Checkpoint to continue from. None starts the fit from its beginning.
        note: Sentence about damaged checkpoints. Empty if there are none.

    """

    path: Path | None
    note: str = ''


def find_resume_point(folder: Path) -> ResumePoint:
    """Return the newest readable checkpoint of an unfinished fit: the last one, otherwise the best one.

    A power failure can leave a checkpoint cut or empty.
    """
    damaged = []
    for path in (folder / LAST, folder / BEST):
        if not path.is_file():
            continue
        try:
            step = load_checkpoint(path).get('global_step')
        except TrainingError:
            damaged.append(f'{str(path)!r} ({path.stat().st_size} bytes)')
            continue
        if not damaged:
            return ResumePoint(path)
        return ResumePoint(path, f'{damaged[0]} is damaged. The fit continues from {str(path)!r}, step {step}.')
    if not damaged:
        return ResumePoint(None)
    verb = 'is' if len(damaged) == 1 else 'are'
    return ResumePoint(None, f'{" and ".join(damaged)} {verb} damaged. The fit starts again from its beginning.')


def set_aside_damaged_fit(folder: Path) -> str:
    """Prepare a finished fit whose best checkpoint is damaged or missing for a new start, and return a sentence.

    The damaged file is kept as `best.ckpt.damaged`. The result is empty if the best checkpoint is readable.
    """
    best = folder / BEST
    try:
        load_checkpoint(best)
    except TrainingError:
        state = f'damaged ({best.stat().st_size} bytes)' if best.is_file() else 'missing'
    else:
        return ''
    # The record goes first: without it, an interruption here leaves an unfinished fit.
    for path in (folder / FIT_FILE, folder / LAST):
        path.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        best.replace(best.with_name(f'{BEST}.damaged'))
    return f'{str(best)!r} is {state}. The fit starts again from its beginning.'


def check_frame_position(path: Path, frame_position: float) -> None:
    """Refuse a network that was fitted to images at another frame position.

    Raises:
        TrainingError: The frame position differs, or the checkpoint cannot be read.

    """
    # Older checkpoints do not contain it.
    fitted = load_checkpoint(path)['hyper_parameters'].get(FRAME_POSITION, frame_position)
    if fitted != frame_position:
        msg = (
            f'{str(path)!r} was fitted to images at frame_position {fitted:g} of the window, the experiment has '
            f'{frame_position:g}: set it back, or fit the audio transformation again.'
        )
        raise TrainingError(msg)


def check_manifolds(path: Path, encoders: Mapping[str, str]) -> None:
    """Refuse an AT-net that was fitted to other manifolds than the current ones.

    Args:
        path: Its checkpoint.
        encoders: Current `training.fitting.latent_cache.encoder_sha256` of the manifold of each of its modalities.

    Raises:
        TrainingError: The manifolds differ, or the checkpoint cannot be read.

    """
    # Older checkpoints do not contain them.
    fitted = load_checkpoint(path)['hyper_parameters'].get(MANIFOLDS, encoders)
    other = sorted(modality for modality, own in encoders.items() if fitted.get(modality) != own)
    if other:
        msg = (
            f'{str(path)!r} was fitted to another manifold of {" and ".join(other)} than the current one: delete '
            f'{str(path.parent)!r} and fit the audio transformation again, or restore that manifold.'
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
    """Return the single-stage network of a checkpoint, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    return _load(path, SingleStageConfig, SingleStageNetwork)


def load_joint(path: Path) -> PerceptionNetwork:
    """Return the networks of a joint fit with their averaged weights, ready for inference.

    Raises:
        TrainingError: The checkpoint cannot be read.

    """
    return _load(path, PerceptionConfig, PerceptionNetwork, AVERAGE_PREFIX)


def _load(path: Path, config: Any, network: Callable[[Any], Network], prefix: str = WEIGHT_PREFIX) -> Network:
    checkpoint = load_checkpoint(path)
    loaded = network(config.from_dict(checkpoint['hyper_parameters']['network']))
    loaded.load_state_dict(network_weights(checkpoint, prefix))
    return loaded.eval()


def network_weights(checkpoint: Mapping[str, Any], prefix: str = WEIGHT_PREFIX) -> dict[str, torch.Tensor]:
    """Return the weights of a module's `network`, or of another part that `prefix` names."""
    state = checkpoint['state_dict']
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
