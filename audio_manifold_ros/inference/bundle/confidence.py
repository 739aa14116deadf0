# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Confidence: probability that a pixel is correct, from the distance of AT-net output and nearest code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.interpolation import resize_matrix

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

MIN_DISTANCE = 1e-12


@dataclass(frozen=True)
class ModalityConfidence:
    """Logistic model of one modality: logit P = bias[cell] - slope · (ln distance - mean) / std.

    A depth pixel is correct within 25 % of the ground truth (sky: published as NaN). A segmentation pixel is correct
    with the class of the ground truth. The slope is not negative, so P does not increase with the distance.

    Attributes:
        bias: (cell, cell), rows from the top.
        slope: Decrease of the logit per standard deviation of the log distance.
        log_distance_mean: Mean of the natural logarithm of the distance on the validation set.
        log_distance_std: Its standard deviation there.

    """

    bias: tuple[tuple[float, ...], ...]
    slope: float
    log_distance_mean: float
    log_distance_std: float

    def __post_init__(self) -> None:
        """Validate the parameters.

        Raises:
            InferenceError: A value is out of range. The message names it.

        """
        if not self.bias or any(len(row) != len(self.bias) for row in self.bias):
            msg = f'The confidence bias has rows of {[len(row) for row in self.bias]} cells: give a square.'
            raise InferenceError(msg)
        if self.slope < 0 or self.log_distance_std <= 0:
            msg = (
                f'The confidence slope is {self.slope!r} and log_distance_std {self.log_distance_std!r}: '
                'give a slope from 0 and a positive deviation.'
            )
            raise InferenceError(msg)

    def probability(self, distance: NDArray[np.floating]) -> FloatArray:
        """Return the probability (…, cell, cell) that a pixel of the cell is correct, from distances of that shape."""
        z = (log_distance(distance) - self.log_distance_mean) / self.log_distance_std
        result: FloatArray = 0.5 * (1 + np.tanh(0.5 * (np.array(self.bias) - self.slope * z)))
        return result


@dataclass(frozen=True)
class ConfidenceModel:
    """Confidence model of all modalities of a bundle.

    With several modalities the published confidence is the probability that a pixel is correct in all of them, modelled
    as min · (product of the others) ** independence. 0 means that the more reliable modalities are correct whenever the
    least reliable one is. 1 means that they are independent. The value is fitted on the validation set.

    Attributes:
        modalities: Model of each head, by its name.
        independence: 0 to 1. Not used with one modality.

    """

    modalities: dict[str, ModalityConfidence]
    independence: float

    def __post_init__(self) -> None:
        """Validate the parameters.

        Raises:
            InferenceError: `independence` is out of range.

        """
        if not 0 <= self.independence <= 1:
            msg = f'The confidence independence is {self.independence!r}: give a number from 0 to 1.'
            raise InferenceError(msg)

    def probability(self, distances: dict[str, NDArray[np.floating]]) -> FloatArray:
        """Return the probability (…, cell, cell) that a pixel is correct in every modality.

        Args:
            distances: Distance (…, cell, cell) of each modality (see `NetworkOutput`).

        """
        probabilities = [
            modality_model.probability(distances[name]) for name, modality_model in self.modalities.items()
        ]
        return joint_probability(probabilities, self.independence)

    def image(self, output: NetworkOutput, height: int, width: int) -> NDArray[np.float32]:
        """Return the confidence (row, column) float32 from 0 to 1 of the output of a backend for one window."""
        cells = self.probability({name: output.distances[name] for name in self.modalities})
        rows, columns = _upsampling(cells.shape[0], height), _upsampling(cells.shape[1], width)
        result: NDArray[np.float32] = rows @ cells.astype(np.float32) @ columns.T
        return np.clip(result, 0.0, 1.0, out=result)


def joint_probability(probabilities: list[FloatArray], independence: float) -> FloatArray:
    """Return the probability that every modality is correct, from that of each (see `ConfidenceModel`)."""
    if len(probabilities) == 1:
        return probabilities[0]
    lowest, *rest = probabilities
    others: FloatArray | float = 1.0
    for probability in rest:
        others = np.maximum(lowest, probability) * others
        lowest = np.minimum(lowest, probability)
    result: FloatArray = lowest * others**independence
    return result


def log_distance(distance: NDArray[np.floating]) -> FloatArray:
    """Return the natural logarithm of a distance, limited to finite values."""
    result: FloatArray = np.log(np.maximum(np.asarray(distance, dtype=np.float64), MIN_DISTANCE))
    return result


@lru_cache(maxsize=8)
def _upsampling(cells: int, pixels: int) -> NDArray[np.float32]:
    matrix = np.ascontiguousarray(resize_matrix(cells, pixels).T)
    matrix.flags.writeable = False
    return matrix
