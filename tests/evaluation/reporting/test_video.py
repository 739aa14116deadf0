# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames show every image in its cell, and the MP4 file has one frame per snapshot at the speed of the drive."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.drawing.colormaps import colour_depth, colour_labels
from audio_manifold_ros.drawing.images import BACKGROUND
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
from audio_manifold_ros.evaluation.reporting.video import CELL_HEIGHT, CELL_WIDTH, draw_frame, write_video


def _snapshot(time_s: float = 0.0, depth_m: float = 4.0) -> Snapshot:
    features = np.random.default_rng(0).normal(size=(8, 128, 128)).astype(np.float32)
    images = DepthAndLabels(np.full((128, 128), depth_m, np.float32), np.full((128, 128), 13, np.uint8))
    return Snapshot(time_s, features, DepthAndLabels(None, None), images, None)


def test_each_image_fills_its_cell_and_missing_ones_stay_dark() -> None:
    frame = draw_frame(_snapshot(), '', (0.0, 1.0))
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0
    for colour in (colour_depth(np.array([[4.0]], np.float32)), colour_labels(np.array([[13]], np.uint8))):
        area = (frame == colour[0, 0]).all(axis=2).sum()
        assert CELL_HEIGHT * CELL_WIDTH <= area < 1.02 * CELL_HEIGHT * CELL_WIDTH  # the spectrogram shares colours
    assert (frame == BACKGROUND).all(axis=2).sum() >= 3 * CELL_HEIGHT * CELL_WIDTH


def test_a_video_has_one_frame_per_snapshot_at_the_speed_of_the_drive(tmp_path: Path) -> None:
    path = tmp_path / 'drive.mp4'
    write_video(path, [_snapshot(index * 0.25, depth_m=4.0 + index) for index in range(9)], 'title')
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(4.0)
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 9
    video.release()
