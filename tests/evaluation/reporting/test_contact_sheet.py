# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contact sheet shows every image in its cell, in the colours of its legend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.drawing.colormaps import colour_confidence, colour_depth, colour_labels
from audio_manifold_ros.evaluation.reporting.contact_sheet import CELL_HEIGHT, CELL_WIDTH, Snapshot, contact_sheet
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.networks.vehicle_map import VehiclePosition

CELL = CELL_HEIGHT * CELL_WIDTH


def _snapshot(label: int = 13, *, ground_truth: bool = True) -> Snapshot:
    rng = np.random.default_rng(label)
    camera = ModalityImages(np.full((128, 128), 4.0, np.float32), np.full((128, 128), label, np.uint8))
    predicted = ModalityImages(np.full((128, 128), 50.0, np.float32), np.full((128, 128), 0, np.uint8))
    features = rng.normal(size=(8, 128, 128)).astype(np.float32)
    return Snapshot(
        1.5,
        features,
        camera if ground_truth else ModalityImages(),
        predicted,
        np.full((128, 128), 0.5, np.float32),
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


def test_without_a_camera_there_are_no_ground_truth_rows() -> None:
    with_ground_truth, without = contact_sheet([_snapshot()], ''), contact_sheet([_snapshot(ground_truth=False)], '')
    assert without.shape[0] < with_ground_truth.shape[0] - 2 * CELL_HEIGHT
    assert _area(without, np.array(CLASS_COLOURS['car'])) == 0
    assert (
        _area(contact_sheet([_snapshot(), _snapshot(ground_truth=False)], ''), np.array(CLASS_COLOURS['car'])) >= CELL
    )


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(EvaluationError, match='at least one'):
        contact_sheet([], 'title')


def test_vehicles_all_round_are_a_row_of_top_views() -> None:
    bus = [VehiclePosition('bus', 1.0, 20.0)]
    without, empty = _snapshot(), replace(_snapshot(), vehicles=[])
    found = replace(_snapshot(), vehicles=bus, true_vehicles=[VehiclePosition('train', -2.0, 30.0)])
    sheet, empty_sheet = contact_sheet([without, found], ''), contact_sheet([without, empty], '')
    assert sheet.shape == empty_sheet.shape
    assert sheet.shape[0] > contact_sheet([without], '').shape[0] + CELL_WIDTH
    for category in ('bus', 'train'):
        colour = np.array(CLASS_COLOURS[category])
        assert _area(empty_sheet, colour) == 0
        # In the view and in the legend.
        assert _area(sheet, colour) > 14 * 14 + 30
