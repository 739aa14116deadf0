# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate extrinsics`: rotation of the camera relative to the array."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.bags.decoding.bag_rig import bag_rig
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.camera.camera_rays import camera_rays
from audio_manifold_ros.calibration.camera.camera_rotation import (
    CameraRotation,
    SoundDirections,
    estimate_camera_rotation,
)
from audio_manifold_ros.calibration.channels.impulsive_events import ImpulsiveEvents, estimate_event_tdoas
from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.calibration.commands.sync import (
    MAX_DELAY_S,
    ClapPairs,
    add_clap_arguments,
    clap_pixel,
    match_claps,
    recording_remarks,
)
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
    save_and_show,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics, Transform
from audio_manifold_ros.rig.rotation import angle_between_deg, roll_pitch_yaw
from audio_manifold_ros.rig.transform_chain import (
    find_optical_transform,
    pose_from_transform,
    pose_in_root,
)

MIN_CLARITY, MAX_MISFIT_SAMPLES = 0.15, 2.0
# A rotation within this tolerance is not changed. A rotation with a larger standard deviation is not written.
TOLERANCE_DEG, MAX_STD_DEG = 1.0, 1.0


@dataclass(frozen=True)
class _RotationResult:
    """Estimated rotation, whether it includes the tilt, and the transform to change with its new and old angles."""

    camera_rotation: CameraRotation
    with_tilt: bool
    link: Transform
    rotation_rpy_rad: tuple[float, float, float]
    turned_deg: float


def measure_extrinsics(claps: ClapPairs, camera: CameraCalibration) -> CalibrationReport:
    """Estimate the rotation of the camera from claps and compare it with the rig.

    Args:
        claps: Claps in images and sound.
        camera: Camera of the rig.

    Raises:
        CalibrationError: There are too few claps, all are in one direction, or the image size differs from the rig's.

    """
    size = (camera.model.width, camera.model.height)
    if claps.clip.size_px != size:
        msg = (
            f'The images have {claps.clip.size_px[0]} x {claps.clip.size_px[1]} pixels, and the camera of the rig has '
            f'{size[0]} x {size[1]}: run `calibrate camera` with images of this size.'
        )
        raise CalibrationError(msg)
    directions = _sound_directions(claps, camera)
    result = _estimate_rotation(claps.extrinsics, claps.array.frame_id, directions)
    std_deg = np.degrees(result.camera_rotation.std_rad)
    uncertain = bool(std_deg[2] > MAX_STD_DEG)
    wrong = result.turned_deg > TOLERANCE_DEG
    return CalibrationReport(
        command='extrinsics',
        verdict=choose_verdict(refused=uncertain, wrong=wrong),
        summary=_summary(result, float(std_deg[2]), uncertain=uncertain, wrong=wrong),
        remarks=(*recording_remarks(claps), *_remarks(result)),
        figures={
            'frame': result.link.child,
            'rotation_rpy_rad': [round(value, 6) for value in result.rotation_rpy_rad],
            'turned_deg': round(result.turned_deg, 3),
            'std_deg': [round(float(value), 3) for value in std_deg],
            'tilt_found': result.with_tilt,
            'claps': len(directions.rays),
            'off_deg': np.round(np.degrees(result.camera_rotation.bearing_error_rad), 3).tolist(),
        },
        tables=(_table(result),),
        changes=(_change(claps.extrinsics, result),) if wrong and not uncertain else (),
        pictures={
            'claps': bar_chart(
                'Horizontal angle between visual and acoustic direction of each clap',
                'degrees',
                {
                    str(n + 1): float(value)
                    for n, value in enumerate(np.degrees(result.camera_rotation.bearing_error_rad))
                },
                min_span=4.0,
            )
        },
    )


def _sound_directions(claps: ClapPairs, camera: CameraCalibration) -> SoundDirections:
    clip, array = claps.clip, claps.array
    pairs = claps.offset.pairs
    events = ImpulsiveEvents(claps.events.spans[pairs[:, 1]], claps.events.rises_db[pairs[:, 1]])
    enabled = [index for index, mic in enumerate(array.microphones) if mic.enabled]
    positions_m = array.positions_m[enabled]
    max_lag_s = 1.2 * float(np.linalg.norm(np.ptp(positions_m, axis=0))) / array.sound_mps + MAX_DELAY_S
    tdoas = estimate_event_tdoas(claps.samples, clip.sample_rate_hz, events, max_lag_s)
    clear = (tdoas.clarity > MIN_CLARITY) & (tdoas.misfit_samples < MAX_MISFIT_SAMPLES)
    pixels = np.array([clap_pixel(clip, claps.clap_events[clap_index]) for clap_index in pairs[clear, 0]]).reshape(
        -1, 2
    )
    return SoundDirections(
        tdoas.lags_samples[clear] - array.delays_s[enabled] * clip.sample_rate_hz,
        tdoas.misfit_samples[clear],
        camera_rays(camera, pixels),
        claps.distance_m,
        positions_m,
        clip.sample_rate_hz / array.sound_mps,
    )


def _estimate_rotation(extrinsics: Extrinsics, array_frame: str, directions: SoundDirections) -> _RotationResult:
    optical = find_optical_transform(extrinsics)
    array = pose_in_root(extrinsics, array_frame)
    camera = array.inverse().compose(pose_in_root(extrinsics, optical.child))
    camera_rotation, with_tilt = estimate_camera_rotation(directions, camera, with_tilt=True), True
    if np.degrees(camera_rotation.std_rad[:2]).max() > MAX_STD_DEG:
        camera_rotation, with_tilt = estimate_camera_rotation(directions, camera, with_tilt=False), False
    # The mounting is adjustable. The rotation to the optical frame behind it is a convention.
    link = next((transform for transform in extrinsics.transforms if transform.child == optical.parent), optical)
    inner = np.eye(3) if link is optical else pose_from_transform(optical).rotation
    rotation = pose_in_root(extrinsics, link.parent).rotation.T @ array.rotation @ camera_rotation.rotation @ inner.T
    angles = roll_pitch_yaw(rotation)
    return _RotationResult(camera_rotation, with_tilt, link, angles, angle_between_deg(link.rotation_rpy_rad, angles))


def _summary(result: _RotationResult, std_deg: float, *, uncertain: bool, wrong: bool) -> str:
    frame = result.link.child
    if uncertain:
        return (
            f'The rotation of {frame} is accurate to ± {std_deg:.1f} degrees only: clap at more places, from one side '
            'of the image to the other, and run `calibrate geometry` and `calibrate delay` first.'
        )
    if wrong:
        return f'{frame} is rotated by {result.turned_deg:.1f} degrees (± {std_deg:.1f}) relative to the rig.'
    return f'{frame} is oriented as in the rig, within {result.turned_deg:.1f} degrees (± {std_deg:.1f}).'


def _remarks(result: _RotationResult) -> tuple[str, ...]:
    kept = (
        'The tilt of the camera cannot be measured well enough, as is usual with a flat array. Only its heading is '
        'measured, and roll and pitch relative to the array stay as in the rig. Check them with a spirit level.'
    )
    return () if result.with_tilt else (kept,)


def _table(result: _RotationResult) -> ReportTable:
    names = ('roll', 'pitch', 'yaw')
    new, old = (np.degrees(values).tolist() for values in (result.rotation_rpy_rad, result.link.rotation_rpy_rad))
    rows = zip(names, new, old, strict=True)
    return ReportTable(
        (f'{result.link.parent} to {result.link.child}', 'degrees', 'in the rig'),
        tuple((name, f'{value:+.2f}', f'{was:+.2f}') for name, value, was in rows),
    )


def _change(extrinsics: Extrinsics, result: _RotationResult) -> RigChange:
    return RigChange(
        EXTRINSICS_FILE,
        ('transforms', extrinsics.transforms.index(result.link), 'rotation_rpy_rad'),
        result.link.child,
        list(result.link.rotation_rpy_rad),
        [round(value, 6) + 0.0 for value in result.rotation_rpy_rad],
    )


def _run(given: argparse.Namespace, console: SafeConsole) -> int:
    with BagReader(given.bag) as bag, bag_rig(bag, given.rig) as rig:
        camera = CameraCalibration.from_yaml(rig.folder / CAMERA_FILE)
    return save_and_show(measure_extrinsics(match_claps(given), camera), given.out, console)


EXTRINSICS = Command(
    name='extrinsics',
    title='rotation of the camera relative to the array, from claps at several places',
    example='--bag recordings/claps --distance 3.1 --rig my_rig',
    text=(
        'Needs a bag as for `calibrate sync`, with claps at ten places or more, all at about the same distance, from '
        'one side of the image to the other: clap, hold the hands together for half a second, walk on, stand still, '
        'clap. The array measures the direction of each clap, the image shows its position, and the rotation of the '
        'camera is the one that makes both agree. Calibrate geometry, delays and camera first.\n\nThe position of the '
        'camera is taken from the rig. Measure it with a tape. Some centimetres do not matter at three metres. A flat '
        'array measures elevations poorly. If the tilt of the camera is not accurate to a degree, only its heading is '
        'measured, and the report contains a remark.'
    ),
    configure=add_clap_arguments,
    run=_run,
)
