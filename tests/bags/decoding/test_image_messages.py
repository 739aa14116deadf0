# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every image encoding gives metres, class ids or colours, and damaged images are refused."""

from __future__ import annotations

import struct
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m, decode_labels, decode_rgb
from audio_manifold_ros.common.errors import BagError

RNG = np.random.default_rng(4)
COLOURS = RNG.integers(0, 256, (6, 5, 3), dtype=np.uint8)
LABELS = RNG.integers(0, 19, (6, 5), dtype=np.uint8)
DEPTH_M = RNG.uniform(1, 60, (6, 5)).astype(np.float32)


def raw(pixels: NDArray[Any], encoding: str, *, padding: int = 0, big: bool = False) -> SimpleNamespace:
    pixels = pixels.astype(pixels.dtype.newbyteorder('>' if big else '<'))
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)
    data = np.pad(rows, ((0, 0), (0, padding)), constant_values=9)
    return SimpleNamespace(
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=int(big),
        step=data.shape[1],
        data=data.reshape(-1),
    )


def compressed(data: bytes, name: str) -> SimpleNamespace:
    return SimpleNamespace(format=name, data=np.frombuffer(data, dtype=np.uint8))


def png(pixels: NDArray[Any]) -> bytes:
    return bytes(cv2.imencode('.png', pixels)[1])


@pytest.mark.parametrize(('padding', 'big'), [(0, False), (3, False), (0, True), (4, True)])
def test_raw_images_of_any_layout(padding: int, *, big: bool) -> None:
    np.testing.assert_array_equal(decode_depth_m(raw(DEPTH_M, '32FC1', padding=padding, big=big)), DEPTH_M)
    millimetres = np.rint(DEPTH_M * 1000).astype(np.uint16)
    found = decode_depth_m(raw(millimetres, '16UC1', padding=padding, big=big))
    np.testing.assert_allclose(found, DEPTH_M, atol=6e-4)
    np.testing.assert_array_equal(decode_labels(raw(LABELS, 'mono8', padding=padding)), LABELS)


def test_invalid_depth_is_nan() -> None:
    depth_m = DEPTH_M.copy()
    depth_m[0, :4] = [0, -1, np.inf, np.nan]
    assert np.isnan(decode_depth_m(raw(depth_m, '32FC1'))[0, :4]).all()
    assert np.isnan(decode_depth_m(raw(np.zeros((2, 2), np.uint16), '16UC1'))).all()


def test_compressed_depth_of_both_kinds() -> None:
    millimetres = np.rint(DEPTH_M * 1000).astype(np.uint16)
    millimetres[1, 1] = 0
    header = struct.pack('<iff', 0, 0.0, 0.0)
    for message in (
        compressed(png(millimetres), '16UC1; png compressed'),
        compressed(header + png(millimetres), '16UC1; compressedDepth png'),
    ):
        found = decode_depth_m(message)
        assert np.isnan(found[1, 1])
        known = millimetres > 0
        np.testing.assert_allclose(found[known], millimetres[known] / 1000, rtol=1e-6)
    a, b = 10_000.0, 100.0
    steps = np.rint(a / DEPTH_M + b).astype(np.uint16)
    found = decode_depth_m(compressed(struct.pack('<iff', 0, a, b) + png(steps), '32FC1; compressedDepth png'))
    np.testing.assert_allclose(found, DEPTH_M, rtol=0.005)
    with pytest.raises(BagError, match='12 bytes'):
        decode_depth_m(compressed(png(steps), '32FC1; compressedDepth png'))


def test_images_have_the_red_channel_first() -> None:
    for encoding, pixels in {'rgb8': COLOURS, 'bgr8': COLOURS[..., ::-1]}.items():
        np.testing.assert_array_equal(decode_rgb(raw(pixels, encoding)), COLOURS)
    with_alpha = np.concatenate([COLOURS, COLOURS[..., :1]], axis=-1)
    np.testing.assert_array_equal(decode_rgb(raw(with_alpha, 'rgba8')), COLOURS)
    np.testing.assert_array_equal(decode_rgb(compressed(png(COLOURS[..., ::-1]), 'png')), COLOURS)
    grey = decode_rgb(raw(LABELS, 'mono8'))
    np.testing.assert_array_equal(grey, np.repeat(LABELS[..., None], 3, axis=2))


def test_labels_with_lossy_compression_are_refused() -> None:
    np.testing.assert_array_equal(decode_labels(compressed(png(LABELS), 'mono8; png compressed')), LABELS)
    jpeg = bytes(cv2.imencode('.jpg', LABELS)[1])
    with pytest.raises(BagError, match='changed class ids'):
        decode_labels(compressed(jpeg, 'jpeg'))
    with pytest.raises(BagError, match='not a label image'):
        decode_labels(raw(COLOURS, 'rgb8'))


@pytest.mark.parametrize(
    ('change', 'words'),
    [({'encoding': 'yuv422'}, "'yuv422'"), ({'step': 1}, 'step'), ({'height': 7}, 'step'), ({'width': 0}, 'step')],
)
def test_damaged_images_are_refused(change: dict[str, Any], words: str) -> None:
    message = SimpleNamespace(**{**vars(raw(DEPTH_M, '32FC1')), **change})
    with pytest.raises(BagError, match=words):
        decode_depth_m(message)
    with pytest.raises(BagError, match='neither colour nor grey'):
        decode_rgb(raw(DEPTH_M, '32FC1'))
    with pytest.raises(BagError, match='is not depth'):
        decode_depth_m(raw(LABELS, 'mono8'))


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, 80), flip=st.integers(0, 80), name=st.sampled_from(['16UC1; png', '32FC1; compressedDepth']))
def test_damaged_pngs_give_an_image_or_an_error(cut: int, flip: int, name: str) -> None:
    data = bytearray(png((DEPTH_M * 1000).astype(np.uint16)))
    data[flip] ^= 0x55
    for decode in (decode_depth_m, decode_labels, decode_rgb):
        with suppress(BagError):
            decode(compressed(bytes(data[: len(data) - cut]), name))
