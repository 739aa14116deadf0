# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit of the AT-nets of an experiment to its fitted manifolds.

audio-manifold train fit transform --config training/configs/paper_8x8.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import lightning
import torch
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.features.kinds import require_mel
from training.config.config_arguments import given_config
from training.config.experiment_configuration import TrainingConfig
from training.data.data_module import WindowDataModule
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.data.window_checks import with_drive_microphones
from training.fitting.checkpoints import BEST, MANIFOLDS, check_manifolds, find_resume_point, load_vq_vae
from training.fitting.fit_manifold import add_fit_arguments, change_fit
from training.fitting.latent_cache import (
    WindowStatistics,
    add_latents,
    encoder_sha256,
    feature_statistics,
    latent_statistics,
)
from training.fitting.lr_schedule import TrainingBudget
from training.fitting.trainer import run_audio_network_fit
from training.fitting.transform_module import TransformModule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.networks.at_net import AtNetConfig
    from training.config.fit_configuration import FitConfig


def fit_transform(config: TrainingConfig, network: AtNetConfig, fit: FitConfig, *, resume: bool = False) -> Path:
    """Fit one AT-net of an experiment and return the path of its best checkpoint.

    Raises:
        TrainingError: A manifold has not been fitted, there is no checkpoint to resume from, or it has another frame
            position or other manifolds.
        DatasetError: A drive cannot be read.

    """
    lightning.seed_everything(config.machine.seed, verbose=False)
    if config.machine.threads is not None:
        torch.set_num_threads(config.machine.threads)
    vq_vaes = {name: load_vq_vae(config.manifold_folder(name) / BEST) for name in network.modalities}
    names = ('features', *(f'latent_{modality}' for modality in network.modalities))
    data = WindowDataModule(config, fit, names, tuple(ARRAY_OF_MODALITY[modality] for modality in network.modalities))
    data.latents = {name: add_latents(data.cache, name, vq_vae, config.depth) for name, vq_vae in vq_vaes.items()}
    latents = {modality: latent_statistics(data.cache, name) for modality, name in data.latents.items()}
    encoders = {modality: encoder_sha256(vq_vae) for modality, vq_vae in vq_vaes.items()}
    folder = config.transform_folder(network.modalities)
    if resume and (path := find_resume_point(folder).path) is not None:
        check_manifolds(path, encoders)
    module = TransformModule(
        network,
        vq_vaes,
        WindowStatistics(feature_statistics(data.cache), latents),
        fit,
        (config.augment, require_mel(config.data.features)),
        config.depth,
        TrainingBudget(fit.minutes),
    )
    module.hparams[MANIFOLDS] = encoders
    return run_audio_network_fit(module, data, fit, config, folder, resume=resume)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train fit transform')
    add_fit_arguments(parser)
    parser.add_argument('--network', type=int, help='fit only this one of the experiment, from 0')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = with_drive_microphones(given_config(options))
        fit = change_fit(config.transform_fit, options)
        for number, network in enumerate(config.at_nets):
            if options.network in {None, number}:
                console.print(f'best weights: {fit_transform(config, network, fit, resume=options.resume)}')
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    return 0
