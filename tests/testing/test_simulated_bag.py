# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated bag is what the rig's own device and camera would have given: converted, the drive comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.extrinsics import Transform
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.simulated_bag import SimulatedRecording, main, write_simulated_bag
from tests.simulation.wired_rig import wired, write_rig

RATE_HZ = 22_500


def test_a_rig_with_all_faults_comes_back_corrected(tmp_path: Path) -> None:
    rig = write_rig(tmp_path / 'rig', wired())
    write_simulated_bag(tmp_path / 'street', SimulatedRecording(12, 1.6, image_rate_hz=5, rig=rig))
    done = convert_bag(tmp_path / 'street', tmp_path / 'out', None, ConversionOptions())
    street = Drive(12)
    with DriveReader(done.path) as stored:
        assert stored.raw(0, 100).shape == (10, 100)
        assert len(stored.image_samples) == 8
        for image in (1, 7):
            # Audio and images describe the same instants, despite the clocks and the delay.
            at = round((0.1 + 0.2 * image) * RATE_HZ)
            depth_m, labels = street.image(at / RATE_HZ)
            np.testing.assert_array_equal(stored.labels(image), labels)
            np.testing.assert_allclose(stored.depth_m(image), depth_m, rtol=2**-10)
            found = stored.samples(int(stored.image_samples[image]) - 1000, 900)
            wanted = street.audio(at - 1000, 900)
            assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()


def test_a_camera_that_cannot_be_drawn_leaves_no_bag(tmp_path: Path) -> None:
    pitched = Transform('base_link', 'camera_link', (0.4, 0.0, 1.5), (0.0, 0.1, 0.0))
    rig = write_rig(tmp_path / 'rig', camera_link=pitched)
    with pytest.raises(SimulationError, match=r'pitched by 5\.73°'):
        write_simulated_bag(tmp_path / 'street', SimulatedRecording(12, 1.6, rig=rig))
    assert not (tmp_path / 'street').exists()


def test_streets_have_their_own_rig_and_time(tmp_path: Path) -> None:
    rig = write_rig(tmp_path / 'rig', wired())
    assert main(['--seed', '7', '8', '--seconds', '1', '--rig', str(rig), '--out', str(tmp_path / 'bags')]) == 0
    starts = []
    for seed in (7, 8):
        with BagReader(tmp_path / 'bags' / f'street_{seed:07d}') as bag:
            metadata = read_run_metadata(bag)
            assert metadata is not None
            assert metadata.rig == RigFiles.from_folder(rig)
            starts.append(bag.start_ns // NS_PER_S)
    assert starts[1] - starts[0] == 60
