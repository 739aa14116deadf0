# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a drive for contact sheet and video: choice of instants, and the images of a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.features.spectrograms import level_spectrograms
from audio_manifold_ros.modalities.modality_images import to_modality_images
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.vehicle_map import decode_vehicles
from audio_manifold_ros.rig.derived_images import with_derived

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.modalities.modality_images import ModalityImages

DEFAULT_CAPACITY = 48
DEFAULT_INTERVAL_S = 0.25
INTERVAL_TOLERANCE = 0.01  # stamps jitter
# Vehicles all round with a lower probability are not shown, as by default in `~/detections`.
SHOWN_PROBABILITY = 0.3

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


def choose_snapshots(snapshots: Sequence[Snapshot], count: int) -> list[Snapshot]:
    """Return at most `count` snapshots of different instants in order of time, those with ground truth first.

    If too few have ground truth of their own instant, those with an earlier image are added, then others. Each kind is
    spread evenly over the drive.
    """
    distinct = sorted({snapshot.time_s: snapshot for snapshot in snapshots}.values(), key=lambda item: item.time_s)
    chosen: list[Snapshot] = []
    for kind in (2, 1, 0):
        members = [item for item in distinct if item.has_ground_truth + item.has_current_ground_truth == kind]
        chosen += evenly_spaced(members, count - len(chosen))
    return sorted(chosen, key=lambda item: item.time_s)


def make_snapshot(
    prediction: Prediction,
    ground_truth: ModalityImages,
    ages_s: Mapping[str, float],
    manifest: Manifest,
    time_s: float,
) -> Snapshot:
    """Return the images of a prediction. The spectrogram is the mean of all microphones.

    Args:
        prediction: The prediction, with its features.
        ground_truth: Ground truth images of any size to show.
        ages_s: Age of each in seconds by head, see `Snapshot.ground_truth_age_s`.
        manifest: Manifest of the bundle.
        time_s: Time within the drive.

    """
    rows, columns = manifest.camera.height, manifest.camera.width
    levels_db = level_spectrograms(prediction.require_features(), manifest.features)
    true_images = ground_truth.by_modality()
    resized = {name: resize_nearest(image, rows, columns) for name, image in true_images.items()}
    shown = with_derived(to_modality_images(resized), manifest.camera, manifest.modalities)
    config, probabilities = manifest.vehicles, prediction.vehicles
    found = (
        None if config is None or probabilities is None else decode_vehicles(probabilities, config, SHOWN_PROBABILITY)
    )
    derived = {name: ages_s[MODALITIES[name].derived_from] for name in shown.by_modality() if name not in ages_s}
    return Snapshot(
        time_s=time_s,
        features=levels_db.mean(axis=0, keepdims=True, dtype=np.float32),
        ground_truth=shown,
        predicted=to_modality_images(prediction.by_modality()),
        confidence=prediction.confidence,
        ground_truth_age_s={**ages_s, **derived},
        vehicles=found,
    )
