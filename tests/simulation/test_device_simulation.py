# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Corrected device channels equal the sound at the microphones."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.array_correction import ArrayCorrection
from audio_manifold_ros.simulation.device_simulation import DeviceChannels
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from tests.simulation.street_examples import ARRAY, BUSY
from tests.simulation.wired_rig import DELAYS, wired

RATE_HZ = 22_500


@pytest.mark.parametrize('delays', [(0.0,) * 8, DELAYS])
def test_the_array_correction_inverts_the_device(delays: tuple[float, ...]) -> None:
    sound = StreetAcoustics(BUSY, ARRAY).render(0, 5000)
    device, correction = DeviceChannels(wired(delays), RATE_HZ), ArrayCorrection(wired(delays), RATE_HZ)
    raw = device.apply(sound)
    assert raw.shape == (10, 5000 - device.before - device.after)
    assert not raw[:2].any(), 'channels without a microphone'
    np.testing.assert_allclose(raw[9], sound[0, device.before :][: raw.shape[1]] * 10 ** (3 / 20), rtol=1e-5)
    corrected = correction.apply(raw)
    first = device.before + correction.before
    expected = sound[:, first : first + corrected.shape[1]]
    assert np.abs(corrected - expected).max() < 0.01 * np.abs(expected).max()


def test_a_stream_of_blocks_equals_one_call() -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, (8, 2000)).astype(np.float32)
    device = DeviceChannels(wired(), RATE_HZ)
    blocks = [device.process(part) for part in np.split(sound, [30, 31, 700], axis=1)]
    assert [block.shape[1] for block in blocks[:2]] == [0, 0]
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), device.apply(sound), atol=1e-6)


def test_the_octagon_is_unchanged() -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, (8, 100)).astype(np.float32)
    device = DeviceChannels(ARRAY, RATE_HZ)
    assert np.array_equal(device.apply(sound), sound)
    assert np.array_equal(device.process(sound), sound)


def test_excessive_delays_are_refused() -> None:
    late = wired((15_000.0,) + (0.0,) * 7)
    with pytest.raises(RigError, match='15000'):
        DeviceChannels(late, RATE_HZ)
