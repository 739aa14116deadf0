# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive uses the poses of the rig's extrinsics, and the octagon gives audio and images of one version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.rig.extrinsics import Transform
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.simulation.drive import Drive, street_start_ns
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from tests.simulation.wired_rig import write_rig

# 16-bit samples of every microphone at samples 1000, 8000 and 15,000, and images at 0.5 s: rows 40, 64, 88 of columns
# 10, 45, 80 in tenths of a millimetre. A change of them requires an increase of SIMULATOR_VERSION. Version 3 changed
# the samples of the second street, in which vehicles with running engines wait. The shipped networks were trained on
# version 2.
EXPECTED = {
    3: (
        [[-266, -629, -664, 124, 547, 136, -1753, 348], [1099, -105, 249, -45, 480, -662, -53, 338]],
        [[0, 0, 0], [800000, 800000, 242408], [84030, 84030, 84030]],
    ),
    900_001: (
        [[-105, -92, -55, 279, 464, 276, 110, 48], [-311, -149, -92, -16, 94, 85, -144, -302]],
        [[89788, 415665, 170414], [89788, 256478, 170414], [84030, 84030, 84030]],
    ),
}


@pytest.mark.parametrize('seed', EXPECTED)
def test_the_octagon_gives_the_data_of_this_version_of_the_simulator(seed: int) -> None:
    drive = Drive(seed, duration_s=2.0)
    steps, depths = EXPECTED[seed]
    assert np.abs(float_to_int16(drive.audio(0, 22_500))[:, [1000, 8000]].T - np.array(steps)).max() <= 1
    depth_m = np.nan_to_num(drive.image(0.5)[0][40:89:24, 10:81:35])
    assert np.abs(depth_m * 10_000 - np.array(depths)).max() <= 1


def test_a_low_ring_receives_sound_at_its_own_height() -> None:
    drive = Drive(3, resource_path('calibration/usb_ring'))
    low = Pose(np.eye(3), np.array([0.0, 0.0, 0.6]))
    expected = StreetAcoustics(drive.street, drive.array, drive.sample_rate_hz, low).render(0, 2000)
    assert np.abs(drive.audio(0, 2000) - expected).max() <= 1 / 32768
    on_the_roof = StreetAcoustics(drive.street, drive.array, drive.sample_rate_hz).render(0, 2000)
    assert np.abs(expected - on_the_roof).max() > 10 / 32768


def test_audio_does_not_need_a_supported_camera(tmp_path: Path) -> None:
    pitched = Transform('base_link', 'camera_link', (0.4, 0.0, 1.5), (0.0, 0.1, 0.0))
    drive = Drive(3, write_rig(tmp_path / 'rig', camera_link=pitched))
    assert drive.audio(0, 100).shape == (8, 100)
    with pytest.raises(SimulationError, match=r'pitched by 5\.73°'):
        drive.image(0.0)


def test_streets_have_their_own_minute_within_ros_time() -> None:
    assert street_start_ns(8) - street_start_ns(7) == 60 * NS_PER_S
    seeds = [0, 1, 899_999, 900_001, 6_999_999]
    assert len({street_start_ns(seed) for seed in seeds}) == len(seeds)
    assert max(street_start_ns(seed) for seed in (*seeds, 2**31 - 1)) < 2**31 * NS_PER_S
