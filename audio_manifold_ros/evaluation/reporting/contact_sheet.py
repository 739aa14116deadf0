# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One picture that shows what the model makes of a drive: sound, truth and prediction over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    colour_confidence,
    colour_depth,
    colour_labels,
    colour_spectrogram,
)
from audio_manifold_ros.evaluation.metrics.metric_suite import DepthAndLabels

Colour = tuple[int, int, int]
# The camera sees 100° × 50°: twice as wide as high looks natural.
CELL_WIDTH, CELL_HEIGHT = 248, 112
GAP, GROUP_GAP, MARGIN = 6, 18, 28
GUTTER = 150
HEADER, LEGEND = 84, 92
BACKGROUND, TEXT, FAINT = (15, 17, 21), (236, 238, 242), (140, 147, 160)
DEPTH_TICKS_M = (2, 5, 10, 20, 40, 80)
CONFIDENCE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BAR_WIDTH, BAR_HEIGHT = 300, 14
# OpenCV packs for speed; zlib's usual level makes drawn pictures a third to two thirds smaller.
PNG_LEVEL = 6


@dataclass(frozen=True)
class Snapshot:
    """One column of the sheet.

    Attributes:
        time_s: Instant within the drive.
        features: float32 (mic, mel, frame), what the network heard.
        ground_truth: What the camera saw; empty where there is no camera.
        predicted: What the network says.
        confidence: (row, column) 0..1, or None.

    """

    time_s: float
    features: NDArray[np.float32]
    ground_truth: DepthAndLabels
    predicted: DepthAndLabels
    confidence: NDArray[np.float32] | None


@dataclass(frozen=True)
class _Row:
    """A row of the sheet: its two lines of label, whether it continues the row above, and one picture per column."""

    label: str
    detail: str
    continues: bool
    cells: list[RgbImage]


def contact_sheet(snapshots: Sequence[Snapshot], title: str, subtitle: str = '') -> RgbImage:
    """Draw moments side by side.

    Args:
        snapshots: In order of time; six fill a page well.
        title: Heading.
        subtitle: A fainter line under it, for example the scores.

    Returns:
        uint8 (row, column, 3), red first. Rows that no moment has an image for are left out.

    Raises:
        EvaluationError: There is no moment.

    """
    if not snapshots:
        msg = 'A contact sheet without moments: give at least one.'
        raise EvaluationError(msg)
    rows = [row for row in _rows(snapshots) if row is not None]
    gaps = [GAP if row.continues else GROUP_GAP for row in rows]
    height = HEADER + sum(gaps) + len(rows) * CELL_HEIGHT + LEGEND + MARGIN
    width = 2 * MARGIN + GUTTER + len(snapshots) * (CELL_WIDTH + GAP) - GAP
    sheet: RgbImage = np.full((height, max(width, 2 * MARGIN + 3 * BAR_WIDTH), 3), BACKGROUND, dtype=np.uint8)
    _write(sheet, title, (MARGIN, 40), TEXT, 0.85, 2)
    _write(sheet, subtitle, (MARGIN, 66), FAINT, 0.5)
    for column, snapshot in enumerate(snapshots):
        _write(sheet, f'{snapshot.time_s:.1f} s', (_left(column), HEADER + GROUP_GAP - 8), FAINT, 0.45)
    top = HEADER
    for row, gap in zip(rows, gaps, strict=True):
        top += gap
        _write(sheet, row.label, (MARGIN, top + CELL_HEIGHT // 2 - 2), TEXT, 0.55)
        _write(sheet, row.detail, (MARGIN, top + CELL_HEIGHT // 2 + 18), FAINT, 0.42)
        for column, cell in enumerate(row.cells):
            sheet[top : top + CELL_HEIGHT, _left(column) : _left(column) + CELL_WIDTH] = cell
        top += CELL_HEIGHT
    _draw_legend(sheet, snapshots, top + 30)
    return sheet


def save_picture(path: Path | str, picture: RgbImage) -> None:
    """Write a picture (row, column, 3), red first, as PNG; it appears under its name only when it is complete.

    Raises:
        EvaluationError: The file cannot be written.

    """
    import cv2

    target = Path(path)
    partial = target.with_name(f'.{target.name}.partial')
    try:
        png = cv2.imencode('.png', picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])[1]
        partial.write_bytes(png.tobytes())
        partial.replace(target)
    except OSError as error:
        msg = f'Cannot write the picture {str(path)!r}: {error.strerror}. Give a path in a folder that can be written.'
        raise EvaluationError(msg) from None


def _rows(snapshots: Sequence[Snapshot]) -> list[_Row | None]:
    spectrograms = [snapshot.features.mean(axis=0) for snapshot in snapshots]
    low, high = (float(value) for value in np.percentile(np.stack(spectrograms), (1, 99.5)))
    ground_truths, predictions = [m.ground_truth for m in snapshots], [m.predicted for m in snapshots]
    depth = _row_if('Depth', 'camera', [t.depth_m for t in ground_truths], colour_depth)
    labels = _row_if('Classes', 'camera', [t.labels for t in ground_truths], colour_labels)
    return [
        _Row('Sound', 'mel spectrogram, 1 s', False, [_scaled(colour_spectrogram(h, low, high)) for h in spectrograms]),
        depth,
        _row_if('Depth', 'heard', [p.depth_m for p in predictions], colour_depth, continues=depth is not None),
        labels,
        _row_if('Classes', 'heard', [p.labels for p in predictions], colour_labels, continues=labels is not None),
        _row_if('Confidence', 'of what is heard', [m.confidence for m in snapshots], colour_confidence),
    ]


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
    blank: RgbImage = np.full((CELL_HEIGHT, CELL_WIDTH, 3), 32, dtype=np.uint8)
    cells = [blank if image is None else _scaled(colour(image)) for image in images]
    return _Row(label, detail, continues, cells)


def _scaled(picture: RgbImage) -> RgbImage:
    import cv2

    # Doubled without smoothing first, so that borders between classes stay sharp.
    doubled = picture.repeat(2, axis=0).repeat(2, axis=1)
    return np.asarray(cv2.resize(doubled, (CELL_WIDTH, CELL_HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _left(column: int) -> int:
    return MARGIN + GUTTER + column * (CELL_WIDTH + GAP)


def _write(sheet: RgbImage, text: str, at: tuple[int, int], colour: Colour, size: float, weight: int = 1) -> int:
    """Write a line with its left end of the baseline at (x, y); returns its width in pixels."""
    import cv2

    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, weight, cv2.LINE_AA)
    return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, weight)[0][0])


def _draw_legend(sheet: RgbImage, snapshots: Sequence[Snapshot], top: int) -> None:
    left = MARGIN + GUTTER
    span = np.log(COLORMAP_FAR_M / COLORMAP_NEAR_M)
    ticks = {
        f'{m} m' if m == DEPTH_TICKS_M[-1] else f'{m}': float(np.log(m / COLORMAP_NEAR_M) / span) for m in DEPTH_TICKS_M
    }
    _draw_bar(sheet, (left, top), DEPTH_COLORMAP[::-1], ticks)
    ticks = {f'{value:g}': value for value in CONFIDENCE_TICKS}
    _draw_bar(sheet, (left + BAR_WIDTH + 60, top), CONFIDENCE_TABLE, ticks)
    _write(sheet, 'Scales', (MARGIN, top + 12), TEXT, 0.55)
    images = [image for m in snapshots for image in (m.ground_truth.labels, m.predicted.labels) if image is not None]
    present = np.unique(np.concatenate([image.ravel() for image in images])) if images else np.array([], dtype=np.uint8)
    x = left
    for class_id in present[present < len(CLASS_NAMES)].tolist():
        name = CLASS_NAMES[class_id]
        sheet[top + 52 : top + 66, x : x + 14] = CLASS_COLOURS[name]
        x += 22 + _write(sheet, name, (x + 20, top + 64), FAINT, 0.45) + 20


def _draw_bar(sheet: RgbImage, at: tuple[int, int], table: RgbImage, ticks: dict[str, float]) -> None:
    left, top = at
    index = np.linspace(0, 255, BAR_WIDTH).round().astype(np.int64)
    sheet[top : top + BAR_HEIGHT, left : left + BAR_WIDTH] = table[index]
    for text, place in ticks.items():
        x = left + int(place * (BAR_WIDTH - 1))
        sheet[top + BAR_HEIGHT : top + BAR_HEIGHT + 4, x] = FAINT
        _write(sheet, text, (x - 4, top + BAR_HEIGHT + 18), FAINT, 0.42)
