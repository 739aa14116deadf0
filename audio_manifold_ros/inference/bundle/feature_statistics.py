# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training features, and the distance of other features to them.

The networks give an image for any sound. Whether the sound resembles the training set is measured on its features:
level, spread over time, and spread over the microphones of the mean and of each instant, in 16 bands. The distance is
the Mahalanobis distance of these values to those of the training windows. Its limit comes from validation windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import format_json, parse_json
from audio_manifold_ros.common.schema import check_version, from_plain, to_plain
from audio_manifold_ros.common.schema_rules import between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray

STATISTICS_FILE = 'feature_statistics.json'
FORMAT_VERSION = 1
BANDS = 16
VALUES_PER_BAND = 4
FRAME_STEP = 4
# Added to spreads before their logarithm is taken. The spread of silence is 0.
MIN_SPREAD = 1e-3
# Part of the variance of each value that is added to the covariance: a few hundred windows do not determine it exactly.
SHRINKAGE = 0.05
# The limit is this much above the distance that one in a hundred validation windows exceeds.
QUANTILE, MARGIN = 0.99, 1.1
UNFAMILIAR = 'This audio is unlike anything the bundle was trained on'


def describe_features(features: NDArray[np.floating], used: Iterable[int] | None = None) -> FloatArray:
    """Return the values (4 · band,) that a window is compared by.

    Args:
        features: Input of the networks (mic, height, width).
        used: Indices of the microphones that are not masked. None for all.

    """
    # A contiguous copy of every fourth frame: the values are averages over hundreds of them.
    frames = features[:, :, ::FRAME_STEP] if used is None else features[list(used), :, ::FRAME_STEP]
    chosen = np.ascontiguousarray(frames, dtype=np.float32)
    height = chosen.shape[1]
    edges = np.arange(BANDS) * height // BANDS
    heights = np.diff([*edges, height]).astype(np.float32)
    bands = np.add.reduceat(chosen, edges, axis=1) / heights[:, None]
    over_time = bands.mean(axis=2)
    differences = np.add.reduceat(chosen.std(axis=0).mean(axis=1), edges) / heights
    spreads = np.stack([bands.std(axis=2).mean(axis=0), over_time.std(axis=0), differences])
    result: FloatArray = np.concatenate([over_time.mean(axis=0), np.log(spreads + MIN_SPREAD).ravel()]).astype(float)
    return result


@dataclass(frozen=True)
class FeatureStatistics:
    """Statistics of the training features of a bundle.

    Attributes:
        format_version: Version of the file.
        windows: Number of training windows.
        validation_windows: Number of windows that the limit comes from.
        mean: Mean of each value of `describe_features`.
        whitening: Square matrix that turns differences from the mean into values of unit variance.
        limit: Largest distance of audio that resembles the training set.

    """

    format_version: int
    windows: int
    validation_windows: int
    mean: tuple[float, ...]
    whitening: tuple[tuple[float, ...], ...]
    limit: Annotated[float, between(1e-6, 1e6)]

    def __post_init__(self) -> None:
        """Validate the shapes.

        Raises:
            InferenceError: The number of values is wrong.

        """
        size = BANDS * VALUES_PER_BAND
        sizes = {len(self.mean), len(self.whitening), *map(len, self.whitening)}
        if sizes != {size}:
            msg = f'The feature statistics have {sorted(sizes)} values: give {size}. Export the bundle again.'
            raise InferenceError(msg)

    def distance_ratio(self, features: NDArray[np.floating], used: Iterable[int] | None = None) -> float:
        """Return the distance of a window to the training windows over its limit. More than 1 is unfamiliar.

        Args:
            features: Input of the networks (mic, height, width).
            used: Indices of the microphones that are not masked. None for all.

        """
        return self._distance(describe_features(features, used)) / self.limit

    def to_json(self) -> str:
        """Return the content of the file."""
        return format_json(to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> FeatureStatistics:
        """Read the content of the file.

        Raises:
            InferenceError: The content is invalid. The message names what is wrong.

        """
        remedy = 'Export the bundle again, or install the software that wrote it.'
        values = parse_json(text, STATISTICS_FILE, InferenceError, remedy)
        check_version(values, 'format_version', FORMAT_VERSION, STATISTICS_FILE, InferenceError, remedy)
        return from_plain(cls, values, STATISTICS_FILE, InferenceError, complete=True)

    @classmethod
    def fit(cls, training: FloatArray, validation: FloatArray) -> FeatureStatistics:
        """Fit the statistics.

        Args:
            training: `describe_features` of training windows (window, value).
            validation: The same of other windows, for the limit.

        """
        mean = training.mean(axis=0)
        covariance = np.cov(training, rowvar=False)
        covariance += np.diag(SHRINKAGE * np.diag(covariance) + 1e-9)
        whitening = np.linalg.inv(np.linalg.cholesky(covariance))
        distances = np.linalg.norm((validation - mean) @ whitening.T, axis=1)
        return cls(
            format_version=FORMAT_VERSION,
            windows=len(training),
            validation_windows=len(validation),
            mean=tuple(round(float(value), 9) for value in mean),
            whitening=tuple(tuple(round(float(value), 6) for value in row) for row in whitening),
            limit=round(MARGIN * float(np.quantile(distances, QUANTILE)), 4),
        )

    @cached_property
    def _arrays(self) -> tuple[FloatArray, FloatArray]:
        return np.array(self.mean), np.array(self.whitening)

    def _distance(self, values: FloatArray) -> float:
        mean, whitening = self._arrays
        return float(np.linalg.norm(whitening @ (values - mean)))


def familiarity(distance_ratio: float | None) -> float:
    """Return the factor of the confidence: 1 up to the limit, 1/16 at twice the limit."""
    return 1.0 if distance_ratio is None or distance_ratio <= 1 else distance_ratio**-4
