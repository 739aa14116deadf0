# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training features, and the distance of other features to them.

The networks give an image for any sound. Whether the sound resembles the training set is measured on a few dozen values
of its features (`feature_descriptors`). The distance is the Mahalanobis distance of these values to those of the
training windows. Its limit comes from validation windows.
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
    from audio_manifold_ros.common.array_types import FloatArray

STATISTICS_FILE = 'feature_statistics.json'
FORMAT_VERSION = 1
# Part of the variance of each value that is added to the covariance: a few hundred windows do not determine it exactly.
SHRINKAGE = 0.05
# The limit is this much above the distance that one in a hundred validation windows exceeds.
QUANTILE, MARGIN = 0.99, 1.1
UNFAMILIAR = 'This audio is unlike anything the bundle was trained on'


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
        sizes = {len(self.mean), len(self.whitening), *map(len, self.whitening)}
        if len(sizes) > 1:
            msg = f'The feature statistics have {sorted(sizes)} values: give equally many. Export the bundle again.'
            raise InferenceError(msg)

    def check_size(self, size: int) -> None:
        """Check that the statistics are about the values of `describe_features`.

        Raises:
            InferenceError: The number of values is another.

        """
        if len(self.mean) != size:
            msg = f'The feature statistics have {len(self.mean)} values: give {size}. Export the bundle again.'
            raise InferenceError(msg)

    def distance_ratio(self, values: FloatArray) -> float:
        """Return the distance of a window to the training windows over its limit. More than 1 is unfamiliar.

        Args:
            values: `feature_descriptors.describe_features` of the window.

        """
        return self._distance(values) / self.limit

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
