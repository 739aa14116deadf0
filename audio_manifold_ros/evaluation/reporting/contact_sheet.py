# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Contact sheet of a drive: sound, ground truth and prediction over time in one image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.class_ids import CLASS_COLOURS, CLASS_NAMES
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.drawing.colormaps import (
    COLORMAP_FAR_M,
    COLORMAP_NEAR_M,
    CONFIDENCE_TABLE,
    DEPTH_COLORMAP,
    MODALITY_COLOURS,
    colour_confidence,
    colour_spectrogram,
)
from audio_manifold_ros.drawing.images import BACKGROUND, FAINT, TEXT, scale_with_sharp_edges, write_text
from audio_manifold_ros.drawing.top_view import TOP_VIEW_LEGEND, draw_top_view
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.vehicle_map import VehiclePosition

# The field of view of the camera is 100° × 50°, so cells are about twice as wide as high.
CELL_WIDTH, CELL_HEIGHT = 248, 112
GAP, GROUP_GAP, MARGIN = 6, 18, 28
GUTTER = 150
HEADER, LEGEND = 84, 92
DEPTH_TICKS_M = (2, 5, 10, 20, 40, 80)
CONFIDENCE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BAR_WIDTH, BAR_HEIGHT = 300, 14
MIN_SHOWN_AGE_S = 0.05
# Grey of a cell without an image.
BLANK = 32


@dataclass(frozen=True)
class Snapshot:
    """One column of the sheet.

    Attributes:
        time_s: Time within the drive, in seconds.
        features: float32 (channel, band, frame), spectrograms in decibels or proportional to them.
        ground_truth: Camera images, none without a camera.
        predicted: Output of the network.
        confidence: float32 (row, column) 0..1, or None.
        ground_truth_age_s: Age of the camera image of each modality that has any in this drive.
            It is 0 for an image of this instant, and `inf` before the first image.
        vehicles: Predicted vehicles all round, None of a bundle without them.
        true_vehicles: True vehicles, empty where they are unknown.

    """

    time_s: float
    features: NDArray[np.float32]
    ground_truth: ModalityImages
    predicted: ModalityImages
    confidence: NDArray[np.float32] | None
    ground_truth_age_s: Mapping[str, float] = field(default_factory=dict)
    vehicles: Sequence[VehiclePosition] | None = None
    true_vehicles: Sequence[VehiclePosition] = ()

    @property
    def has_current_ground_truth(self) -> bool:
        """True if every head with camera images has one of this instant."""
        return bool(self.ground_truth_age_s) and not any(self.ground_truth_age_s.values())

    @property
    def has_ground_truth(self) -> bool:
        """True if every head with camera images in this drive has one of this instant or earlier."""
        return all(math.isfinite(age_s) for age_s in self.ground_truth_age_s.values())

    def top_view(self, size: int) -> RgbImage | None:
        """Return the top view (`size`, `size`, 3) of the vehicles all round, None of a bundle without them."""
        return None if self.vehicles is None else draw_top_view(self.vehicles, self.true_vehicles, size)

    def describe_age(self, head: str) -> str:
        """Return the age of a camera image as text, or an empty string if it is of this instant."""
        age_s = self.ground_truth_age_s.get(head, 0.0)
        if math.isinf(age_s):
            return 'no image yet'
        return f'{age_s:.1f} s old' if age_s >= MIN_SHOWN_AGE_S else ''


@dataclass(frozen=True)
class _Row:
    """One row of the sheet.

    Attributes:
        label: First line of the label.
        details: Further lines of the label.
        continues: Reduces the gap to the row above, which shows the same modality.
        cells: One image per column, all of one height.

    """

    label: str
    details: tuple[str, ...]
    continues: bool
    cells: list[RgbImage]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.cells[0].shape[0])


def contact_sheet(snapshots: Sequence[Snapshot], title: str, subtitle: str = '') -> RgbImage:
    """Draw snapshots side by side.

    Args:
        snapshots: In order of time. Six fill a page well.
        title: Heading.
        subtitle: Fainter line under the heading, for example the scores.

    Returns:
        uint8 (row, column, 3), red first. A row without any image is left out.

    Raises:
        EvaluationError: `snapshots` is empty.

    """
    if not snapshots:
        msg = 'A contact sheet needs snapshots: give at least one.'
        raise EvaluationError(msg)
    rows = [row for row in _rows(snapshots) if row is not None]
    gaps = [GAP if row.continues else GROUP_GAP for row in rows]
    height = HEADER + sum(gaps) + sum(row.height for row in rows) + LEGEND + MARGIN
    width = 2 * MARGIN + GUTTER + len(snapshots) * (CELL_WIDTH + GAP) - GAP
    sheet: RgbImage = np.full((height, max(width, 2 * MARGIN + 3 * BAR_WIDTH), 3), BACKGROUND, dtype=np.uint8)
    write_text(sheet, title, (MARGIN, 40), TEXT, 0.85, 2)
    write_text(sheet, subtitle, (MARGIN, 66), FAINT, 0.5)
    for column, snapshot in enumerate(snapshots):
        write_text(sheet, f'{snapshot.time_s:.1f} s', (_left(column), HEADER + GROUP_GAP - 8), FAINT, 0.45)
    top = HEADER
    for row, gap in zip(rows, gaps, strict=True):
        top += gap
        write_text(sheet, row.label, (MARGIN, top + row.height // 2 - 2), TEXT, 0.55)
        for line, detail in enumerate(row.details):
            write_text(sheet, detail, (MARGIN, top + row.height // 2 + 18 + 16 * line), FAINT, 0.42)
        for column, cell in enumerate(row.cells):
            sheet[top : top + row.height, _left(column) : _left(column) + CELL_WIDTH] = cell
        top += row.height
    _draw_legend(sheet, snapshots, top + 30)
    return sheet


def _rows(snapshots: Sequence[Snapshot]) -> list[_Row | None]:
    spectrograms = [snapshot.features.mean(axis=0) for snapshot in snapshots]
    low, high = (float(value) for value in np.percentile(np.stack(spectrograms), (1, 99.5)))
    rows: list[_Row | None] = [
        _Row('Sound', ('spectrogram, 1 s',), False, [_scaled(colour_spectrogram(h, low, high)) for h in spectrograms])
    ]
    for name, modality in MODALITIES.items():
        colour = MODALITY_COLOURS[name]
        camera = _row_if(modality.title, 'camera', [m.ground_truth.image(name) for m in snapshots], colour)
        for cell, snapshot in zip(camera.cells if camera else [], snapshots, strict=False):
            write_label(cell, snapshot.describe_age(name))
        predicted = [m.predicted.image(name) for m in snapshots]
        rows += [camera, _row_if(modality.title, 'predicted', predicted, colour, continues=camera is not None)]
    confidences = [m.confidence for m in snapshots]
    rows.append(_row_if('Confidence', 'of the prediction', confidences, colour_confidence))
    return [*rows, _vehicle_row(snapshots)]


def _vehicle_row(snapshots: Sequence[Snapshot]) -> _Row | None:
    if all(snapshot.vehicles is None for snapshot in snapshots):
        return None
    blank: RgbImage = np.full((CELL_WIDTH, CELL_WIDTH, 3), BLANK, dtype=np.uint8)
    views = [snapshot.top_view(CELL_WIDTH) for snapshot in snapshots]
    details = (*TOP_VIEW_LEGEND.split(', '), 'middle: car and array')
    return _Row('Vehicles', details, False, [blank if view is None else view for view in views])


def _row_if(
    label: str,
    detail: str,
    images: Sequence[NDArray[Any] | None],
    colour: Callable[[NDArray[Any]], RgbImage],
    *,
    continues: bool = False,
) -> _Row | None:
    if all(image is None for image in images):
        return None
    blank: RgbImage = np.full((CELL_HEIGHT, CELL_WIDTH, 3), BLANK, dtype=np.uint8)
    cells = [blank if image is None else _scaled(colour(image)) for image in images]
    return _Row(label, (detail,), continues, cells)


def write_label(cell: RgbImage, text: str) -> None:
    """Write a text on a dark ground into the lower left corner of an image. An empty text changes nothing."""
    if text:
        width = 10 * len(text) + 4
        cell[-20:, :width] = BACKGROUND
        write_text(cell, text, (6, cell.shape[0] - 6), TEXT, 0.45)


def _scaled(image: RgbImage) -> RgbImage:
    return scale_with_sharp_edges(image, CELL_WIDTH, CELL_HEIGHT)


def _left(column: int) -> int:
    return MARGIN + GUTTER + column * (CELL_WIDTH + GAP)


def _draw_legend(sheet: RgbImage, snapshots: Sequence[Snapshot], top: int) -> None:
    left = MARGIN + GUTTER
    draw_scales(sheet, (left, top))
    write_text(sheet, 'Scales', (MARGIN, top + 12), TEXT, 0.55)
    write_text(sheet, 'depth, confidence', (MARGIN, top + 32), FAINT, 0.42)
    write_text(sheet, 'classes', (MARGIN, top + 64), FAINT, 0.42)
    images = [image for m in snapshots for image in (m.ground_truth.labels, m.predicted.labels) if image is not None]
    present = np.unique(np.concatenate([image.ravel() for image in images])) if images else np.array([], dtype=np.uint8)
    shown = {vehicle.category for m in snapshots for vehicle in (*(m.vehicles or ()), *m.true_vehicles)}
    shown.update(CLASS_NAMES[class_id] for class_id in present[present < len(CLASS_NAMES)].tolist())
    x = left
    for name in (name for name in CLASS_NAMES if name in shown):
        sheet[top + 52 : top + 66, x : x + 14] = CLASS_COLOURS[name]
        x += 22 + write_text(sheet, name, (x + 20, top + 64), FAINT, 0.45) + 20


def draw_scales(sheet: RgbImage, at: tuple[int, int]) -> None:
    """Draw the colour scales of depth and confidence side by side.

    Args:
        sheet: uint8 (row, column, 3), changed in place.
        at: (x, y) of their upper left corner, in pixels.

    """
    span = np.log(COLORMAP_FAR_M / COLORMAP_NEAR_M)
    ticks = {
        f'{m} m' if m == DEPTH_TICKS_M[-1] else f'{m}': float(np.log(m / COLORMAP_NEAR_M) / span) for m in DEPTH_TICKS_M
    }
    _draw_bar(sheet, at, DEPTH_COLORMAP[::-1], ticks)
    ticks = {f'{value:g}': value for value in CONFIDENCE_TICKS}
    _draw_bar(sheet, (at[0] + BAR_WIDTH + 60, at[1]), CONFIDENCE_TABLE, ticks)


def _draw_bar(sheet: RgbImage, at: tuple[int, int], table: RgbImage, ticks: dict[str, float]) -> None:
    left, top = at
    index = np.linspace(0, 255, BAR_WIDTH).round().astype(np.int64)
    sheet[top : top + BAR_HEIGHT, left : left + BAR_WIDTH] = table[index]
    for text, place in ticks.items():
        x = left + int(place * (BAR_WIDTH - 1))
        sheet[top + BAR_HEIGHT : top + BAR_HEIGHT + 4, x] = FAINT
        write_text(sheet, text, (x - 4, top + BAR_HEIGHT + 18), FAINT, 0.42)
