# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of a bag for its video: it starts at the first image, and lost samples are silence of their length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.bag_evaluation.video_sound import write_sound

RATE_HZ = 8000


def _block(first: int, value: float, stamp_ns: int | None = None) -> AudioBlock:
    time_ns = round(first * 1e9 / RATE_HZ) if stamp_ns is None else stamp_ns
    return AudioBlock(np.full((8, 400), value, dtype=np.float32), first, RATE_HZ, time_ns)


def test_sound_starts_at_the_first_image_and_keeps_its_times(tmp_path: Path) -> None:
    path = tmp_path / 'drive.wav'
    # The second stamp jitters by 5 ms, and 400 samples are lost before the last block.
    blocks = [_block(0, 0.1), _block(400, 0.2, 55_000_000), _block(1200, 0.4)]
    assert write_sound(path, blocks, start_ns=25_000_000, length_s=0.15)
    samples, rate_hz = soundfile.read(path)
    expected = np.concatenate([np.full(200, 0.1), np.full(400, 0.2), np.zeros(400), np.full(200, 0.4)])
    assert rate_hz == RATE_HZ
    np.testing.assert_allclose(samples, expected, atol=1e-4)


def test_a_jump_of_the_clock_is_not_filled_with_silence(tmp_path: Path) -> None:
    path = tmp_path / 'drive.wav'
    assert write_sound(path, [_block(0, 0.1), _block(400, 0.1, 10**18), _block(10**12, 0.2)], 0, 1e6)
    assert len(soundfile.read(path)[0]) <= 1200
