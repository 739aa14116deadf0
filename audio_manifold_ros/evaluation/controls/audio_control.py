# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio controls: the same network with audio of another drive or time, with mirrored microphones, or other maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.metric_names import MIRRORED, MODEL, OTHER_MAPS, SHUFFLED
from audio_manifold_ros.features.array_geometry import mirror_order
from audio_manifold_ros.features.kinds import AnyFeatureSpec
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Audio of the control with other audio.
OTHER_DRIVE, OTHER_TIME = 'another drive', 'another time'
# Positions are known to about a centimetre.
MIRROR_TOLERANCE_M = 0.02


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


def mirrored_microphones(positions_m: FloatArray) -> NDArray[np.int64] | None:
    """Return for each microphone (mic,) the one in its place after left and right are exchanged.

    None if a microphone has no counterpart within `MIRROR_TOLERANCE_M`. The mirror is in the centre of the array.

    Args:
        positions_m: (mic, 3), x ahead and y to the left.

    """
    centred_m = positions_m - positions_m.mean(axis=0)
    mirrored_m = centred_m * (1.0, -1.0, 1.0)
    distances_m = np.linalg.norm(centred_m[:, None] - mirrored_m[None], axis=-1)
    order = distances_m.argmin(axis=0)
    is_symmetric = distances_m.min(axis=0).max() <= MIRROR_TOLERANCE_M and len(set(order.tolist())) == len(order)
    return order.astype(np.int64) if is_symmetric else None


def mirrored_features(
    features: NDArray[np.float32], spec: AnyFeatureSpec, order: NDArray[np.int64] | None
) -> NDArray[np.float32] | None:
    """Return the features of a window as if left and right microphones were exchanged.

    Spatial features need no order: the power at an azimuth becomes that at its negative. This is exact for a camera
    that looks straight ahead, for which the azimuths of the steered map are symmetric.

    Args:
        features: float32 (mic, height, width), or (size,) of spatial features.
        spec: Definition of the features.
        order: Result of `mirrored_microphones` for mel features. Without it they cannot be mirrored.

    Returns:
        New features, or None.

    """
    if not isinstance(spec, SpatialFeatureSpec):
        return None if order is None else features[order]
    mirrored: NDArray[np.float32] = features[mirror_order(spec)]
    return mirrored


def with_map_of(
    features: NDArray[np.float32], other: NDArray[np.float32], spec: SpatialFeatureSpec, name: str
) -> NDArray[np.float32]:
    """Return spatial features (size,) of a window with one map of another window.

    Args:
        features: Features of the window.
        other: Features of the other window.
        spec: Definition of the features.
        name: `level`, `steered` or `echo`.

    """
    changed = features.copy()
    place = spec.blocks[name][0]
    changed[place] = other[place]
    return changed


def audio_controls(
    features: NDArray[np.float32],
    other: NDArray[np.float32],
    spec: AnyFeatureSpec,
    order: NDArray[np.int64] | None,
) -> dict[str, NDArray[np.float32]]:
    """Return the features of a window, and those of each control that is possible for it, by variant.

    Args:
        features: Features of the window.
        other: Features of the window whose audio it gets (see `control_order`).
        spec: Definition of the features.
        order: Result of `mirrored_microphones`.

    """
    found = {MODEL: features, SHUFFLED: other}
    mirrored = mirrored_features(features, spec, order)
    if mirrored is not None:
        found[MIRRORED] = mirrored
    if isinstance(spec, SpatialFeatureSpec):
        found |= {variant: with_map_of(features, other, spec, name) for name, variant in OTHER_MAPS.items()}
    return found
