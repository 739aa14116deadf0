# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a drive for contact sheet and video: sampling at even intervals, and the images of a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction

DEFAULT_CAPACITY = 48
DEFAULT_INTERVAL_S = 0.25
INTERVAL_TOLERANCE = 0.01  # stamps jitter

T = TypeVar('T')


class SnapshotSampler(Generic[T]):
    """Items at even intervals of time, at most `capacity`. When it is full, every second one is removed.

    Removal doubles the interval, so memory stays bounded for a drive of any length.

    Attributes:
        items: Items so far, in order of time.

    """

    def __init__(self, interval_s: float = DEFAULT_INTERVAL_S, capacity: int = DEFAULT_CAPACITY) -> None:
        """Start without items.

        Args:
            interval_s: Interval until the first removal.
            capacity: Largest number of items.

        """
        self.items: list[T] = []
        self._interval_ns = round(interval_s * NS_PER_S)
        self._capacity = capacity
        self._stamps_ns: list[int] = []

    def is_due(self, stamp_ns: int) -> bool:
        """Return whether `add` would keep an item of this instant."""
        return not self._stamps_ns or stamp_ns - self._stamps_ns[-1] >= self._interval_ns * (1 - INTERVAL_TOLERANCE)

    def add(self, stamp_ns: int, item: T) -> None:
        """Keep an item, unless it is too close to the last one."""
        if not self.is_due(stamp_ns):
            return
        self.items.append(item)
        self._stamps_ns.append(stamp_ns)
        if len(self.items) > self._capacity:
            del self.items[1::2], self._stamps_ns[1::2]
            self._interval_ns *= 2


def evenly_spaced(items: Sequence[T], count: int) -> list[T]:
    """Return at most `count` items at even distances, the first and the last one included."""
    if not items:
        return []
    return [items[index] for index in np.unique(np.linspace(0, len(items) - 1, count).round().astype(int))]


def make_snapshot(
    prediction: Prediction,
    ground_truth: DepthAndLabels | None,
    heads: tuple[bool, bool],
    manifest: Manifest,
    time_s: float,
) -> Snapshot:
    """Return the images of a prediction. The spectrogram is the mean of all microphones.

    Args:
        prediction: The prediction, with its features.
        ground_truth: Ground truth images of any size, or None.
        heads: Whether the bag has ground truth depth, and ground truth labels, at any time. If not, the snapshot has no
            such image. If so, an image without valid pixels replaces a missing one.
        manifest: Manifest of the bundle.
        time_s: Time within the drive.

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
