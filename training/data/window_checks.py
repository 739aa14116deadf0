# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of an experiment against its windows: microphones, image sizes and ground truth, before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from training.data.dataset_split import divide
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY, GROUND_TRUTH
from training.data.split_file import SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

# Windows that are read at a time: 16 MB of labels.
BLOCK = 1024


def with_drive_microphones(config: TrainingConfig) -> TrainingConfig:
    """Return an experiment whose networks have the number of microphones of its drives.

    Without drives, the experiment is returned unchanged.

    Raises:
        DatasetError: A drive cannot be read, or the split is invalid.
        TrainingError: A network uses a microphone that the drives do not have.

    """
    path = _first_drive(config)
    if path is None:
        return config
    with DriveReader(path) as drive:
        count = len(drive.array.microphones)
    return config.with_microphones(count, str(path))


def _first_drive(config: TrainingConfig) -> Path | None:
    if not any(Path(config.data.drives).rglob('*.h5')):
        return None
    return next(iter(divide(config.data)[0].values()))


def check_windows(config: TrainingConfig, cache: WindowCache) -> None:
    """Check that all networks of an experiment can be fitted to its windows.

    Raises:
        TrainingError: A network has another number of microphones than the drives, an image has another size than
            its manifold, or ground truth is missing, has no content or has class ids that do not exist.

    """
    for network in config.at_nets:
        _check_microphones(f'The AT-net for {" and ".join(network.modalities)}', network.mics, cache)
    for system in config.direct:
        if not system.microphones:
            _check_microphones(f'The {system.kind} network', system.mics, cache)
    check_ground_truth(cache, config.modalities)
    for modality, manifold in config.manifolds.items():
        shape = cache.take(ARRAY_OF_MODALITY[modality], cache.indices(SPLITS[0])[:1]).shape[1:3]
        if shape != (manifold.image_size, manifold.image_size):
            msg = (
                f'manifolds.{modality} has image_size {manifold.image_size}, but the {modality} images of the drives '
                f'have {shape[0]} x {shape[1]} pixels: write the drives with --size {manifold.image_size} '
                f'{manifold.image_size}, or change image_size and manifold_cells.'
            )
            raise TrainingError(msg)


def _check_microphones(network: str, mics: int, cache: WindowCache) -> None:
    if mics != cache.microphones:
        msg = f'{network} has mics {mics}, but the drives have {cache.microphones} microphones: set mics to that.'
        raise TrainingError(msg)


def check_ground_truth(cache: WindowCache, modalities: Iterable[str], splits: Sequence[str] = SPLITS) -> None:
    """Check the content of the ground truth of each split.

    Raises:
        TrainingError: A drive has no such images, no pixel of a split has a value, or a class id does not exist.

    """
    for modality in modalities:
        for split in splits:
            blocks = _blocks(cache, ARRAY_OF_MODALITY[modality], cache.indices(split))
            GROUND_TRUTH[modality].check(cache, split, blocks)


def _blocks(
    cache: WindowCache, name: str, indices: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
    for first in range(0, len(indices), BLOCK):
        chosen = indices[first : first + BLOCK]
        yield chosen, cache.take(name, chosen)
