# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RGB images for people: theme colours, text, enlargement and PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import DrawingError
from audio_manifold_ros.common.files import write_bytes_atomic

Colour = tuple[int, int, int]
BACKGROUND: Colour = (15, 17, 21)
TEXT: Colour = (236, 238, 242)
FAINT: Colour = (140, 147, 160)
# OpenCV's default level favours speed. zlib's usual level makes drawn images a third to two thirds smaller.
PNG_LEVEL = 6


def write_text(
    image: RgbImage, text: str, position: tuple[int, int], colour: Colour, size: float, weight: int = 1
) -> int:
    """Write one line of text into an image.

    Args:
        image: uint8 (row, column, 3), changed in place.
        text: The line.
        position: (x, y) of the left end of the baseline, in pixels.
        colour: Red, green, blue.
        size: Scale of the font.
        weight: Thickness of the strokes, in pixels.

    Returns:
        Width of the text, in pixels.

    """
    import cv2

    cv2.putText(image, text, position, cv2.FONT_HERSHEY_SIMPLEX, size, colour, weight, cv2.LINE_AA)
    return text_size(text, size, weight)[0]


def text_size(text: str, size: float, weight: int = 1) -> tuple[int, int]:
    """Return width and height in pixels of a line that `write_text` writes."""
    import cv2

    width, height = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, weight)[0]
    return int(width), int(height)


def scale_with_sharp_edges(image: RgbImage, width: int, height: int, factor: int = 2) -> RgbImage:
    """Return an image of another size with sharp borders between its classes.

    Args:
        image: uint8 (row, column, 3).
        width: Columns of the result.
        height: Rows of the result.
        factor: Each pixel is first repeated this many times in both directions, so that borders are not smoothed.

    """
    import cv2

    repeated = image.repeat(factor, axis=0).repeat(factor, axis=1)
    return np.asarray(cv2.resize(repeated, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def save_png(path: Path | str, image: RgbImage) -> None:
    """Write an image (row, column, 3), red first, as a PNG file. The write is atomic.

    Raises:
        DrawingError: The file cannot be written.

    """
    import cv2

    png = cv2.imencode('.png', image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])[1]
    try:
        write_bytes_atomic(Path(path), png.tobytes())
    except OSError as error:
        msg = f'Cannot write the image {str(path)!r}: {error.strerror}. Give a path in a folder that can be written.'
        raise DrawingError(msg) from None
