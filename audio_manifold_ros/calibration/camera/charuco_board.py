# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ChArUco board, a chessboard with markers in its white squares: drawing and detection, even if partly hidden."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import CalibrationError

# OpenCV's names without the prefix `DICT_`.
DICTIONARIES = tuple(sorted(f'{bits}X{bits}_{count}' for bits in (4, 5, 6, 7) for count in (50, 100, 250, 1000)))
MIN_CORNERS = 8
PRINT_SQUARE_PX, PRINT_MARGIN_PX = 120, 60


@dataclass(frozen=True)
class BoardView:
    """Corners of the board in one image.

    Attributes:
        name: Name of the image.
        corners_px: Column and row of inner corners, float32 (corner, 2).
        points_m: The same corners on the board, float32 (corner, 3), with z = 0.
        ids: Numbers of the corners on the board (corner,).

    """

    name: str
    corners_px: NDArray[np.float32]
    points_m: NDArray[np.float32]
    ids: NDArray[np.int32]


class CharucoBoard:
    """Printed board."""

    def __init__(self, columns: int, rows: int, square_m: float, marker_m: float, dictionary: str) -> None:
        """Create a board.

        Args:
            columns: Number of squares across.
            rows: Number of squares down.
            square_m: Edge of a square, measured on the print.
            marker_m: Edge of a marker, measured on the print.
            dictionary: One of `DICTIONARIES`.

        Raises:
            CalibrationError: The values do not describe a board.

        """
        if dictionary not in DICTIONARIES:
            msg = f'Unknown dictionary {dictionary!r}: choose from {list(DICTIONARIES)}.'
            raise CalibrationError(msg)
        if not (columns > 2 and rows > 2 and 0 < marker_m < square_m):
            msg = (
                f'A board of {columns} x {rows} squares of {square_m!r} m with markers of {marker_m!r} m is not '
                'possible: give three or more squares in each direction, and markers that are smaller than squares.'
            )
            raise CalibrationError(msg)
        markers = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f'DICT_{dictionary}'))
        if columns * rows // 2 > len(markers.bytesList):
            msg = (
                f'A board of {columns} x {rows} squares needs {columns * rows // 2} markers, and dictionary '
                f'{dictionary!r} has {len(markers.bytesList)}: give fewer squares or a larger dictionary.'
            )
            raise CalibrationError(msg)
        self._squares = columns, rows
        self._board = cv2.aruco.CharucoBoard((columns, rows), square_m, marker_m, markers)
        self._detector = cv2.aruco.CharucoDetector(self._board)

    def draw(self) -> RgbImage:
        """Return the board for printing, uint8 (row, column)."""
        size = [count * PRINT_SQUARE_PX + 2 * PRINT_MARGIN_PX for count in self._squares]
        return np.asarray(self._board.generateImage((size[0], size[1]), marginSize=PRINT_MARGIN_PX), dtype=np.uint8)

    def detect(self, name: str, grey: RgbImage) -> BoardView | None:
        """Detect the board in a grey image (row, column). Return None if too few corners are found."""
        corners, ids, _, _ = self._detector.detectBoard(grey)
        if ids is None or len(ids) < MIN_CORNERS:
            return None
        corner_ids = np.asarray(ids, dtype=np.int32).reshape(-1)
        points = np.asarray(self._board.getChessboardCorners(), dtype=np.float32)[corner_ids]
        return BoardView(name, np.asarray(corners, dtype=np.float32).reshape(-1, 2), points, corner_ids)
