# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration of the confidence on windows whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from audio_manifold_ros.inference.bundle.confidence import (
    ConfidenceModel,
    ModalityConfidence,
    joint_chance,
    log_distance,
)
from audio_manifold_ros.inference.bundle.manifest import UNLABELLED
from audio_manifold_ros.inference.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Mapping

Array = NDArray[np.float64]
RIGHT_WITHIN = 0.25
BIAS_PRIOR_VARIANCE = 1.0
SLOPE_PRIOR_VARIANCE = 100.0
NEWTON_STEPS = 60
CHANCE_MARGIN = 1e-6


def depth_right(predicted_m: NDArray[np.floating], truth_m: NDArray[np.floating]) -> Array:
    """Return 1 where a published depth is right, else 0: within 25 %, or NaN where the truth is NaN."""
    with np.errstate(invalid='ignore'):
        near = np.abs(predicted_m - truth_m) <= RIGHT_WITHIN * truth_m
    return np.where(np.isnan(truth_m), np.isnan(predicted_m), near).astype(np.float64)


def labels_right(predicted: NDArray[np.uint8], truth: NDArray[np.uint8]) -> Array:
    """Return 1 where the class is right, 0 where it is wrong, NaN where the truth is unlabelled (255)."""
    return np.where(truth == UNLABELLED, np.nan, predicted == truth)


def cell_means(pixels: NDArray[np.floating], cells: int) -> Array:
    """Return the mean (…, cell, cell) over the known pixels of each cell of (…, row, column); NaN where none is."""
    *head, rows, columns = pixels.shape
    blocks = pixels.reshape(*head, cells, rows // cells, cells, columns // cells)
    known = np.isfinite(blocks)
    count = known.sum(axis=(-3, -1))
    total = np.where(known, blocks, 0.0).sum(axis=(-3, -1))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class CalibrationSet:
    """What the networks said about validation windows, and how right that was.

    Attributes:
        distances: Per modality the distance (window, cell, cell), as `NetworkOutput` has it.
        right: Per modality the fraction of right pixels (window, cell, cell), NaN where unknown.
        all_right: Fraction of pixels that are right in every modality (window, cell, cell), NaN where unknown.

    """

    distances: Mapping[str, NDArray[np.floating]]
    right: Mapping[str, Array]
    all_right: Array

    def __post_init__(self) -> None:
        """Refuse shapes that do not belong together and distances that are none.

        Raises:
            InferenceError: They are such.

        """
        shape = self.all_right.shape
        shapes = {name: (self.distances[name].shape, self.right[name].shape) for name in self.distances}
        if len(shape) != 3 or any(pair != (shape, shape) for pair in shapes.values()):
            msg = f'Calibration with shapes {shapes} and {shape}: give (window, cell, cell) for all.'
            raise InferenceError(msg)
        for name, distance in self.distances.items():
            if not np.isfinite(distance).all() or (distance < 0).any():
                msg = f'Distances of {name!r} are negative, NaN or infinite: the network is broken.'
                raise InferenceError(msg)


def fit_confidence(data: CalibrationSet) -> ConfidenceModel:
    """Fit the confidence of every modality, then how far the modalities err together."""
    laws = {name: fit_modality(data.distances[name], data.right[name]) for name in data.distances}
    chances = [law.chance(data.distances[name]) for name, law in laws.items()]
    return ConfidenceModel(laws, _fit_independence(chances, data.all_right))


def fit_modality(distance: NDArray[np.floating], right: Array) -> ModalityConfidence:
    """Fit the law of one modality by penalised maximum likelihood.

    A Gaussian prior of unit variance holds the bias of each cell to their common mean, so that a cell with few or
    one-sided observations stays sensible. The problem is convex: where the free optimum has a negative slope, the
    best law that does not rise with the distance has slope 0.

    Args:
        distance: As `NetworkOutput` has it (window, cell, cell); one that never changes gets no slope.
        right: Fraction of right pixels (window, cell, cell) in 0..1, NaN where unknown.

    """
    logs = log_distance(distance)
    mean, std = float(logs.mean()), float(logs.std())
    std = std if std > 1e-9 else 1.0
    windows, cells = distance.shape[0], distance.shape[1] * distance.shape[2]
    z = ((logs - mean) / std).reshape(windows, cells)
    y = right.reshape(windows, cells)
    bias, slope = _newton(z, y, free_slope=True)
    if slope < 0:
        bias, slope = _newton(z, y, free_slope=False)
    rows = bias.reshape(distance.shape[1:])
    return ModalityConfidence(tuple(tuple(float(v) for v in row) for row in rows), max(slope, 0.0), mean, std)


def _newton(z: Array, y: Array, *, free_slope: bool) -> tuple[Array, float]:
    """Minimise the penalised cross-entropy over (bias per cell, mean bias, slope) with halved steps."""
    known = np.isfinite(y)
    target = np.where(known, y, 0.0)
    cells = z.shape[1]
    theta = np.zeros(cells + 2)
    best = _loss(theta, z, target, known)
    for _ in range(NEWTON_STEPS):
        gradient, hessian = _derivatives(theta, z, target, known)
        if not free_slope:
            gradient[-1], hessian[-1, :], hessian[:, -1], hessian[-1, -1] = 0.0, 0.0, 0.0, 1.0
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-6 and _loss(theta - scale * step, z, target, known) > best:
            scale /= 2
        theta = theta - scale * step
        best = _loss(theta, z, target, known)
        if np.abs(scale * step).max() < 1e-8:
            break
    return theta[:cells], float(theta[-1])


def _loss(theta: Array, z: Array, target: Array, known: NDArray[np.bool_]) -> float:
    bias, mean, slope = theta[:-2], theta[-2], theta[-1]
    logit = bias - slope * z
    entropy = np.logaddexp(0.0, logit) - target * logit
    prior = ((bias - mean) ** 2).sum() / BIAS_PRIOR_VARIANCE + slope**2 / SLOPE_PRIOR_VARIANCE
    return float((entropy * known).sum() + prior / 2)


def _derivatives(theta: Array, z: Array, target: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    bias, mean, slope = theta[:-2], theta[-2], theta[-1]
    cells = bias.size
    chance = 0.5 * (1 + np.tanh(0.5 * (bias - slope * z)))
    residual, weight = (chance - target) * known, chance * (1 - chance) * known
    pull = (bias - mean) / BIAS_PRIOR_VARIANCE
    slope_pull = slope / SLOPE_PRIOR_VARIANCE
    gradient = np.concatenate([residual.sum(0) + pull, [-pull.sum(), slope_pull - (residual * z).sum()]])
    hessian = np.zeros((cells + 2, cells + 2))
    hessian[range(cells), range(cells)] = weight.sum(0) + 1 / BIAS_PRIOR_VARIANCE
    hessian[:cells, cells] = hessian[cells, :cells] = -1 / BIAS_PRIOR_VARIANCE
    # The mean is free: without the small constant a set without any known pixel would have no unique optimum.
    hessian[cells, cells] = cells / BIAS_PRIOR_VARIANCE + 1e-9
    hessian[:cells, -1] = hessian[-1, :cells] = -(weight * z).sum(0)
    hessian[-1, -1] = (weight * z * z).sum() + 1 / SLOPE_PRIOR_VARIANCE
    return gradient, hessian


def _fit_independence(chances: list[Array], all_right: Array) -> float:
    if len(chances) == 1:
        return 0.0
    known = np.isfinite(all_right)
    target = all_right[known]

    def loss(independence: float) -> float:
        chance = np.clip(joint_chance(chances, independence)[known], CHANCE_MARGIN, 1 - CHANCE_MARGIN)
        return float(-(target * np.log(chance) + (1 - target) * np.log1p(-chance)).sum())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method='bounded').x)
