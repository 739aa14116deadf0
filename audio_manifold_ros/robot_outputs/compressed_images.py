# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed images in the formats of the plug-ins of image_transport."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import RgbImage

COMPRESSED_DEPTH_FORMAT = '32FC1; compressedDepth png'
# format: text of CompressedImage.format for an rgb8 image. The files hold blue first, as OpenCV writes them.
COLOUR_FORMATS = {'jpeg': 'rgb8; jpeg compressed bgr8', 'png': 'rgb8; png compressed bgr8'}
# ConfigHeader of compressed_depth_image_transport: enum INV_DEPTH, and the two parameters of the quantisation.
CONFIG_HEADER = struct.Struct('<iff')
INVERSE_DEPTH = 0
MAX_CODE = 65_535
# Level 1 is 2 to 3 times as fast as level 3 for files that are 5 % larger.
PNG_LEVEL = 1


def compress_depth(depth_m: NDArray[np.float32], min_m: float, max_m: float) -> bytes:
    """Return the data of a `compressedDepth` message: the header and a PNG image of 16 bits.

    The code of a depth z is A / z + B, rounded. A and B are chosen so that `max_m` has the code 1 and `min_m` the
    code 65535. A reader computes A / (code - B), with A and B from the header. The largest error at depth z is
    z² / 2A. NaN has the code 0, which readers decode as NaN. Depth outside the range takes its nearest limit.

    Args:
        depth_m: float32 (row, column), NaN where invalid.
        min_m: Smallest depth.
        max_m: Largest depth.

    """
    import cv2

    scale = (MAX_CODE - 1) / (1 / min_m - 1 / max_m)
    offset = 1 - scale / max_m
    codes = np.rint(np.clip(scale / np.maximum(depth_m, min_m) + offset, 1, MAX_CODE))
    image = np.where(np.isfinite(depth_m), codes, 0).astype(np.uint16)
    png = cv2.imencode('.png', image, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])[1]
    return CONFIG_HEADER.pack(INVERSE_DEPTH, scale, offset) + png.tobytes()


def compress_colours(image: RgbImage, file_format: str, jpeg_quality: int) -> bytes:
    """Return an image as a JPEG or PNG file.

    Args:
        image: uint8 (row, column, 3), red first.
        file_format: A key of `COLOUR_FORMATS`.
        jpeg_quality: 1 to 100.

    """
    import cv2

    options = {
        'jpeg': [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality],
        'png': [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL],
    }
    return bytes(cv2.imencode(f'.{file_format}', np.ascontiguousarray(image[..., ::-1]), options[file_format])[1])
