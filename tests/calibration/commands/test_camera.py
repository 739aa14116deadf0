# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate camera`: from images of a board to the rig."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.testing.clap_bag import ClapBag
from audio_manifold_ros.testing.rendered_board import CAMERA, COLUMNS, ROWS, board, board_pictures
from tests.calibration.conftest import Calibrate

BOARD = ('--squares', '7', '5', '--square', '0.04', '--marker', '0.03')
Pictures = list[NDArray[np.uint8]]


@pytest.fixture(scope='module')
def pictures() -> Pictures:
    return board_pictures(20)


def _saved(pictures: Pictures, folder: Path) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f'{number:02d}.png'), picture)
    return folder


@pytest.fixture
def octagon_rig(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'roof'))


def test_camera_is_accurate_and_written(
    calibrate: Calibrate, pictures: Pictures, octagon_rig: Path, tmp_path: Path
) -> None:
    folder = _saved(pictures, tmp_path / 'pictures')
    given = ('--pictures', folder, *BOARD, '--rig', octagon_rig)
    status, report = calibrate('camera', *given)
    assert (status, report['verdict']) == (0, 'change'), report['summary']
    assert report['figures']['rms_px'] < 0.5
    assert main(['apply', str(tmp_path / 'report_camera'), '--rig', str(octagon_rig)]) == 0
    found = CameraCalibration.from_yaml(octagon_rig / 'camera.yaml')
    assert found.model.fx == pytest.approx(CAMERA.model.fx, rel=0.005)
    assert found.model.cy == pytest.approx(CAMERA.model.cy, abs=2)
    assert found.distortion[0] == pytest.approx(CAMERA.distortion[0], abs=0.02)
    assert found.projection[0] > 0
    assert calibrate('camera', *given)[1]['verdict'] == 'good'


def test_bag_gives_the_same_result_as_a_folder(calibrate: Calibrate, pictures: Pictures, tmp_path: Path) -> None:
    stamps_s = np.arange(len(pictures), dtype=np.float64) * 0.4
    silence = np.zeros((2, 22_500), np.float32)
    ClapBag(silence, 22_500, np.stack(pictures), stamps_s, compressed=True).write(tmp_path / 'bag')
    report = calibrate('camera', '--bag', tmp_path / 'bag', *BOARD, '--name', 'roof')[1]
    assert report['verdict'] == 'change'
    assert report['figures']['fx'] == pytest.approx(CAMERA.model.fx, rel=0.005)
    assert 'camera_name: roof' in report['files']['camera.yaml']


def test_board_without_tilt_is_refused(calibrate: Calibrate, tmp_path: Path) -> None:
    flat = _saved(board_pictures(12, tilt_rad=0.02, distance_m=(0.4, 0.41)), tmp_path / 'pictures')
    status, report = calibrate('camera', '--pictures', flat, *BOARD)
    assert (status, report['verdict'], report['files']) == (1, 'refused', {})
    assert 'tilt the board' in report['summary']


def test_messages_name_the_missing_input(
    pictures: Pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'empty').mkdir()
    few = _saved(pictures[:3], tmp_path / 'few')
    cv2.imwrite(str(few / 'other.png'), np.full((50, 50), 128, np.uint8))
    for arguments, message in (
        (['--pictures', str(tmp_path / 'empty')], 'no images found'),
        (['--pictures', str(few)], 'images of one size'),
    ):
        assert main(['camera', *arguments, *BOARD]) == 2
        assert message in capsys.readouterr().err
    (few / 'other.png').write_bytes(b'no picture')
    assert main(['camera', '--pictures', str(few), *BOARD]) == 2
    assert '3 different views' in capsys.readouterr().err
    assert main(['camera', '--draw', str(tmp_path / 'board.png'), '--marker', '0.05']) == 2
    assert 'markers that are smaller' in capsys.readouterr().err


def test_drawn_board_is_detected(tmp_path: Path) -> None:
    assert main(['camera', '--draw', str(tmp_path / 'board.png')]) == 0
    drawn = np.asarray(cv2.imread(str(tmp_path / 'board.png'), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    view = board().detect('drawn', drawn)
    assert view is not None
    assert len(view.ids) == (COLUMNS - 1) * (ROWS - 1)
