# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from audio_manifold_ros.robot_outputs.compressed_images import compress_colours, compress_depth


def test_depth_survives_within_the_quantisation() -> None:
    rng = np.random.default_rng(1)
    depth_m = np.exp(rng.uniform(0, np.log(80), (64, 128))).astype(np.float32)
    depth_m[0, :4] = np.nan, 0.2, 100.0, 80.0
    data = compress_depth(depth_m, 1.0, 80.0)
    kind, scale, offset = struct.unpack('<iff', data[:12])
    codes = cv2.imdecode(np.frombuffer(data[12:], np.uint8), cv2.IMREAD_UNCHANGED)
    assert (kind, codes.dtype, codes.shape) == (0, np.uint16, depth_m.shape)
    assert codes[0, :4].tolist() == [0, 65_535, 1, 1]
    decoded = scale / (codes.astype(np.float64) - offset)
    error_m = np.abs(decoded - depth_m)[1:]
    assert np.all(error_m <= depth_m[1:].astype(np.float64) ** 2 / (2 * scale) * 1.02 + 1e-5)
    # At 80 m the usual parameters of the plug-in (10100) leave 32 cm.
    assert error_m.max() < 0.05


@pytest.mark.parametrize(('file_format', 'tolerance'), [('png', 0), ('jpeg', 12)])
def test_colours_are_decoded_with_their_order(file_format: str, tolerance: int) -> None:
    image = np.zeros((16, 32, 3), np.uint8)
    image[:, :16] = 250, 120, 10
    data = np.frombuffer(compress_colours(image, file_format, 95), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(decoded[:, 2:12].astype(int) - image[:, 2:12]).max() <= tolerance
