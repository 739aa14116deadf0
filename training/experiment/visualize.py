# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Overview image of an experiment: ground truth, reconstruction and prediction of some windows.

audio-manifold train visualize --config training/configs/paper_8x8.yaml --out overview.png
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.drawing.images import BACKGROUND, FAINT, TEXT, Colour, save_png, write_text
from audio_manifold_ros.networks.image_heads import IMAGE_HEADS
from training.config.experiment_configuration import TrainingConfig
from training.data.evenly_spaced import evenly_spaced
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY, ground_truth_batch
from training.data.split_file import SPLITS
from training.experiment.cli_arguments import add_experiment_arguments, named_experiment
from training.experiment.experiment_inference import WindowPriors
from training.experiment.run_directory import open_windows
from training.fitting.checkpoints import BEST, load_at_net, load_direct, load_joint, load_vq_vae
from training.fitting.image_metrics import colour_images, make_image_grid
from training.fitting.manifold_module import to_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import RgbImage
    from audio_manifold_ros.networks.vq_vae import VqVae
    from training.data.cache import WindowCache

# Height of a line of text above each row of images, and its size.
LINE_PIXELS, LINE_TEXT_SIZE = 20, 0.4


def overview(config: TrainingConfig, split: str, count: int) -> dict[str, NDArray[np.uint8]]:
    """Return labelled rows of images: ground truth, reconstruction by the manifold, and prediction, if fitted.

    Raises:
        TrainingError: A manifold has not been fitted.
        DatasetError: A drive cannot be read.

    """
    cache = open_windows(config)
    chosen = evenly_spaced(cache.indices(split), count)
    names = () if config.joint is not None else config.manifolds
    vq_vaes = {name: load_vq_vae(config.manifold_folder(name) / BEST) for name in names}
    predictions = _predict_images(config, cache, chosen, vq_vaes)
    rows: dict[str, NDArray[np.uint8]] = {}
    for modality in config.modalities:
        ground_truth = cache.take(ARRAY_OF_MODALITY[modality], chosen)
        rows[f'{modality}: ground truth'] = colour_images(modality, torch.from_numpy(ground_truth))
        if modality in vq_vaes:
            latent = _encode(config, modality, vq_vaes[modality], ground_truth)
            image = _decode(vq_vaes[modality], latent)
            rows[f'{modality}: reconstruction by its manifold'] = _colour_image(config, modality, image)
        if modality in predictions:
            rows[f'{modality}: predicted from audio'] = _colour_image(config, modality, predictions[modality])
    return rows


def labelled_grid(rows: Mapping[str, NDArray[np.uint8]], title: str) -> RgbImage:
    """Return one image: a title, and each row of images below its label."""
    parts = []
    for label, images in rows.items():
        grid = make_image_grid([images])
        parts += [_line(label, grid.shape[1], FAINT), grid]
    return np.concatenate([_line(title, parts[0].shape[1], TEXT), *parts])


def _line(text: str, width: int, colour: Colour) -> RgbImage:
    line = np.full((LINE_PIXELS, width, 3), BACKGROUND, dtype=np.uint8)
    write_text(line, text, (4, LINE_PIXELS - 7), colour, LINE_TEXT_SIZE)
    return line


@torch.inference_mode()
def _predict_images(
    config: TrainingConfig, cache: WindowCache, windows: NDArray[np.int64], vq_vaes: dict[str, VqVae]
) -> dict[str, torch.Tensor]:
    """Return the raw images of the networks that are already fitted, before their calibration."""
    features = torch.from_numpy(cache.features(windows))
    if config.joint is not None:
        path = config.joint_folder / BEST
        if not path.is_file():
            return {}
        fitted = load_joint(path)
        return fitted.images(features, WindowPriors(fitted, cache)(windows))
    images: dict[str, torch.Tensor] = {}
    for network in config.at_nets:
        path = config.transform_folder(network.modalities) / BEST
        if path.is_file():
            latents = load_at_net(path)(features)
            images |= {modality: _decode(vq_vaes[modality], latent) for modality, latent in latents.items()}
    for system in config.direct:
        path = config.direct_folder(system) / BEST
        if path.is_file():
            images |= load_direct(path)(features)
    return images


@torch.inference_mode()
def _encode(config: TrainingConfig, modality: str, vq_vae: VqVae, ground_truth: NDArray[Any]) -> torch.Tensor:
    return vq_vae.encode(to_image(ground_truth_batch(modality, ground_truth, config.depth), modality, vq_vae.config))


@torch.inference_mode()
def _decode(vq_vae: VqVae, latent: torch.Tensor) -> torch.Tensor:
    return vq_vae.decoder(vq_vae.quantizer.quantize(latent).values)  # type: ignore[no-any-return]


def _colour_image(config: TrainingConfig, modality: str, image: torch.Tensor) -> NDArray[np.uint8]:
    return colour_images(modality, IMAGE_HEADS[modality].decode(image, config.depth))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train visualize')
    add_experiment_arguments(parser)
    parser.add_argument('--split', choices=SPLITS, default='validation')
    parser.add_argument('--windows', type=int, default=12)
    parser.add_argument('--out', type=Path, help='PNG file (default: overview.png in the output folder)')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = named_experiment(options)
        path = options.out or Path(config.output) / 'overview.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        title = f'{config.name}: windows of {options.split}'
        save_png(path, labelled_grid(overview(config, options.split, options.windows), title))
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 1
    console.print(f'overview: {path}')
    return 0
