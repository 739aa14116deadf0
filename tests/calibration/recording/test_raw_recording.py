# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.calibration.recording.raw_recording import RawRecording, collect_blocks
from audio_manifold_ros.common.errors import CalibrationError


def block(first: int, n: int = 100, channels: int = 2, *, overflow: bool = False) -> AudioBlock:
    samples = np.broadcast_to(np.arange(first, first + n, dtype=np.float32), (channels, n)) / 1000
    return AudioBlock(samples, first, 1000, 0, overflow)


def record_blocks(*blocks: AudioBlock, start_s: float = 0.0, seconds: float = 1.0) -> RawRecording:
    return collect_blocks(blocks, 'here', start_s, seconds, lambda _: None)


def test_blocks_are_joined_up_to_the_duration() -> None:
    recording = record_blocks(*(block(first) for first in range(0, 5000, 100)), seconds=0.45)
    assert recording.samples[1].tolist() == (np.arange(450, dtype=np.float32) / 1000).tolist()
    assert recording.remarks() == ()
    assert recording.duration_s == 0.45


def test_lost_samples_are_counted_from_the_start() -> None:
    recording = record_blocks(block(0), block(300), block(400), block(600, overflow=True), start_s=0.3)
    assert recording.lost_samples == 100
    assert recording.overflows == 1
    assert len(recording.remarks()) == 2


def test_blocks_that_are_not_finite_are_left_out() -> None:
    broken = block(100)
    broken = AudioBlock(np.full_like(broken.samples, np.nan), 100, 1000, 0)
    recording = record_blocks(block(0), broken, block(200))
    assert recording.rejected_samples == 100
    assert np.isfinite(recording.samples).all()


def test_missing_and_changing_audio_is_refused() -> None:
    with pytest.raises(CalibrationError, match='no sound from 2 s'):
        record_blocks(block(0), start_s=2.0)
    with pytest.raises(CalibrationError, match='changes from'):
        record_blocks(block(0), block(100, channels=3))
