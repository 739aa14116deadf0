# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sheet shows what it is given, where it should, in the colours of its legend."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.drawing.colormaps import colour_confidence, colour_depth, colour_labels, colour_spectrogram
from audio_manifold_ros.evaluation.metrics.metric_suite import DepthAndLabels
from audio_manifold_ros.evaluation.reporting.contact_sheet import (
    CELL_HEIGHT,
    CELL_WIDTH,
    Snapshot,
    contact_sheet,
    save_picture,
)

CELL = CELL_HEIGHT * CELL_WIDTH


def _snapshot(label: int = 13, *, ground_truth: bool = True) -> Snapshot:
    rng = np.random.default_rng(label)
    seen = DepthAndLabels(np.full((128, 128), 4.0, np.float32), np.full((128, 128), label, np.uint8))
    heard = DepthAndLabels(np.full((128, 128), 50.0, np.float32), np.full((128, 128), 0, np.uint8))
    features = rng.normal(size=(8, 128, 128)).astype(np.float32)
    return Snapshot(
        1.5, features, seen if ground_truth else DepthAndLabels(None, None), heard, np.full((128, 128), 0.5, np.float32)
    )


def _area(sheet: np.ndarray, colour: np.ndarray) -> int:
    return int((sheet == colour).all(axis=2).sum())


def test_each_image_fills_its_cell_in_its_colour() -> None:
    sheet = contact_sheet([_snapshot(), _snapshot()], 'title', 'subtitle')
    assert sheet.dtype == np.uint8
    for pixel in (
        colour_depth(np.array([[4.0]])),
        colour_depth(np.array([[50.0]])),
        colour_labels(np.array([[13]], np.uint8)),
        colour_labels(np.array([[0]], np.uint8)),
        colour_confidence(np.array([[0.5]])),
    ):
        assert 2 * CELL <= _area(sheet, pixel[0, 0]) < 2.05 * CELL


def test_without_a_camera_there_are_no_rows_of_truth() -> None:
    with_ground_truth, without = contact_sheet([_snapshot()], ''), contact_sheet([_snapshot(ground_truth=False)], '')
    assert without.shape[0] < with_ground_truth.shape[0] - 2 * CELL_HEIGHT
    assert _area(without, np.array(CLASS_COLOURS['car'])) == 0
    assert (
        _area(contact_sheet([_snapshot(), _snapshot(ground_truth=False)], ''), np.array(CLASS_COLOURS['car'])) >= CELL
    )


def test_a_saved_sheet_is_the_same_picture(tmp_path: Path) -> None:
    sheet = contact_sheet([_snapshot()], 'title')
    save_picture(tmp_path / 'sheet.png', sheet)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'sheet.png'))[..., ::-1], sheet)
    assert [path.name for path in tmp_path.iterdir()] == ['sheet.png']
    with pytest.raises(EvaluationError, match='absent'):
        save_picture(tmp_path / 'absent' / 'sheet.png', sheet)


def test_no_moment_is_refused() -> None:
    with pytest.raises(EvaluationError, match='at least one'):
        contact_sheet([], 'title')


def test_depth_darkens_with_distance_and_invalid_is_black() -> None:
    colours = colour_depth(np.array([[2.0, 5.0, 20.0, 79.0, np.nan]], np.float32))[0].astype(int)
    brightness = (colours @ [299, 587, 114]).tolist()
    assert brightness == sorted(brightness, reverse=True)
    assert colours[-1].tolist() == [0, 0, 0]


def test_low_notes_are_drawn_below() -> None:
    features = np.zeros((4, 3), np.float32)
    features[0] = 1.0
    picture = colour_spectrogram(features, 0.0, 1.0).astype(int).sum(axis=2)
    assert (picture[3] > picture[0]).all()
