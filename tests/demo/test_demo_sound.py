# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sound of a demo starts with its first frame, and is the mean of all channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip('rclpy')

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.demo.demo_sound import DemoSound
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message

pytestmark = pytest.mark.ros
RATE_HZ = 8_000
START_NS = 50 * NS_PER_S


def test_the_sound_starts_with_the_first_frame(tmp_path: Path) -> None:
    sound = DemoSound()
    assert not sound.write(tmp_path / 'none.wav', START_NS, 1.0)
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (4, RATE_HZ)).astype(np.float32)
    for first in range(0, RATE_HZ, 800):
        stamp_ns = START_NS + first * NS_PER_S // RATE_HZ
        block = AudioBlock(np.ascontiguousarray(samples[:, first : first + 800]), first, RATE_HZ, stamp_ns)
        sound._on_message(to_audio_message(block, 'mic_array_link'))
    sound._on_message(to_audio_message(block, 'mic_array_link').__class__())
    assert sound.write(tmp_path / 'drive.wav', START_NS + NS_PER_S // 4, 0.5)
    written, rate_hz = soundfile.read(tmp_path / 'drive.wav')
    assert (rate_hz, written.shape) == (RATE_HZ, (RATE_HZ // 2,))
    np.testing.assert_allclose(written, samples.mean(axis=0)[RATE_HZ // 4 : 3 * RATE_HZ // 4], atol=1e-4)
