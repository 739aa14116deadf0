# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate camera`: pinhole model and distortion of a camera."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.progress import Progress, TextColumn

from audio_manifold_ros.calibration.camera.camera_intrinsics import Intrinsics, estimate_intrinsics
from audio_manifold_ros.calibration.camera.charuco_board import DICTIONARIES, CharucoBoard
from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.calibration.recording.board_images import (
    BoardPictures,
    bag_pictures,
    detect_board_views,
    folder_pictures,
)
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
    save_and_show,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.position_charts import corner_chart
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration

# Limits of an accepted camera: reprojection error, relative error of the focal length, and covered part of the image.
MAX_RMS_PX, MAX_FOCAL_STD, MIN_COVERAGE = 1.0, 0.01, 0.5
# A board parallel to the image plane does not determine the focal length.
MIN_TILT_RAD, MIN_TILTED_VIEWS = np.radians(12), 4
# A camera file within this tolerance is not changed.
TOLERANCE = 0.005
DEFAULT_DICTIONARY = '5X5_100'


def measure_camera(found: BoardPictures, before: CameraCalibration | None, name: str) -> CalibrationReport:
    """Estimate the camera from views of a board and compare it with the rig.

    Args:
        found: Views of the board.
        before: Camera in the rig. None if the rig has none.
        name: Name of the camera. An empty string takes the name in the rig.

    Raises:
        CalibrationError: There are too few views.

    """
    camera = estimate_intrinsics(found.views, found.width, found.height, name or (before.name if before else ''))
    problem = _problem(camera)
    same = before is not None and _is_same(camera.calibration, before)
    return CalibrationReport(
        command='camera',
        verdict=choose_verdict(refused=bool(problem), wrong=not same),
        summary=problem or _summary(camera, before, same=same),
        remarks=_remarks(found, camera),
        figures=_figures(found, camera),
        tables=(_table(camera, before),),
        files={} if problem or same else {CAMERA_FILE: camera.calibration.to_text()},
        pictures=_pictures(camera),
    )


def _problem(camera: Intrinsics) -> str:
    model = camera.calibration.model
    focal = max(camera.std[0] / model.fx, camera.std[1] / model.fy)
    if camera.rms_px > MAX_RMS_PX:
        return (
            f'The reprojection error is {camera.rms_px:.2f} pixels: hold board and camera still, use a flat board, and '
            'check the sizes of its squares.'
        )
    tilted = int((camera.tilts_rad > MIN_TILT_RAD).sum())
    if tilted < MIN_TILTED_VIEWS:
        return (
            f'The board is tilted in {tilted} views only, which does not determine the focal length: tilt the board to '
            'all sides.'
        )
    if focal > MAX_FOCAL_STD:
        return f'The focal length is accurate to ± {100 * focal:.1f} % only: tilt the board more, and come nearer.'
    if camera.coverage < MIN_COVERAGE:
        return f'The board covers {100 * camera.coverage:.0f} % of the image only: hold it into all corners.'
    return ''


def _is_same(new: CameraCalibration, old: CameraCalibration) -> bool:
    """Return whether two cameras agree within half a per cent of the image width."""
    if (new.model.width, new.model.height) != (old.model.width, old.model.height):
        return False
    if new.distortion_model != old.distortion_model:
        return False
    first, second = (np.array([c.model.fx, c.model.fy, c.model.cx, c.model.cy]) / c.model.width for c in (new, old))
    distortion = np.abs(np.array(new.distortion[:2]) - np.array(old.distortion[:2])).max()
    return bool(np.abs(first - second).max() < TOLERANCE and distortion < 4 * TOLERANCE)


def _summary(camera: Intrinsics, before: CameraCalibration | None, *, same: bool) -> str:
    prefix = f'The reprojection error is {camera.rms_px:.2f} pixels in {len(camera.views)} views'
    if same:
        return f'{prefix}, and the camera is as in the rig.'
    if before is None:
        return f'{prefix}, and the rig has no camera yet.'
    return f'{prefix}, and the camera differs from the rig.'


def _remarks(found: BoardPictures, camera: Intrinsics) -> tuple[str, ...]:
    counted = (
        (found.damaged, 'images cannot be read.'),
        (found.without_board, 'images show no board, or too few of its corners.'),
        (len(camera.dropped), 'views contradict the others and were left out: blurred, or the board was bent.'),
    )
    return tuple(f'{count} {remark}' for count, remark in counted if count)


def _figures(found: BoardPictures, camera: Intrinsics) -> dict[str, object]:
    model = camera.calibration.model
    return {
        'size_px': [model.width, model.height],
        **{name: round(getattr(model, name), 4) for name in ('fx', 'fy', 'cx', 'cy')},
        'std_px': dict(zip(('fx', 'fy', 'cx', 'cy'), (round(value, 4) for value in camera.std), strict=True)),
        'distortion': [round(value, 6) for value in camera.calibration.distortion],
        'rms_px': round(camera.rms_px, 4),
        'covered': round(camera.coverage, 3),
        'pictures': found.pictures,
        'views': {view.name: round(float(rms), 4) for view, rms in zip(camera.views, camera.view_rms_px, strict=True)},
        'dropped': list(camera.dropped),
    }


def _table(camera: Intrinsics, before: CameraCalibration | None) -> ReportTable:
    names = ('fx', 'fy', 'cx', 'cy')
    old = [None if before is None else f'{getattr(before.model, name):.2f}' for name in names]
    rows = [
        (name, f'{getattr(camera.calibration.model, name):.2f}', f'{std:.2f}', was)
        for name, std, was in zip(names, camera.std, old, strict=True)
    ]
    old_distortion = [None] * 5 if before is None else [f'{value:+.4f}' for value in before.distortion]
    rows += [
        (
            f'distortion {number + 1}',
            f'{value:+.4f}',
            '',
            old_distortion[number] if number < len(old_distortion) else None,
        )
        for number, value in enumerate(camera.calibration.distortion)
    ]
    return ReportTable(('', 'pixels', '±', 'in the rig'), tuple(rows))


def _pictures(camera: Intrinsics) -> dict[str, RgbImage]:
    model = camera.calibration.model
    return {
        'coverage': corner_chart(
            'Detected corners, and their errors fifty times as long',
            [view.corners_px for view in camera.views],
            camera.errors_px,
            (model.width, model.height),
        ),
        'views': bar_chart(
            'Reprojection error of each view',
            'pixels',
            {str(n + 1): float(rms) for n, rms in enumerate(camera.view_rms_px)},
            allowed=(0.0, MAX_RMS_PX),
        ),
    }


def _configure(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--pictures', type=Path, metavar='FOLDER', help='folder with images of the board')
    source.add_argument('--bag', type=Path, metavar='BAG', help='rosbag2 folder, .mcap or .db3')
    source.add_argument('--draw', type=Path, metavar='FILE.png', help='draw the board for printing, and stop')
    parser.add_argument('--camera', default='', metavar='TOPIC', help='camera topic of the bag (default: the only one)')
    parser.add_argument(
        '--squares',
        type=whole_number(3, 40),
        nargs=2,
        default=(7, 5),
        metavar=('COLUMNS', 'ROWS'),
        help='squares of the board (default: 7 5)',
    )
    parser.add_argument(
        '--square', type=number(1e-3, 2), default=0.04, metavar='METRES', help='edge of a square (default: %(default)g)'
    )
    parser.add_argument(
        '--marker', type=number(1e-3, 2), default=0.03, metavar='METRES', help='edge of a marker (default: %(default)g)'
    )
    parser.add_argument(
        '--dictionary', choices=DICTIONARIES, default=DEFAULT_DICTIONARY, help='markers (default: %(default)s)'
    )
    parser.add_argument('--name', default='', help='name of the camera (default: the one in the rig)')
    parser.add_argument('--rig', type=Path, metavar='FOLDER', help='rig to compare with')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='folder of the report (default: a new one)')


def _run(given: argparse.Namespace, console: SafeConsole) -> int:
    across, down = given.squares
    board = CharucoBoard(across, down, given.square, given.marker, given.dictionary)
    if given.draw is not None:
        given.draw.parent.mkdir(parents=True, exist_ok=True)
        save_png(given.draw, np.repeat(board.draw()[:, :, None], 3, axis=2))
        console.print(f'{given.draw}: print it, glue it to a flat plate, and measure its squares.', markup=False)
        return 0
    path = None if given.rig is None else given.rig / CAMERA_FILE
    before = CameraCalibration.from_yaml(path) if path is not None and path.exists() else None
    pictures = folder_pictures(given.pictures) if given.pictures is not None else bag_pictures(given.bag, given.camera)
    columns = (TextColumn('{task.description}'), TextColumn('{task.completed:.0f} images'))
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        task_id = progress.add_task('detecting the board')
        found = detect_board_views(
            pictures,
            board,
            lambda views: progress.update(task_id, advance=1, description=f'{views} different views of the board'),
        )
        report = measure_camera(found, before, given.name)
    return save_and_show(report, given.out, console)


CAMERA = Command(
    name='camera',
    title='pinhole model and distortion of the camera, from images of a ChArUco board',
    example='--pictures board --rig my_rig',
    text=(
        'Draw a board with --draw, print it as large as possible, glue it to a flat plate, and measure a square and a '
        'marker of the print. Hold it in front of the camera at twenty places or more: near and far, tilted to all '
        'sides, in all corners of the image, and still for a second each time. Record a bag with the camera, or save '
        'images into a folder, in the image size of the later use.\n\nThe report gives the reprojection error, the '
        'accuracy of the focal length, and the parts of the image without corners. `calibrate apply` writes a new '
        'camera.yaml in the format of camera_info_manager.'
    ),
    configure=_configure,
    run=_run,
)
