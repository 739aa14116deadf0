# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A chessboard with markers in its white squares (ChArUco): drawn, and found in pictures, even if half hidden."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import CalibrationError

# OpenCV's names without their prefix.
DICTIONARIES = tuple(sorted(f'{bits}X{bits}_{count}' for bits in (4, 5, 6, 7) for count in (50, 100, 250, 1000)))
MIN_CORNERS = 8
PRINT_SQUARE_PX, PRINT_MARGIN_PX = 120, 60


@dataclass(frozen=True)
class BoardView:
    """What one picture shows of a board.

    Attributes:
        name: Of the picture.
        corners_px: Column and row of inner corners, float32 (corner, 2).
        points_m: The same on the board, float32 (corner, 3), z is 0.
        ids: Which corners these are (corner,).

    """

    name: str
    corners_px: NDArray[np.float32]
    points_m: NDArray[np.float32]
    ids: NDArray[np.int32]


class CharucoBoard:
    """A board as it was printed."""

    def __init__(self, columns: int, rows: int, square_m: float, marker_m: float, dictionary: str) -> None:
        """Describe it.

        Args:
            columns: Squares across.
            rows: Squares downwards.
            square_m: Edge of a square, measured on the print.
            marker_m: Edge of a marker, likewise.
            dictionary: One of `DICTIONARIES`.

        Raises:
            CalibrationError: There is no such board.

        """
        if dictionary not in DICTIONARIES:
            msg = f'There is no dictionary {dictionary!r}: choose from {list(DICTIONARIES)}.'
            raise CalibrationError(msg)
        if not (columns > 2 and rows > 2 and 0 < marker_m < square_m):
            msg = (
                f'A board of {columns} x {rows} squares of {square_m!r} m with markers of {marker_m!r} m cannot be: '
                'give three squares or more each way, and markers that are smaller than squares.'
            )
            raise CalibrationError(msg)
        markers = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f'DICT_{dictionary}'))
        if columns * rows // 2 > len(markers.bytesList):
            msg = (
                f'A board of {columns} x {rows} squares needs {columns * rows // 2} markers: {dictionary!r} has fewer.'
            )
            raise CalibrationError(msg)
        self._squares = columns, rows
        self._board = cv2.aruco.CharucoBoard((columns, rows), square_m, marker_m, markers)
        self._detector = cv2.aruco.CharucoDetector(self._board)

    def draw(self) -> RgbImage:
        """Return the board to be printed, uint8 (row, column)."""
        size = [count * PRINT_SQUARE_PX + 2 * PRINT_MARGIN_PX for count in self._squares]
        return np.asarray(self._board.generateImage((size[0], size[1]), marginSize=PRINT_MARGIN_PX), dtype=np.uint8)

    def detect(self, name: str, grey: RgbImage) -> BoardView | None:
        """Return what a grey picture (row, column) shows of the board; None for too little."""
        corners, ids, _, _ = self._detector.detectBoard(grey)
        if ids is None or len(ids) < MIN_CORNERS:
            return None
        corner_ids = np.asarray(ids, dtype=np.int32).reshape(-1)
        points = np.asarray(self._board.getChessboardCorners(), dtype=np.float32)[corner_ids]
        return BoardView(name, np.asarray(corners, dtype=np.float32).reshape(-1, 2), points, corner_ids)
