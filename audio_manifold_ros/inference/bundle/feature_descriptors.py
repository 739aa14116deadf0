# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The few dozen values of a window's features by which it is compared with the training set.

Mel features: level, spread over time, and spread over the microphones of the mean and of each instant, in 16 bands.
Spatial features: level and its spread over time in 16 bands, the contrast of the steered map and its change over time
per band, level and contrast of the echo map in 8 ranges of lags.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.features.kinds import AnyFeatureSpec

BANDS = 16
VALUES_PER_BAND = 4
FRAME_STEP = 4
LAG_RANGES = 8
# Added to spreads before their logarithm is taken. The spread of silence is 0.
MIN_SPREAD = 1e-3


def descriptor_size(spec: AnyFeatureSpec) -> int:
    """Return the number of values of `describe_features`."""
    if isinstance(spec, SpatialFeatureSpec):
        return 2 * (_groups(spec.mel_bands, BANDS) + spec.steered_bands + _groups(spec.echo_shape[1], LAG_RANGES))
    return VALUES_PER_BAND * _groups(spec.height, BANDS)


def describe_features(features: NDArray[np.floating], spec: AnyFeatureSpec, masked: Iterable[int] = ()) -> FloatArray:
    """Return the values (`descriptor_size`,) that a window is compared by.

    Args:
        features: Input of the networks: (mic, height, width), or (size,) of spatial features.
        spec: Definition of the features.
        masked: Indices of the microphones whose mel features are those of silence.

    """
    if isinstance(spec, SpatialFeatureSpec):
        return _describe_spatial(features, spec)
    left_out = set(masked)
    return _describe_mel(features, [mic for mic in range(len(features)) if mic not in left_out])


def _describe_mel(features: NDArray[np.floating], used: list[int]) -> FloatArray:
    # A contiguous copy of every fourth frame: the values are averages over hundreds of them.
    frames = features[:, :, ::FRAME_STEP] if len(used) == len(features) else features[used, :, ::FRAME_STEP]
    chosen = np.ascontiguousarray(frames, dtype=np.float32)
    bands = _group_means(chosen, BANDS, axis=1)
    over_time = bands.mean(axis=2)
    differences = _group_means(chosen.std(axis=0).mean(axis=1), BANDS, axis=0)
    spreads = np.stack([bands.std(axis=2).mean(axis=0), over_time.std(axis=0), differences])
    return _joined(over_time.mean(axis=0), spreads)


def _describe_spatial(features: NDArray[np.floating], spec: SpatialFeatureSpec) -> FloatArray:
    maps = {name: features[place].reshape(shape) for name, (place, shape) in spec.blocks.items()}
    level = _group_means(maps['level'], BANDS, axis=0)
    echo = _group_means(maps['echo'], LAG_RANGES, axis=1)
    steered = maps['steered']
    return _joined(
        np.concatenate([level.mean(axis=1), echo.mean(axis=0)]),
        np.concatenate(
            [
                _spread(level, 1),
                _spread(echo, 0),
                _spread(steered, 1).mean(axis=1),
                _spread(steered, 2).mean(axis=1),
            ]
        ),
    )


def _group_means(values: NDArray[np.floating], groups: int, axis: int) -> NDArray[np.floating]:
    """Return the means of equal groups of an axis, or the values if there are fewer of them."""
    edges, counts = _group_limits(values.shape[axis], groups)
    shape = [1] * values.ndim
    shape[axis] = len(counts)
    return np.asarray(np.add.reduceat(values, edges, axis=axis) / counts.reshape(shape))


@lru_cache(maxsize=16)
def _group_limits(length: int, groups: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the first index and the length of each group."""
    edges = np.arange(_groups(length, groups)) * length // _groups(length, groups)
    return edges, np.diff(edges, append=length).astype(np.float32)


def _spread(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Return the standard deviation along an axis. It takes two thirds of the time of numpy's."""
    length = values.shape[axis]
    deviations = values - np.add.reduce(values, axis=axis, keepdims=True) / np.float32(length)
    letters = 'abc'[: values.ndim]
    squares = np.einsum(f'{letters},{letters}->{letters.replace(letters[axis], "")}', deviations, deviations)
    return np.asarray(np.sqrt(squares / np.float32(length)))


def _groups(length: int, groups: int) -> int:
    return min(length, groups)


def _joined(levels: NDArray[np.floating], spreads: NDArray[np.floating]) -> FloatArray:
    values: FloatArray = np.concatenate([levels, np.log(spreads + MIN_SPREAD).ravel()]).astype(np.float64)
    return values
