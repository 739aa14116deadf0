# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration of the confidence on windows with ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.confidence import (
    ConfidenceModel,
    ModalityConfidence,
    joint_probability,
    log_distance,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BIAS_PRIOR_VARIANCE = 1.0
SLOPE_PRIOR_VARIANCE = 100.0
NEWTON_STEPS = 60
PROBABILITY_MARGIN = 1e-6


def cell_means(pixels: NDArray[np.floating], cells: int) -> FloatArray:
    """Return the mean (…, cell, cell) over the finite pixels of each cell of (…, row, column), NaN without any."""
    *head, rows, columns = pixels.shape
    blocks = pixels.reshape(*head, cells, rows // cells, cells, columns // cells)
    is_valid = np.isfinite(blocks)
    count = is_valid.sum(axis=(-3, -1))
    total = np.where(is_valid, blocks, 0.0).sum(axis=(-3, -1))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class CalibrationSet:
    """Distances and correctness of the networks on validation windows.

    Attributes:
        distances: Per modality the distance (window, cell, cell) (see `NetworkOutput`).
        correct: Per modality the fraction of correct pixels (window, cell, cell), NaN where unknown.
        all_correct: Fraction of pixels that are correct in every modality (window, cell, cell), NaN where unknown.

    """

    distances: Mapping[str, NDArray[np.floating]]
    correct: Mapping[str, FloatArray]
    all_correct: FloatArray

    def __post_init__(self) -> None:
        """Validate shapes and distances.

        Raises:
            InferenceError: The shapes differ, or a distance is negative or not finite.

        """
        shape = self.all_correct.shape
        shapes = {name: (self.distances[name].shape, self.correct[name].shape) for name in self.distances}
        if len(shape) != 3 or any(pair != (shape, shape) for pair in shapes.values()):
            msg = f'Calibration with shapes {shapes} and {shape}: give (window, cell, cell) for all.'
            raise InferenceError(msg)
        for name, distance in self.distances.items():
            if not np.isfinite(distance).all() or (distance < 0).any():
                msg = f'Distances of {name!r} are negative, NaN or infinite: the network is broken.'
                raise InferenceError(msg)


def fit_confidence(data: CalibrationSet) -> ConfidenceModel:
    """Fit the confidence of every modality, then the dependence of their errors."""
    modality_models = {name: fit_modality(data.distances[name], data.correct[name]) for name in data.distances}
    probabilities = [
        modality_model.probability(data.distances[name]) for name, modality_model in modality_models.items()
    ]
    return ConfidenceModel(modality_models, _fit_independence(probabilities, data.all_correct))


def fit_modality(distance: NDArray[np.floating], correct: FloatArray) -> ModalityConfidence:
    """Fit the model of one modality by penalised maximum likelihood.

    A Gaussian prior of unit variance ties the bias of each cell to their common mean, so that cells with few or
    one-sided observations get a plausible value. The problem is convex: if the free optimum has a negative slope, the
    best model that does not increase with the distance has slope 0.

    Args:
        distance: Distance (window, cell, cell) (see `NetworkOutput`). A constant distance gets slope 0.
        correct: Fraction of correct pixels (window, cell, cell) from 0 to 1, NaN where unknown.

    """
    logs = log_distance(distance)
    mean, std = float(logs.mean()), float(logs.std())
    std = std if std > 1e-9 else 1.0
    windows, cells = distance.shape[0], distance.shape[1] * distance.shape[2]
    z = ((logs - mean) / std).reshape(windows, cells)
    y = correct.reshape(windows, cells)
    bias, slope = _newton(z, y, free_slope=True)
    if slope < 0:
        bias, slope = _newton(z, y, free_slope=False)
    rows = bias.reshape(distance.shape[1:])
    return ModalityConfidence(tuple(tuple(float(v) for v in row) for row in rows), max(slope, 0.0), mean, std)


def _newton(z: FloatArray, y: FloatArray, *, free_slope: bool) -> tuple[FloatArray, float]:
    """Minimise the penalised cross-entropy over (bias per cell, mean bias, slope) by Newton steps with halving."""
    is_valid = np.isfinite(y)
    target = np.where(is_valid, y, 0.0)
    cells = z.shape[1]
    theta = np.zeros(cells + 2)
    best = _loss(theta, z, target, is_valid)
    for _ in range(NEWTON_STEPS):
        gradient, hessian = _derivatives(theta, z, target, is_valid)
        if not free_slope:
            gradient[-1], hessian[-1, :], hessian[:, -1], hessian[-1, -1] = 0.0, 0.0, 0.0, 1.0
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-6 and _loss(theta - scale * step, z, target, is_valid) > best:
            scale /= 2
        theta = theta - scale * step
        best = _loss(theta, z, target, is_valid)
        if np.abs(scale * step).max() < 1e-8:
            break
    return theta[:cells], float(theta[-1])


def _loss(theta: FloatArray, z: FloatArray, target: FloatArray, is_valid: NDArray[np.bool_]) -> float:
    bias, mean, slope = theta[:-2], theta[-2], theta[-1]
    logit = bias - slope * z
    entropy = np.logaddexp(0.0, logit) - target * logit
    prior = ((bias - mean) ** 2).sum() / BIAS_PRIOR_VARIANCE + slope**2 / SLOPE_PRIOR_VARIANCE
    return float((entropy * is_valid).sum() + prior / 2)


def _derivatives(
    theta: FloatArray, z: FloatArray, target: FloatArray, is_valid: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    bias, mean, slope = theta[:-2], theta[-2], theta[-1]
    cells = bias.size
    probability = 0.5 * (1 + np.tanh(0.5 * (bias - slope * z)))
    residual, weight = (probability - target) * is_valid, probability * (1 - probability) * is_valid
    bias_pull = (bias - mean) / BIAS_PRIOR_VARIANCE
    slope_pull = slope / SLOPE_PRIOR_VARIANCE
    gradient = np.concatenate([residual.sum(0) + bias_pull, [-bias_pull.sum(), slope_pull - (residual * z).sum()]])
    hessian = np.zeros((cells + 2, cells + 2))
    hessian[range(cells), range(cells)] = weight.sum(0) + 1 / BIAS_PRIOR_VARIANCE
    hessian[:cells, cells] = hessian[cells, :cells] = -1 / BIAS_PRIOR_VARIANCE
    # The mean has no prior: without the small constant a set without ground truth would have no unique optimum.
    hessian[cells, cells] = cells / BIAS_PRIOR_VARIANCE + 1e-9
    hessian[:cells, -1] = hessian[-1, :cells] = -(weight * z).sum(0)
    hessian[-1, -1] = (weight * z * z).sum() + 1 / SLOPE_PRIOR_VARIANCE
    return gradient, hessian


def _fit_independence(probabilities: list[FloatArray], all_correct: FloatArray) -> float:
    if len(probabilities) == 1:
        return 0.0
    is_valid = np.isfinite(all_correct)
    target = all_correct[is_valid]

    def loss(independence: float) -> float:
        probability = np.clip(
            joint_probability(probabilities, independence)[is_valid], PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN
        )
        return float(-(target * np.log(probability) + (1 - target) * np.log1p(-probability)).sum())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method='bounded').x)
