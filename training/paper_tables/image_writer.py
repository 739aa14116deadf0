# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables as images, drawn with the fonts of OpenCV 5."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from training.paper_tables.table import ComparisonTable, Row, RowKind

Colour = tuple[int, int, int]
SIZE, TITLE_SIZE, NOTE_SIZE = 26, 32, 22
LINE, NOTE_LINE, BLOCK_GAP = 40, 30, 14
MARGIN, COLUMN_GAP = 40, 44
NORMAL, BOLD = 400, 700
LEFT_COLUMNS = 2
PAPER, INK, FAINT, RULE = (255, 255, 255), (24, 27, 33), (110, 118, 130), (200, 205, 212)
COLOURS: dict[RowKind, Colour] = {
    RowKind.PRIOR: FAINT,
    RowKind.MODEL: INK,
    RowKind.CONTROL: FAINT,
    RowKind.PAPER: (38, 84, 168),
}
NOTE_SIGN_WIDTH = 11


def as_picture(table: ComparisonTable) -> RgbImage:
    """Return an image of the table: uint8 (row, column, 3), red first, dark on white."""
    lines = [table.headings, *(row.texts for row in table.rows)]
    widths = [max(_width(line[place], BOLD) for line in lines) for place in range(len(table.headings))]
    across = max(sum(widths) + COLUMN_GAP * (len(widths) - 1), _width(table.title, BOLD, TITLE_SIZE))
    notes = [line for note in table.notes for line in textwrap.wrap(note, across // NOTE_SIGN_WIDTH)]
    blocks = sum(bool(row.method) for row in table.rows[1:])
    across = max([across, *(_width(note, NORMAL, NOTE_SIZE) for note in notes)])
    height = 2 * MARGIN + 60 + NOTE_LINE * len(notes) + LINE * len(lines) + BLOCK_GAP * blocks + 60
    picture: RgbImage = np.full((height, across + 2 * MARGIN, 3), PAPER, dtype=np.uint8)
    top = MARGIN + TITLE_SIZE
    _write(picture, table.title, (MARGIN, top), INK, BOLD, TITLE_SIZE)
    for note in notes:
        top += NOTE_LINE
        _write(picture, note, (MARGIN, top + 8), FAINT, NORMAL, NOTE_SIZE)
    top = _rule(picture, top + 28)
    top = _draw_line(picture, table.headings, top, widths, [INK] * len(widths), [BOLD] * len(widths))
    top = _rule(picture, top + 14)
    for place, row in enumerate(table.rows):
        top += BLOCK_GAP if row.method and place else 0
        top = _draw_line(
            picture, row.texts, top, widths, [INK, *[COLOURS[row.kind]] * (len(widths) - 1)], _weights(row)
        )
    _rule(picture, top + 14)
    return picture


def _weights(row: Row) -> list[int]:
    return [BOLD if row.method else NORMAL, NORMAL, NORMAL, *(BOLD if cell.best else NORMAL for cell in row.cells)]


def _draw_line(
    picture: RgbImage, texts: tuple[str, ...], top: int, widths: list[int], colours: list[Colour], weights: list[int]
) -> int:
    left, base = MARGIN, top + LINE
    for place, (text, width) in enumerate(zip(texts, widths, strict=True)):
        shift = 0 if place < LEFT_COLUMNS else width - _width(text, weights[place])
        _write(picture, text, (left + shift, base), colours[place], weights[place])
        left += width + COLUMN_GAP
    return base


def _rule(picture: RgbImage, top: int) -> int:
    picture[top : top + 2, MARGIN : picture.shape[1] - MARGIN] = RULE
    return top


def _write(picture: RgbImage, text: str, at: tuple[int, int], colour: Colour, weight: int, size: int = SIZE) -> None:
    import cv2

    if text:
        cv2.putText(picture, text, at, colour, _face(), size, weight)


def _width(text: str, weight: int, size: int = SIZE) -> int:
    import cv2

    if not text:
        return 0
    left, _, width, _ = cv2.getTextSize((1, 1), text, (0, 0), _face(), size, weight)
    return int(left + width)


def _face() -> Any:
    import cv2

    return cv2.FontFace('sans')
