# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of demo frames to the snapshots that contact sheet and video are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.nodes.perception.spectrogram import image_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.demo.demo_frame import DemoFrame
    from audio_manifold_ros.inference.bundle.manifest import Manifest


def to_snapshots(frames: Sequence[DemoFrame], manifest: Manifest) -> list[Snapshot]:
    """Convert frames. If only some have ground truth, the others get images without valid pixels."""
    empty = (
        _empty_images(manifest)
        if any(frame.ground_truth is not None for frame in frames)
        else DepthAndLabels(None, None)
    )
    return [
        Snapshot(
            time_s=(frame.stamp_ns - frames[0].stamp_ns) / NS_PER_S,
            features=image_features(frame.spectrogram, manifest.microphones, manifest.features.db_divisor),
            ground_truth=empty
            if frame.ground_truth is None
            else DepthAndLabels(frame.ground_truth.depth_m, frame.ground_truth.labels),
            predicted=DepthAndLabels(frame.depth_m, frame.labels),
            confidence=frame.confidence,
        )
        for frame in frames
    ]


def _empty_images(manifest: Manifest) -> DepthAndLabels:
    shape = (manifest.camera.height, manifest.camera.width)
    return DepthAndLabels(np.full(shape, np.nan, dtype=np.float32), np.full(shape, UNLABELLED, dtype=np.uint8))
