# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate extrinsics`: from a bag with claps to the rig."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.testing.clap_arc import ClapArc
from audio_manifold_ros.testing.clap_pictures import COLUMNS, ROWS
from audio_manifold_ros.testing.clapped_rig import ClappedRig
from audio_manifold_ros.testing.simulated_rig import octagon
from tests.calibration.conftest import Calibrate

CAMERA = CameraCalibration(CameraModel(COLUMNS, ROWS, 95.0, 95.0, 79.5, 59.5), 'front')
YAW_RAD = math.radians(7)


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """Write rig files in which the camera looks straight ahead."""
    folder = Path(shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'roof'))
    (folder / 'mic_array.yaml').write_text(octagon().to_text(), encoding='utf-8')
    (folder / 'camera.yaml').write_text(CAMERA.to_text(), encoding='utf-8')
    return folder


@pytest.fixture
def bag(tmp_path: Path, rig: Path) -> Path:
    """Write a bag with claps in front of a camera that is rotated to the left by `YAW_RAD`."""
    nominal = Extrinsics.from_yaml(rig / 'extrinsics.yaml')
    turned = [
        replace(transform, rotation_rpy_rad=(0.0, 0.0, YAW_RAD)) if transform.child == 'camera_link' else transform
        for transform in nominal.transforms
    ]
    ground_truth = replace(nominal, transforms=tuple(turned), audio_time_offset_s=0.02)
    simulated = ClappedRig(983_000, octagon(), 0.0)
    simulated.ground_truth = replace(simulated.ground_truth, delays_samples=np.zeros(8))
    ClapArc(CAMERA, ground_truth).write(simulated, tmp_path / 'bag')
    return tmp_path / 'bag'


def test_heading_is_accurate_and_written(calibrate: Calibrate, rig: Path, bag: Path) -> None:
    given = ('--bag', bag, '--distance', '3.1', '--rig', rig)
    status, report = calibrate('extrinsics', *given)
    assert (status, report['verdict']) == (0, 'change'), report['summary']
    assert report['figures']['rotation_rpy_rad'][2] == pytest.approx(YAW_RAD, abs=math.radians(1))
    assert report['figures']['std_deg'][2] < 1
    assert main(['apply', str(rig.parent / 'report_extrinsics'), '--rig', str(rig)]) == 0
    written = Extrinsics.from_yaml(rig / 'extrinsics.yaml').transform('camera_link').rotation_rpy_rad
    assert written[2] == pytest.approx(YAW_RAD, abs=math.radians(1))
    assert max(abs(angle) for angle in written[:2]) < math.radians(2)
    assert calibrate('extrinsics', *given)[1]['verdict'] == 'good'


def test_other_image_size_is_refused(rig: Path, bag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = replace(CAMERA, model=replace(CAMERA.model, width=640))
    (rig / 'camera.yaml').write_text(other.to_text(), encoding='utf-8')
    assert main(['extrinsics', '--bag', str(bag), '--distance', '3', '--rig', str(rig)]) == 2
    assert '`calibrate camera`' in capsys.readouterr().err
