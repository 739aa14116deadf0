# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The orientation in the EXIF data of a JPEG does not turn the pixels of the sensor."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.bags.decoding import image_messages
from audio_manifold_ros.calibration.recording.board_images import folder_pictures
from training.labelling import folder_frames

ORIENTATION_TAG, SHORT = 0x0112, 3


def oriented_jpeg(orientation: int) -> tuple[bytes, bytes]:
    """Return a JPEG of 24 x 40 pixels that is bright at the left, without and with an orientation."""
    pixels = np.full((24, 40, 3), 20, dtype=np.uint8)
    pixels[:8, :10] = 230
    plain = cv2.imencode('.jpg', pixels)[1].tobytes()
    entry = struct.pack('<HHII', ORIENTATION_TAG, SHORT, 1, orientation)
    exif = b'Exif\0\0' + struct.pack('<2sHIH', b'II', 42, 8, 1) + entry + struct.pack('<I', 0)
    marked = plain[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + plain[2:]
    return plain, marked


@pytest.mark.parametrize('orientation', [3, 6, 8])
def test_the_pixels_of_the_sensor_are_kept(tmp_path: Path, orientation: int) -> None:
    plain, marked = oriented_jpeg(orientation)
    colour = cv2.imdecode(np.frombuffer(plain, dtype=np.uint8), cv2.IMREAD_COLOR)
    turned = cv2.imdecode(np.frombuffer(marked, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert not np.array_equal(turned, colour)  # OpenCV turns it by default
    np.testing.assert_array_equal(image_messages._imdecode(marked, colour=True), colour)
    file = tmp_path / '1.jpg'
    file.write_bytes(marked)
    np.testing.assert_array_equal(folder_frames._reader(file, None)(), colour[:, :, ::-1])
    ((_, grey),) = folder_pictures(tmp_path)
    assert grey is not None
    assert grey.shape == colour.shape[:2]
    assert grey[2, 2] > 200
