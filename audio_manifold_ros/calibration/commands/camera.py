# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate camera`: the pinhole and the distortion of a camera."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
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
    CalibrationVerdict,
    ReportTable,
    save_and_show,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.position_charts import corner_chart
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration

# Worse than this a camera is refused: error of the corners, of the focal length, and share of the picture seen.
MAX_RMS_PX, MAX_FOCAL_STD, MIN_COVERAGE = 1.0, 0.01, 0.5
# A board that is parallel to the picture looks the same from afar through a long lens.
MIN_TILT_RAD, MIN_TILTED_VIEWS = np.radians(12), 4
# A camera file that is as good as this is left alone.
TOLERANCE = 0.005
DEFAULT_DICTIONARY = '5X5_100'


def measure_camera(found: BoardPictures, before: CameraCalibration | None, name: str) -> CalibrationReport:
    """Return what views of a board say of the camera.

    Raises:
        CalibrationError: There are too few views.

    """
    camera = estimate_intrinsics(found.views, found.width, found.height, name or (before.name if before else ''))
    problem = _problem(camera)
    same = before is not None and _is_same(camera.calibration, before)
    return CalibrationReport(
        command='camera',
        verdict=CalibrationVerdict.REFUSED
        if problem
        else CalibrationVerdict.GOOD
        if same
        else CalibrationVerdict.CHANGE,
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
            f'Corners are {camera.rms_px:.2f} pixels off: hold board and camera still, use a board that is flat, and '
            'check its squares.'
        )
    tilted = int((camera.tilts_rad > MIN_TILT_RAD).sum())
    if tilted < MIN_TILTED_VIEWS:
        return f'The board is tilted in {tilted} views only, which tells no focal length: tilt the board to all sides.'
    if focal > MAX_FOCAL_STD:
        return f'The focal length is known to ± {100 * focal:.1f} % only: tilt the board more, come nearer.'
    if camera.coverage < MIN_COVERAGE:
        return f'The board was seen in {100 * camera.coverage:.0f} % of the picture only: hold it into all corners.'
    return ''


def _is_same(new: CameraCalibration, old: CameraCalibration) -> bool:
    """Return whether two cameras see alike, within half a per cent of the width of the picture."""
    if (new.model.width, new.model.height) != (old.model.width, old.model.height):
        return False
    if new.distortion_model != old.distortion_model:
        return False
    first, second = (np.array([c.model.fx, c.model.fy, c.model.cx, c.model.cy]) / c.model.width for c in (new, old))
    bent = np.abs(np.array(new.distortion[:2]) - np.array(old.distortion[:2])).max()
    return bool(np.abs(first - second).max() < TOLERANCE and bent < 4 * TOLERANCE)


def _summary(camera: Intrinsics, before: CameraCalibration | None, *, same: bool) -> str:
    prefix = f'Corners are within {camera.rms_px:.2f} pixels in {len(camera.views)} views'
    if same:
        return f'{prefix}, and the camera is as the rig says.'
    if before is None:
        return f'{prefix}; the rig has no camera yet.'
    return f'{prefix}; the rig says another camera.'


def _remarks(found: BoardPictures, camera: Intrinsics) -> tuple[str, ...]:
    counted = (
        (found.damaged, 'pictures could not be read.'),
        (found.without_board, 'pictures show no board, or too little of it.'),
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
    bent = [None] * 5 if before is None else [f'{value:+.4f}' for value in before.distortion]
    rows += [
        (f'distortion {number + 1}', f'{value:+.4f}', '', bent[number] if number < len(bent) else None)
        for number, value in enumerate(camera.calibration.distortion)
    ]
    return ReportTable(('', 'pixels', '±', 'in the rig'), tuple(rows))


def _pictures(camera: Intrinsics) -> dict[str, RgbImage]:
    model = camera.calibration.model
    return {
        'coverage': corner_chart(
            'Corners that were seen, and fifty times how far they are off',
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
    source.add_argument('--pictures', type=Path, metavar='FOLDER', help='folder with pictures of the board')
    source.add_argument('--bag', type=Path, metavar='BAG', help='rosbag2 folder, .mcap or .db3')
    source.add_argument('--draw', type=Path, metavar='FILE.png', help='draw the board to be printed, and do no more')
    parser.add_argument('--camera', default='', metavar='TOPIC', help='camera topic of the bag (default: the only one)')
    parser.add_argument(
        '--squares', type=whole_number(3, 40), nargs=2, default=(7, 5), metavar=('COLUMNS', 'ROWS'), help='(7 5)'
    )
    parser.add_argument(
        '--square', type=number(1e-3, 2), default=0.04, metavar='METRES', help='edge of a square (%(default)g)'
    )
    parser.add_argument(
        '--marker', type=number(1e-3, 2), default=0.03, metavar='METRES', help='edge of a marker (%(default)g)'
    )
    parser.add_argument('--dictionary', choices=DICTIONARIES, default=DEFAULT_DICTIONARY, help='(%(default)s)')
    parser.add_argument('--name', default='', help='of the camera (default: as the rig says)')
    parser.add_argument('--rig', type=Path, metavar='FOLDER', help='the rig to compare with')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='for the report (default: a new one)')


def _run(given: argparse.Namespace, console: Console) -> int:
    across, down = given.squares
    board = CharucoBoard(across, down, given.square, given.marker, given.dictionary)
    if given.draw is not None:
        given.draw.parent.mkdir(parents=True, exist_ok=True)
        save_png(given.draw, np.repeat(board.draw()[:, :, None], 3, axis=2))
        console.print(f'{given.draw}: print it, glue it to something flat, and measure its squares.', markup=False)
        return 0
    path = None if given.rig is None else given.rig / CAMERA_FILE
    before = CameraCalibration.from_yaml(path) if path is not None and path.exists() else None
    pictures = folder_pictures(given.pictures) if given.pictures is not None else bag_pictures(given.bag, given.camera)
    columns = (TextColumn('{task.description}'), TextColumn('{task.completed:.0f} pictures'))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task_id = progress.add_task('looking for the board')
        found = detect_board_views(
            pictures,
            board,
            lambda views: progress.update(task_id, advance=1, description=f'{views} different views of the board'),
        )
        report = measure_camera(found, before, given.name)
    return save_and_show(report, given.out, console)


CAMERA = Command(
    name='camera',
    title='pinhole and distortion of the camera, from pictures of a ChArUco board',
    text=(
        'Draw a board with --draw, print it as large as you can, glue it to something flat, and measure a square and a '
        'marker of the print. Hold it before the camera at twenty places or more: near and far, tilted to all sides, '
        'into all corners of the picture, and still for a second at each. Record a bag with the camera, or save '
        'pictures into a folder, in the size in which they will be used.\n\nThe report says how far the corners are '
        'from where the camera that was found would see them, how well the focal length is known, and where in the '
        'picture no board was seen. `calibrate apply` writes camera.yaml anew, in the format of '
        'camera_info_manager.'
    ),
    configure=_configure,
    run=_run,
)
