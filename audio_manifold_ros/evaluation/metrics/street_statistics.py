# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sums of each window by street: standard errors over streets, and shares of streets better than a prior."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Mask
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, relative_error
from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, PRIORS, suffixed
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import class_key, image_confusion
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.modalities.modality_images import ModalityImages

# A street whose ABS_rel is larger than that of a prior by more than this is counted as worse.
WORSE_MARGIN = 0.02
Figures = dict[str, float]


@dataclass
class _VariantSums:
    """Sums of the windows of one predictor, one row each.

    Attributes:
        depth_streets: Street of each row of `depth`, as a number.
        depth: Sum of relative errors and number of pixels of each region: (region, 2).
        label_streets: Street of each row of `classes` and `labels`.
        classes: Pixels in both images and in at least one of them, of each class: (class, 2).
        labels: Pixels with the correct class, and pixels with a label: (2,).
        present: Pixels of each class in the ground truth: (class,).

    """

    depth_streets: list[int] = field(default_factory=list)
    depth: list[FloatArray] = field(default_factory=list)
    label_streets: list[int] = field(default_factory=list)
    classes: list[FloatArray] = field(default_factory=list)
    labels: list[FloatArray] = field(default_factory=list)
    present: list[FloatArray] = field(default_factory=list)


class StreetStatistics:
    """Sums of relative errors and of classes of each window, by street. A street is a drive of its own.

    The standard error of a ratio of sums is that of the linearised ratio over streets (Cochran, Sampling Techniques,
    1977, section 6): the deviation of each street is its numerator minus the ratio times its denominator.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without windows. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._streets: dict[str, int] = {}
        self._regions: tuple[str, ...] = ('',)
        self._sums: dict[str, _VariantSums] = {}

    def add(
        self,
        street: str,
        ground_truth: ModalityImages,
        predicted: Mapping[str, ModalityImages],
        regions: Mapping[str, Mask],
    ) -> None:
        """Add one window.

        Args:
            street: Name of its street.
            ground_truth: Camera images.
            predicted: Images of the model and the controls.
            regions: Masks of the regions, the same names for every window.

        """
        number = self._streets.setdefault(street, len(self._streets))
        if ground_truth.depth_m is not None:
            is_valid = ~np.isnan(ground_truth.depth_m)
            masks = np.stack([is_valid, *(is_valid & mask for mask in regions.values())])
            self._regions = ('', *regions)
            flat = masks.reshape(len(masks), -1).astype(np.float64)
            pixels = flat.sum(axis=1)
        for variant, images in predicted.items():
            sums = self._sums.setdefault(variant, _VariantSums())
            if ground_truth.depth_m is not None and images.depth_m is not None:
                error = np.nan_to_num(relative_error(ground_truth.depth_m, images.depth_m, self._near_m)).ravel()
                sums.depth.append(np.stack([flat @ error, pixels], axis=1))
                sums.depth_streets.append(number)
            if ground_truth.labels is not None and images.labels is not None:
                counts = image_confusion(ground_truth.labels, images.labels).astype(np.float64)
                both, present = np.diagonal(counts), counts.sum(axis=1)
                either = present + counts[:, :-1].sum(axis=0) - both
                sums.classes.append(np.stack([both, either], axis=1))
                sums.labels.append(np.array([both.sum(), present.sum()]))
                sums.present.append(present)
                sums.label_streets.append(number)

    @property
    def streets(self) -> int:
        """Number of streets."""
        return len(self._streets)

    def standard_errors(self) -> dict[str, Figures]:
        """Return the standard errors of `depth` and `segmentation` by the keys of `MetricSuite.result`.

        Those of `segmentation` are for the classes in the ground truth. They are NaN with a single street.
        """
        depth: Figures = {}
        segmentation: Figures = {}
        for variant, sums in self._sums.items():
            if sums.depth:
                totals = self._by_street(sums.depth_streets, sums.depth)
                for place, region in enumerate(self._regions):
                    key = f'abs_rel_{region}' if region else 'abs_rel'
                    depth[suffixed(key, variant)] = ratio_with_error(totals[:, place])[1]
            if sums.classes:
                segmentation |= self._class_errors(sums, variant)
        return {DEPTH: depth, SEGMENTATION: segmentation}

    def comparisons(self) -> dict[str, Figures]:
        """Return by prior how the model compares with it, street by street.

        `skill` is 1 - ABS_rel / ABS_rel of the prior, with its standard error. `depth_better` is the share of streets
        with a smaller ABS_rel, `depth_worse` the share with one that is larger by more than `WORSE_MARGIN`.
        `classes_better` is the share with a larger fraction of correct classes, `iou_better` with a larger mean IoU of
        the classes in the ground truth of the street.
        """
        model = self._sums.get(MODEL)
        found: dict[str, Figures] = {}
        for variant in PRIORS:
            prior = self._sums.get(variant)
            if model is None or prior is None:
                continue
            figures: Figures = {}
            if model.depth and model.depth_streets == prior.depth_streets:
                own, other = (self._by_street(sums.depth_streets, sums.depth)[:, 0] for sums in (model, prior))
                figures |= compare_depth(own, other)
            if model.labels and model.label_streets == prior.label_streets:
                own, other = (self._by_street(sums.label_streets, sums.labels) for sums in (model, prior))
                figures['classes_better'] = _share(_quotient(own) > _quotient(other))
                first, second = (self._street_iou(sums) for sums in (model, prior))
                figures['iou_better'] = _share(first > second)
            found[variant] = figures
        return found

    def _by_street(self, streets: Sequence[int], rows: Sequence[FloatArray]) -> FloatArray:
        """Return the sums of rows (window, …) of each street that has one: (street, …)."""
        totals = np.zeros((len(self._streets), *rows[0].shape))
        np.add.at(totals, streets, np.stack(rows))
        return np.asarray(totals[np.unique(streets)])

    def _class_errors(self, sums: _VariantSums, variant: str) -> Figures:
        totals = self._by_street(sums.label_streets, sums.classes)
        correct = self._by_street(sums.label_streets, sums.labels)
        present = np.flatnonzero(np.sum(sums.present, axis=0))
        errors = {suffixed('accuracy', variant): ratio_with_error(correct)[1]}
        influences = np.zeros((len(totals), len(present)))
        for place, index in enumerate(present.tolist()):
            influences[:, place] = _influences(totals[:, index])
            errors[suffixed(class_key(index), variant)] = ratio_with_error(totals[:, index])[1]
        errors[suffixed('miou', variant)] = _standard_error(influences.mean(axis=1)) if len(present) else math.nan
        return errors

    def _street_iou(self, sums: _VariantSums) -> FloatArray:
        """Return the mean IoU of each street over the classes in its ground truth."""
        totals = self._by_street(sums.label_streets, sums.classes)
        present = self._by_street(sums.label_streets, sums.present) > 0
        iou = np.where(present, totals[..., 0] / np.maximum(totals[..., 1], 1), 0.0)
        return np.asarray(iou.sum(axis=1) / np.maximum(present.sum(axis=1), 1))


def compare_depth(own: FloatArray, other: FloatArray) -> Figures:
    """Return skill and shares of a predictor against another, from sums of errors and pixels of each street.

    Args:
        own: Sum of relative errors and number of pixels (street, 2).
        other: Those of the other predictor, for the same pixels.

    """
    errors = np.stack([own[:, 0], other[:, 0]], axis=1)
    quotient, error = ratio_with_error(errors)
    first, second = _quotient(own), _quotient(other)
    return {
        'skill': 1 - quotient,
        'skill_error': error,
        'depth_better': _share(first < second),
        'depth_worse': _share(first > second + WORSE_MARGIN),
    }


def ratio_with_error(sums: FloatArray) -> tuple[float, float]:
    """Return the ratio of the totals of numerators and denominators (street, 2), and its standard error.

    Streets without a denominator do not count. The error is NaN with fewer than two others.
    """
    sums = sums[sums[:, 1] > 0]
    numerator, denominator = sums.sum(axis=0).tolist()
    return (numerator / denominator if denominator else math.nan), _standard_error(_influences(sums))


def _influences(sums: FloatArray) -> FloatArray:
    """Return the linearised contribution of each street to the ratio of the totals of (street, 2)."""
    numerator, denominator = sums.sum(axis=0)
    if not denominator:
        return np.full(len(sums), np.nan)
    return np.asarray((sums[:, 0] - numerator / denominator * sums[:, 1]) / denominator)


def _standard_error(influences: FloatArray) -> float:
    """Return the standard error of a sum of independent contributions with the sum 0."""
    count = len(influences)
    return math.sqrt(count / (count - 1) * float(influences @ influences)) if count > 1 else math.nan


def _quotient(sums: FloatArray) -> FloatArray:
    """Return numerator / denominator of (street, 2), NaN without a denominator."""
    quotients: FloatArray = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    return quotients


def _share(flags: Mask) -> float:
    return float(flags.mean()) if len(flags) else math.nan
