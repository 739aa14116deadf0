# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate extrinsics`: which way the camera looks against the array."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from audio_manifold_ros.bags.decoding.bag_rig import bag_rig
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.camera.camera_rays import camera_rays
from audio_manifold_ros.calibration.camera.camera_rotation import CameraHeading, HeardDirections, find_heading
from audio_manifold_ros.calibration.channels.impulsive_events import SoundEvents, event_arrivals
from audio_manifold_ros.calibration.commands.command import Command
from audio_manifold_ros.calibration.commands.sync import (
    LONGEST_DELAY_S,
    Claps,
    add_clap_arguments,
    match_claps,
    place_px,
    remarks_of,
)
from audio_manifold_ros.calibration.errors import WorkbenchError
from audio_manifold_ros.calibration.reporting.calibration_report import Report, Table, Verdict, conclude
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics, Transform
from audio_manifold_ros.rig.rotation import angle_between_deg
from audio_manifold_ros.rig.transform_chain import optical_frame, pose_in_root, pose_of, roll_pitch_yaw

Array = NDArray[np.float64]

LEAST_CLARITY, MOST_MISFIT_SAMPLES = 0.15, 2.0
# A camera that looks as the rig says within this is left alone; a turn that is known worse is not written.
TOLERANCE_DEG, MOST_STD_DEG = 1.0, 1.0


@dataclass(frozen=True)
class _Aimed:
    """What was found: heading, whether the tilt was found too, the transform to change, its new angles, by how much."""

    heading: CameraHeading
    tilted: bool
    link: Transform
    rotation_rpy_rad: tuple[float, float, float]
    turned_deg: float


def measure_extrinsics(claps: Claps, camera: CameraCalibration) -> Report:
    """Return what claps say of the rotation of the camera.

    Raises:
        CalibrationError: There are too few claps, or all in one direction.
        WorkbenchError: The camera of the rig is not that of the pictures.

    """
    size = (camera.model.width, camera.model.height)
    if claps.watched.size_px != size:
        msg = (
            f'The pictures have {claps.watched.size_px[0]} x {claps.watched.size_px[1]} pixels, and the camera of the '
            f'rig {size[0]} x {size[1]}: run `calibrate camera` with pictures of this size.'
        )
        raise WorkbenchError(msg)
    heard = _heard(claps, camera)
    aimed = _aimed(claps.extrinsics, claps.array.frame_id, heard)
    std_deg = np.degrees(aimed.heading.std_rad)
    unsure = bool(std_deg[2] > MOST_STD_DEG)
    wrong = aimed.turned_deg > TOLERANCE_DEG
    return Report(
        command='extrinsics',
        verdict=Verdict.REFUSED if unsure else Verdict.CHANGE if wrong else Verdict.GOOD,
        summary=_summary(aimed, float(std_deg[2]), unsure=unsure, wrong=wrong),
        remarks=(*remarks_of(claps), *_remarks(aimed)),
        figures={
            'frame': aimed.link.child,
            'rotation_rpy_rad': [round(value, 6) for value in aimed.rotation_rpy_rad],
            'turned_deg': round(aimed.turned_deg, 3),
            'std_deg': [round(float(value), 3) for value in std_deg],
            'tilt_found': aimed.tilted,
            'claps': len(heard.rays),
            'off_deg': np.round(np.degrees(aimed.heading.off_rad), 3).tolist(),
        },
        tables=(_table(aimed),),
        changes=(_change(claps.extrinsics, aimed),) if wrong and not unsure else (),
        pictures={
            'claps': bar_chart(
                'How far each clap was seen from where it was heard, sideways',
                'degrees',
                {str(n + 1): float(off) for n, off in enumerate(np.degrees(aimed.heading.off_rad))},
                least_span=4.0,
            )
        },
    )


def _heard(claps: Claps, camera: CameraCalibration) -> HeardDirections:
    watched, array = claps.watched, claps.array
    pairs = claps.offset.pairs
    events = SoundEvents(claps.events.spans[pairs[:, 1]], claps.events.rises_db[pairs[:, 1]])
    enabled = [index for index, mic in enumerate(array.microphones) if mic.enabled]
    positions_m = array.positions_m[enabled]
    longest_s = 1.2 * float(np.linalg.norm(np.ptp(positions_m, axis=0))) / array.sound_mps + LONGEST_DELAY_S
    arrivals = event_arrivals(claps.samples, watched.sample_rate_hz, events, longest_s)
    clear = (arrivals.clarity > LEAST_CLARITY) & (arrivals.misfit_samples < MOST_MISFIT_SAMPLES)
    pixels = np.array([place_px(watched, claps.stops[seen]) for seen in pairs[clear, 0]]).reshape(-1, 2)
    return HeardDirections(
        arrivals.lags_samples[clear] - array.delays_s[enabled] * watched.sample_rate_hz,
        arrivals.misfit_samples[clear],
        camera_rays(camera, pixels),
        claps.distance_m,
        positions_m,
        watched.sample_rate_hz / array.sound_mps,
    )


def _aimed(extrinsics: Extrinsics, array_frame: str, heard: HeardDirections) -> _Aimed:
    optical = optical_frame(extrinsics)
    array = pose_in_root(extrinsics, array_frame)
    camera = array.inverse().of(pose_in_root(extrinsics, optical.child))
    heading, tilted = find_heading(heard, camera, tilted=True), True
    if np.degrees(heading.std_rad[:2]).max() > MOST_STD_DEG:
        heading, tilted = find_heading(heard, camera, tilted=False), False
    # The mounting is what a person turns; the step to the optical frame behind it is a convention.
    link = next((transform for transform in extrinsics.transforms if transform.child == optical.parent), optical)
    inner = np.eye(3) if link is optical else pose_of(optical).turn
    turn = pose_in_root(extrinsics, link.parent).turn.T @ array.turn @ heading.turn @ inner.T
    angles = roll_pitch_yaw(turn)
    return _Aimed(heading, tilted, link, angles, angle_between_deg(link.rotation_rpy_rad, angles))


def _summary(aimed: _Aimed, std_deg: float, *, unsure: bool, wrong: bool) -> str:
    frame = aimed.link.child
    if unsure:
        return (
            f'Where {frame} looks is known to ± {std_deg:.1f} degrees only: clap at more places, from one side of the '
            'picture to the other; run `calibrate geometry` and `calibrate delay` first.'
        )
    if wrong:
        return f'{frame} is turned by {aimed.turned_deg:.1f} degrees (± {std_deg:.1f}) against what the rig says.'
    return f'{frame} looks as the rig says, within {aimed.turned_deg:.1f} degrees (± {std_deg:.1f}).'


def _remarks(aimed: _Aimed) -> tuple[str, ...]:
    kept = (
        'How far the camera is tilted cannot be heard well enough, as is usual with a flat array: only its heading is '
        'measured, roll and pitch against the array are those of the rig. Use a level.'
    )
    return () if aimed.tilted else (kept,)


def _table(aimed: _Aimed) -> Table:
    names = ('roll', 'pitch', 'yaw')
    new, old = (np.degrees(values).tolist() for values in (aimed.rotation_rpy_rad, aimed.link.rotation_rpy_rad))
    rows = zip(names, new, old, strict=True)
    return Table(
        (f'{aimed.link.parent} to {aimed.link.child}', 'degrees', 'in the rig'),
        tuple((name, f'{value:+.2f}', f'{was:+.2f}') for name, value, was in rows),
    )


def _change(extrinsics: Extrinsics, aimed: _Aimed) -> RigChange:
    return RigChange(
        EXTRINSICS_FILE,
        ('transforms', extrinsics.transforms.index(aimed.link), 'rotation_rpy_rad'),
        aimed.link.child,
        list(aimed.link.rotation_rpy_rad),
        [round(value, 6) + 0.0 for value in aimed.rotation_rpy_rad],
    )


def _run(given: argparse.Namespace, console: Console) -> int:
    with BagReader(given.bag) as bag, bag_rig(bag, given.rig) as rig:
        camera = CameraCalibration.from_yaml(rig.folder / CAMERA_FILE)
    return conclude(measure_extrinsics(match_claps(given), camera), given.out, console)


EXTRINSICS = Command(
    name='extrinsics',
    title='which way the camera looks against the array: claps at several places that are seen and heard',
    text=(
        'Needs a bag as `calibrate sync` does, with claps at ten places or more, all about as far away, from one side '
        'of the picture to the other: clap, hold the hands together for half a second, walk on, stand still, clap. '
        'The array says from where each clap came, the picture where it was, and the rotation that makes both agree '
        'is that of the camera. Geometry, delays and camera.yaml should be right before.\n\nWhere the camera sits is '
        'taken from the rig: measure it with a tape; some centimetres are no matter at three metres. A flat array '
        'hears little of heights: where the tilt of the camera is not heard to a degree, only its heading is measured, '
        'and the report says so.'
    ),
    configure=add_clap_arguments,
    run=_run,
)
