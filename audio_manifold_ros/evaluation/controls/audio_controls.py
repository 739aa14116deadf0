# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio controls: the same network with audio of another drive or time, or without directional information."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.features.kinds import AnyFeatureSpec
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Audio of the control with other audio.
OTHER_DRIVE, OTHER_TIME = 'another drive', 'another time'

Scalar = TypeVar('Scalar', bound=np.generic)


def shuffled_order(drive_ids: Sequence[str], seed: int = 0) -> NDArray[np.int64]:
    """Return for each window the index of the window of another drive whose audio it gets. Each index is used once.

    Args:
        drive_ids: Drive of each window.
        seed: Seed of the order.

    Raises:
        EvaluationError: One drive has more than half of the windows, so no such order exists.

    """
    total = len(drive_ids)
    drive, largest = Counter(drive_ids).most_common(1)[0] if total else ('', 1)
    if 2 * largest > total:
        msg = f'Drive {drive!r} has {largest} of {total} windows: give windows of more drives to shuffle the audio.'
        raise EvaluationError(msg)
    rng = np.random.default_rng(seed)
    rank = {name: index for index, name in enumerate(rng.permutation(sorted(set(drive_ids))).tolist())}
    ranks = np.array([rank[name] for name in drive_ids])
    grouped = np.lexsort((rng.permutation(total), ranks))
    # Each drive is one block of at most `largest` windows: a rotation by `largest` moves each window out of its block.
    order = np.empty(total, dtype=np.int64)
    order[grouped] = np.roll(grouped, -largest)
    return order


def control_order(drive_ids: Sequence[str], seed: int = 0) -> tuple[NDArray[np.int64], str]:
    """Return for each window the index of the window whose audio it gets, and which audio that is.

    It is audio of another drive (see `shuffled_order`) if such an order exists. Otherwise it is audio of another time:
    the windows are rotated by half of their number, so each gets audio half a drive away. Each index is used once.

    Args:
        drive_ids: Drive of each window. The windows of a drive are consecutive and in order of time.
        seed: Seed of the order of `shuffled_order`.

    Returns:
        int64 (window,), and `OTHER_DRIVE` or `OTHER_TIME`.

    Raises:
        EvaluationError: There are fewer than two windows.

    """
    total = len(drive_ids)
    if total < 2:
        msg = f'{total} windows: give drives with at least two windows, so that one can get the audio of another.'
        raise EvaluationError(msg)
    try:
        return shuffled_order(drive_ids, seed), OTHER_DRIVE
    except EvaluationError:
        return np.roll(np.arange(total, dtype=np.int64), -(total // 2)), OTHER_TIME


def one_microphone(values: NDArray[Scalar], microphone: int = 0) -> NDArray[Scalar]:
    """Return audio or features (mic, …) with one microphone copied to all channels. Directional information is lost."""
    return np.repeat(values[microphone : microphone + 1], values.shape[0], axis=0)


def without_direction(features: NDArray[np.float32], spec: AnyFeatureSpec) -> NDArray[np.float32]:
    """Return the features of a window without directional information.

    Mel features are those of the first microphone on all channels. Spatial features keep the level map. No azimuth of
    the steered map is louder than another, and all azimuths of the echo map have their mean.

    Args:
        features: float32 (mic, height, width), or (size,) of spatial features.
        spec: Definition of the features.

    """
    if not isinstance(spec, SpatialFeatureSpec):
        return one_microphone(features)
    changed = features.copy()
    steered, (echo, shape) = spec.blocks['steered'][0], spec.blocks['echo']
    changed[steered] = 0.0
    rows = features[echo].reshape(shape)
    changed[echo] = np.broadcast_to(rows.mean(axis=0), shape).ravel()
    return changed
