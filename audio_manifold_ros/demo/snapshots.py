# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the frames of a demonstration to the moments that sheet and film are drawn of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.nodes.perception.spectrogram import image_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.demo.frame_sync import DemoFrame
    from audio_manifold_ros.inference.bundle.manifest import Manifest


def to_snapshots(frames: Sequence[DemoFrame], manifest: Manifest) -> list[Snapshot]:
    """Turn frames into moments; where only some have a truth, the others get an empty one."""
    empty = (
        _empty_images(manifest)
        if any(frame.ground_truth is not None for frame in frames)
        else DepthAndLabels(None, None)
    )
    return [
        Snapshot(
            time_s=(frame.stamp_ns - frames[0].stamp_ns) / 1e9,
            features=image_features(frame.spectrogram, manifest.microphones, manifest.features.db_divisor),
            ground_truth=empty
            if frame.ground_truth is None
            else DepthAndLabels(frame.ground_truth.depth_m, frame.ground_truth.labels),
            predicted=DepthAndLabels(frame.depth_m, frame.labels),
            confidence=frame.confidence,
        )
        for frame in frames
    ]


def sample_evenly(moments: Sequence[Snapshot], count: int) -> list[Snapshot]:
    """Choose at most `count` moments at even distances, the first and the last among them."""
    return [moments[i] for i in np.unique(np.linspace(0, len(moments) - 1, count).round().astype(int))]


def _empty_images(manifest: Manifest) -> DepthAndLabels:
    shape = (manifest.camera.height, manifest.camera.width)
    return DepthAndLabels(np.full(shape, np.nan, dtype=np.float32), np.full(shape, UNLABELLED, dtype=np.uint8))
