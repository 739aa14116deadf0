# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training features of an experiment, by which audio unlike its training set is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.inference.bundle.feature_descriptors import describe_features
from audio_manifold_ros.inference.bundle.feature_statistics import FeatureStatistics
from training.data.evenly_spaced import evenly_spaced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from training.data.cache import WindowCache

MAX_TRAINING_WINDOWS, MAX_VALIDATION_WINDOWS = 2000, 1000


def fit_statistics(cache: WindowCache) -> FeatureStatistics:
    """Return the statistics of the windows of an experiment: fitted on training, limited by validation windows.

    Raises:
        TrainingError: A split has no windows.

    """
    training, validation = cache.indices('train'), cache.indices('validation')
    if len(training) < 2 or not len(validation):
        msg = f'{len(training)} training and {len(validation)} validation windows: give more drives.'
        raise TrainingError(msg)
    return FeatureStatistics.fit(
        _describe(cache, training, MAX_TRAINING_WINDOWS), _describe(cache, validation, MAX_VALIDATION_WINDOWS)
    )


def _describe(cache: WindowCache, indices: NDArray[np.int64], limit: int) -> FloatArray:
    features = (cache.features(np.array([index]))[0] for index in evenly_spaced(indices, limit))
    rows: FloatArray = np.stack([describe_features(window, cache.spec) for window in features])
    return rows
