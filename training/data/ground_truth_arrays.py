# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth of each modality in the window cache and in batches, and the check of its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from training.data.cache import WindowCache
    from training.data.data_module import Batch

CLASSES = len(CLASS_NAMES)
# Array of the window cache with the ground truth of each modality, and key of the batch that predictions are scored
# against.
ARRAY_OF_MODALITY = {name: modality.image for name, modality in MODALITIES.items()}
Blocks = Iterable[tuple[NDArray[np.int64], NDArray[Any]]]


@dataclass(frozen=True)
class GroundTruthArrays:
    """Use of the ground truth of a modality.

    Attributes:
        input_key: Key of the batch that networks are trained with.
        columns: Function from an array of the cache to a tensor, by the key of the batch.
        check: Refuses ground truth without content, or with invalid values, in blocks of windows of a split.

    """

    input_key: str
    columns: Mapping[str, Callable[[NDArray[Any], DepthRepresentation], torch.Tensor]]
    check: Callable[[WindowCache, str, Blocks], None]


def _unit_depth(rows: NDArray[Any], depth: DepthRepresentation) -> torch.Tensor:
    return torch.from_numpy(depth.depth_to_unit(rows.astype(np.float32)))[:, None]


def _floats(rows: NDArray[Any], depth: DepthRepresentation) -> torch.Tensor:
    del depth
    return torch.from_numpy(rows.astype(np.float32))


def _class_ids(rows: NDArray[Any], depth: DepthRepresentation) -> torch.Tensor:
    del depth
    return torch.from_numpy(rows)


def _check_depth(cache: WindowCache, split: str, blocks: Blocks) -> None:
    if not any(bool((np.isfinite(depth_m) & (depth_m > 0)).any()) for _, depth_m in blocks):
        msg = (
            f'No pixel of the {len(cache.indices(split))} {split} windows has a depth above 0 m, for example '
            f'in drive {_drive(cache, split)!r}: check the unit of the depth images, or use other drives.'
        )
        raise TrainingError(msg)


def _check_labels(cache: WindowCache, split: str, blocks: Blocks) -> None:
    labelled = False
    for indices, labels in blocks:
        is_wrong = (labels >= CLASSES) & (labels != UNLABELLED)
        if is_wrong.any():
            window = int(np.argmax(is_wrong.any(axis=(1, 2))))
            ids = np.unique(labels[window][is_wrong[window]]).tolist()
            drive_id, stamp_ns = cache.instants(indices[window : window + 1])[0]
            msg = (
                f'Drive {drive_id!r} has the class ids {ids} in the labels of the image at {stamp_ns} ns ({split}): '
                f'give ids below {CLASSES} (train ids of Cityscapes), or {UNLABELLED} for unlabelled pixels.'
            )
            raise TrainingError(msg)
        labelled = labelled or bool((labels != UNLABELLED).any())
    if not labelled:
        msg = (
            f'No pixel of the {len(cache.indices(split))} {split} windows is labelled (all are {UNLABELLED}), for '
            f'example in drive {_drive(cache, split)!r}: label the drives again, or leave {SEGMENTATION} out.'
        )
        raise TrainingError(msg)


def _check_normals(cache: WindowCache, split: str, blocks: Blocks) -> None:
    if not any(bool(np.isfinite(normals).any()) for _, normals in blocks):
        msg = (
            f'No pixel of the {len(cache.indices(split))} {split} windows has a surface normal, for example in drive '
            f'{_drive(cache, split)!r}: its depth is invalid, or is too coarse for normals. Leave {NORMALS} out.'
        )
        raise TrainingError(msg)


def _drive(cache: WindowCache, split: str) -> str:
    return cache.drives(split)[0]


UNIT_DEPTH_KEY = 'depth'
GROUND_TRUTH: Mapping[str, GroundTruthArrays] = {
    DEPTH: GroundTruthArrays(
        UNIT_DEPTH_KEY, {UNIT_DEPTH_KEY: _unit_depth, ARRAY_OF_MODALITY[DEPTH]: _floats}, _check_depth
    ),
    SEGMENTATION: GroundTruthArrays(
        ARRAY_OF_MODALITY[SEGMENTATION], {ARRAY_OF_MODALITY[SEGMENTATION]: _class_ids}, _check_labels
    ),
    NORMALS: GroundTruthArrays(ARRAY_OF_MODALITY[NORMALS], {ARRAY_OF_MODALITY[NORMALS]: _floats}, _check_normals),
}
# Modality of each key of a batch that is made from ground truth.
MODALITY_OF_KEY = {key: modality for modality, arrays in GROUND_TRUTH.items() for key in arrays.columns}


def batch_keys(modality: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of training batches, and the additional keys of validation batches, for images of a modality."""
    key, target = GROUND_TRUTH[modality].input_key, ARRAY_OF_MODALITY[modality]
    return (key,), () if key == target else (target,)


def latent_key(modality: str) -> str:
    """Return the key of the batch with the latents of a modality."""
    return f'latent_{modality}'


def ground_truth_batch(modality: str, rows: NDArray[Any], depth: DepthRepresentation) -> Batch:
    """Return the part of a batch that networks are trained with.

    Args:
        modality: Modality of the images.
        rows: Its array of the cache (window, row, column, …).
        depth: Representation of depth.

    """
    arrays = GROUND_TRUTH[modality]
    batch: Any = {arrays.input_key: arrays.columns[arrays.input_key](rows, depth)}
    return cast('Batch', batch)
