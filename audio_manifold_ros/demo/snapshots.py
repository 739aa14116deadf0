# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of demo frames to the snapshots that contact sheet and video are drawn from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.features.spectrograms import spectrogram_channels
from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.nodes.perception.spectrogram import image_levels_db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.demo.demo_frame import DemoFrame
    from audio_manifold_ros.inference.bundle.manifest import Manifest


class GroundTruthHold:
    """Last ground truth image of each head, with its age. An image is shown until the next one arrives."""

    def __init__(self, heads: Iterable[str]) -> None:
        """Start without images.

        Args:
            heads: Heads of which the drive has ground truth at any time.

        """
        self._heads = tuple(heads)
        self._last: dict[str, tuple[float, NDArray[Any]]] = {}

    def update(self, time_s: float, ground_truth: ModalityImages | None) -> tuple[ModalityImages, dict[str, float]]:
        """Return the images to show at an instant, and the age of each in seconds, `inf` before the first image.

        Args:
            time_s: The instant. It must not decrease.
            ground_truth: Ground truth of this instant, or None.

        """
        if ground_truth is not None:
            self._last |= {head: (time_s, image) for head, image in ground_truth.by_modality().items()}
        ages_s = {head: time_s - self._last[head][0] if head in self._last else math.inf for head in self._heads}
        held = {head: self._last[head][1] for head in self._heads if head in self._last}
        return to_modality_images(held), ages_s


def to_snapshots(frames: Sequence[DemoFrame], manifest: Manifest) -> list[Snapshot]:
    """Convert frames. A frame without ground truth shows the last one with its age."""
    ground_truths = [frame.ground_truth for frame in frames if frame.ground_truth is not None]
    present = {head for images in ground_truths for head in images.by_modality()}
    hold = GroundTruthHold(head for head in MODALITIES if head in present)
    return [to_snapshot(frame, (frame.stamp_ns - frames[0].stamp_ns) / NS_PER_S, hold, manifest) for frame in frames]


def to_snapshot(frame: DemoFrame, time_s: float, hold: GroundTruthHold, manifest: Manifest) -> Snapshot:
    """Convert a frame.

    Args:
        frame: The frame.
        time_s: Time of the frame since the first one.
        hold: Last ground truth, which is updated.
        manifest: Manifest of the bundle.

    """
    ground_truth, ages_s = hold.update(time_s, frame.ground_truth)
    return Snapshot(
        time_s=time_s,
        features=image_levels_db(frame.spectrogram, spectrogram_channels(manifest.features, manifest.microphones)),
        ground_truth=ground_truth,
        predicted=frame,
        confidence=frame.confidence,
        ground_truth_age_s=ages_s,
        vehicles=frame.vehicles,
        true_vehicles=frame.true_vehicles,
    )
