# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate sync`: from a bag with claps to the rig."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.testing.clap_bag import ClapBag
from audio_manifold_ros.testing.clap_scene import ClapScene, clap_scene
from audio_manifold_ros.testing.simulated_rig import RATE_HZ
from tests.calibration.conftest import Calibrate


@pytest.fixture(scope='module')
def scene() -> ClapScene:
    return clap_scene(982_000)


@pytest.fixture
def octagon_rig(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'roof'))


def _bag(scene: ClapScene, folder: Path, *, compressed: bool = False) -> Path:
    ClapBag(scene.recorded, RATE_HZ, scene.pictures, scene.stamps_s, compressed).write(folder)
    return folder


@pytest.mark.parametrize('kind', ['raw', 'compressed'])
def test_offset_is_accurate_and_written(
    calibrate: Calibrate, scene: ClapScene, octagon_rig: Path, tmp_path: Path, kind: str
) -> None:
    bag = _bag(scene, tmp_path / 'bag', compressed=kind == 'compressed')
    given = ('--bag', bag, '--distance', f'{scene.distance_m:.2f}', '--rig', octagon_rig)
    status, report = calibrate('sync', *given)
    assert (status, report['verdict']) == (0, 'change')
    assert report['figures']['audio_time_offset_s'] == pytest.approx(scene.offset_s, abs=0.005)
    assert report['figures']['std_s'] < 0.003
    assert main(['apply', str(tmp_path / 'report_sync'), '--rig', str(octagon_rig)]) == 0
    extrinsics = Extrinsics.from_yaml(octagon_rig / 'extrinsics.yaml')
    assert extrinsics.audio_time_offset_s == pytest.approx(scene.offset_s, abs=0.005)
    assert extrinsics.offset_method == 'clap'
    assert calibrate('sync', *given)[1]['verdict'] == 'good'


def test_unusable_input_is_refused(
    scene: ClapScene, octagon_rig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = _bag(scene, tmp_path / 'bag')
    given = ['sync', '--bag', str(bag), '--distance', '3', '--rig', str(octagon_rig)]
    assert main([*given, '--region', '100', '0', '100', '50']) == 2
    assert '160 columns' in capsys.readouterr().err
    assert main([*given, '--camera', '/nowhere']) == 2
    assert "['/camera/image_raw']" in capsys.readouterr().err
    assert main([*given, '--region', '0', '0', '20', '20']) == 2
    assert '0 claps were detected' in capsys.readouterr().err


def test_camera_without_motion_is_refused(
    scene: ClapScene, octagon_rig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = ClapBag(scene.recorded, RATE_HZ, np.repeat(scene.pictures[:1], 40, axis=0), scene.stamps_s[:40])
    still.write(tmp_path / 'bag')
    assert main(['sync', '--bag', str(tmp_path / 'bag'), '--distance', '3', '--rig', str(octagon_rig)]) == 2
    assert 'clap 5 times or more' in capsys.readouterr().err
