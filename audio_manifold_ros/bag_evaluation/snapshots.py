# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Moments of a drive of any length for pictures: at even distances, never more than a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction

CAPACITY = 48
FIRST_INTERVAL_S = 0.25


class SnapshotSampler:
    """Keeps moments; when it is full, every second one goes, and the distance doubles."""

    def __init__(self) -> None:
        """Begin with four moments a second."""
        self._interval_s = FIRST_INTERVAL_S
        self._kept: list[Snapshot] = []

    def add(self, snapshot: Snapshot) -> None:
        """Keep a moment if it is far enough from the last one."""
        if self._kept and snapshot.time_s - self._kept[-1].time_s < self._interval_s * 0.99:
            return
        self._kept.append(snapshot)
        if len(self._kept) > CAPACITY:
            del self._kept[1::2]
            self._interval_s *= 2

    def evenly_spaced(self, count: int) -> list[Snapshot]:
        """Return at most `count` moments, the first and the last among them."""
        chosen = np.unique(np.linspace(0, len(self._kept) - 1, count).round().astype(int)) if self._kept else []
        return [self._kept[index] for index in chosen]


def make_snapshot(
    prediction: Prediction,
    ground_truth: DepthAndLabels | None,
    heads: tuple[bool, bool],
    manifest: Manifest,
    time_s: float,
) -> Snapshot:
    """Make a moment that pictures can be drawn of; its sound is the mean of the microphones.

    Args:
        prediction: What was heard.
        ground_truth: What was seen, of any size, or None.
        heads: Whether there is a true depth, and true classes, at any moment: where not, no picture is drawn.
        manifest: Of the bundle.
        time_s: Instant within the drive.

    """
    rows, columns = manifest.camera.height, manifest.camera.width
    true_images = ground_truth or DepthAndLabels(None, None)
    depth_m = (
        true_images.depth_m if true_images.depth_m is not None else np.full((rows, columns), np.nan, dtype=np.float32)
    )
    labels = (
        true_images.labels if true_images.labels is not None else np.full((rows, columns), UNLABELLED, dtype=np.uint8)
    )
    return Snapshot(
        time_s=time_s,
        features=prediction.require_features().mean(axis=0, keepdims=True, dtype=np.float32),
        ground_truth=DepthAndLabels(
            resize_nearest(depth_m, rows, columns) if heads[0] else None,
            resize_nearest(labels, rows, columns) if heads[1] else None,
        ),
        predicted=DepthAndLabels(prediction.depth_m, prediction.labels),
        confidence=prediction.confidence,
    )
