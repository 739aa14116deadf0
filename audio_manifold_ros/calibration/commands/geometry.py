# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate geometry`: positions of the microphones."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.calibration.channels.impulsive_events import detect_events, estimate_event_tdoas
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.geometry.array_self_calibration import GeometryEstimate, estimate_geometry
from audio_manifold_ros.calibration.geometry.geometry_problem import GeometryPrior, MeasuredDistance
from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels, select_usable_channels
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.position_charts import Marks, top_view_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.common.array_types import FloatArray, RgbImage
from audio_manifold_ros.common.errors import CalibrationError

SECONDS = 60.0
MAX_DELAY_S = 0.002
# A rig within this tolerance is not changed. Positions with a larger standard deviation are not written.
TOLERANCE_M, MAX_STD_M = 0.01, 0.02
MIN_DELAY_SAMPLES = 0.3
MAX_DISTANCE_M = 100.0


@dataclass(frozen=True)
class _PositionUpdate:
    """New positions (mic, 3), their distances from the old ones, and standard deviations in plane and in height."""

    positions_m: FloatArray
    moved_m: FloatArray
    std_m: FloatArray
    horizontal_std_m: float
    height_std_m: float
    heights_kept: bool


def measure_geometry(task: MeasurementTask) -> CalibrationReport:
    """Measure the position of each microphone."""
    usable = select_usable_channels(task.recording, task.rig())
    measured_distances = _parse_distances(usable, task.options.distance)
    prior = GeometryPrior.from_rig(usable.array, usable.indices, usable.sample_rate_hz)
    aperture_m = float(np.linalg.norm(np.ptp(usable.positions_m, axis=0)))
    max_lag_s = 1.5 * aperture_m / usable.array.sound_mps + MAX_DELAY_S
    events = detect_events(usable.samples, usable.sample_rate_hz, max_lag_s)
    geometry = estimate_geometry(
        estimate_event_tdoas(usable.samples, usable.sample_rate_hz, events, max_lag_s), prior, measured_distances
    )
    update = _position_update(usable, geometry)
    uncertain = update.horizontal_std_m > MAX_STD_M
    wrong = bool(update.moved_m.max() > TOLERANCE_M)
    return CalibrationReport(
        command='geometry',
        verdict=choose_verdict(refused=uncertain, wrong=wrong),
        summary=_summary(usable, update, uncertain=uncertain, wrong=wrong),
        remarks=(*usable.remarks, *_remarks(usable, geometry, update, measured_distances)),
        figures=_figures(usable, geometry, update),
        tables=(_table(usable, update),),
        changes=_changes(usable, update) if wrong and not uncertain else (),
        pictures=_pictures(usable, geometry, update),
    )


def _parse_distances(usable: UsableChannels, given: list[list[str]]) -> tuple[MeasuredDistance, ...]:
    measured_distances = []
    for first, second, text in given:
        unknown = [name for name in (first, second) if name not in usable.names]
        if unknown or first == second:
            msg = f'--distance {first} {second} {text}: name two of the enabled microphones {list(usable.names)}.'
            raise CalibrationError(msg)
        try:
            distance_m = float(text)
        except ValueError:
            distance_m = np.nan
        if not 0 < distance_m < MAX_DISTANCE_M:
            msg = (
                f'--distance {first} {second} {text}: give the distance of the microphones in metres, up to '
                f'{MAX_DISTANCE_M:g}.'
            )
            raise CalibrationError(msg)
        measured_distances.append(MeasuredDistance(usable.names.index(first), usable.names.index(second), distance_m))
    return tuple(measured_distances)


def _position_update(usable: UsableChannels, geometry: GeometryEstimate) -> _PositionUpdate:
    normal = geometry.normal
    across = np.eye(3) - np.outer(normal, normal)
    horizontal = np.sqrt(np.einsum('ij,mjk,ki->m', across, geometry.covariances_m2, across) / 2)
    heights = np.sqrt(np.einsum('i,mij,j->m', normal, geometry.covariances_m2, normal))
    kept = bool(geometry.is_mirror_ambiguous or heights.max() > MAX_STD_M)
    positions = geometry.positions_m
    if kept:
        positions = positions + ((usable.positions_m - positions) @ normal)[:, None] * normal
    return _PositionUpdate(
        positions,
        np.linalg.norm(positions - usable.positions_m, axis=1),
        horizontal if kept else np.sqrt(np.einsum('mii->m', geometry.covariances_m2) / 3),
        float(horizontal.max()),
        float(heights.max()),
        kept,
    )


def _summary(usable: UsableChannels, update: _PositionUpdate, *, uncertain: bool, wrong: bool) -> str:
    worst = int(update.moved_m.argmax())
    if uncertain:
        return (
            f'Positions are accurate to ± {100 * update.horizontal_std_m:.1f} cm only: clap more often, on all sides, '
            'near and far, and give more distances.'
        )
    if wrong:
        return f'{usable.names[worst]} is {100 * update.moved_m[worst]:.1f} cm from its position in the rig.'
    return (
        f'All positions are as in the rig (largest error: {usable.names[worst]}, {100 * update.moved_m[worst]:.1f} cm).'
    )


def _remarks(
    usable: UsableChannels,
    geometry: GeometryEstimate,
    update: _PositionUpdate,
    measured_distances: tuple[MeasuredDistance, ...],
) -> list[str]:
    remarks = []
    if geometry.is_mirror_ambiguous:
        remarks.append(
            'Above and below cannot be distinguished: the array mirrored at its plane fits the sounds equally well, '
            'and the positions in the rig do not decide between both. Heights are left as they are. Write approximate '
            'heights into the rig and measure again.'
        )
    elif update.heights_kept:
        remarks.append(
            f'Heights are accurate to ± {100 * update.height_std_m:.0f} cm only and are left as they are: clap at '
            'heights from the ground to above your head.'
        )
    for pair in measured_distances:
        found = float(np.linalg.norm(geometry.positions_m[pair.first] - geometry.positions_m[pair.second]))
        if abs(found - pair.distance_m) > TOLERANCE_M:
            remarks.append(
                f'The distance of {usable.names[pair.first]} and {usable.names[pair.second]} was given as '
                f'{pair.distance_m:g} m and is estimated as {found:.3f} m: measure it again.'
            )
    rig_delays = usable.array.delays_s[list(usable.indices)] * usable.sample_rate_hz
    delay_errors = geometry.delays_samples - (rig_delays - rig_delays.mean())
    late = np.abs(delay_errors) > np.maximum(MIN_DELAY_SAMPLES, 3 * geometry.delays_std_samples)
    if late.any():
        names = ', '.join(name for name, is_late in zip(usable.names, late, strict=True) if is_late)
        remarks.append(f'The delays of {names} differ from the rig. Run `calibrate delay` next.')
    return remarks


def _figures(usable: UsableChannels, geometry: GeometryEstimate, update: _PositionUpdate) -> dict[str, object]:
    residual = np.abs(geometry.residual_samples)
    return {
        'position_m': _by_name(usable, np.round(update.positions_m, 4)),
        'std_m': _by_name(usable, np.round(update.std_m, 4)),
        'moved_m': _by_name(usable, np.round(update.moved_m, 4)),
        'heights_kept': update.heights_kept,
        'level_std_m': round(update.horizontal_std_m, 4),
        'height_std_m': round(update.height_std_m, 4),
        'delay_samples': _by_name(usable, np.round(geometry.delays_samples, 3)),
        'delay_std_samples': _by_name(usable, np.round(geometry.delays_std_samples, 3)),
        'sound_mps': round(geometry.sound_mps, 2),
        'sound_std_mps': round(geometry.sound_std_mps, 2),
        'events': len(geometry.used_events),
        'events_m': np.round(geometry.events_m, 3).tolist(),
        'rest_samples': {
            'median': round(float(np.median(residual)), 4),
            'p95': round(float(np.percentile(residual, 95)), 4),
        },
    }


def _by_name(usable: UsableChannels, values: FloatArray) -> dict[str, object]:
    return dict(zip(usable.names, values.tolist(), strict=True))


def _table(usable: UsableChannels, update: _PositionUpdate) -> ReportTable:
    rows = zip(usable.microphones, update.positions_m.tolist(), update.std_m, update.moved_m, strict=True)
    return ReportTable(
        ('', 'x m', 'y m', 'z m', '± cm', 'in the rig', 'off cm'),
        tuple(
            (
                mic.name,
                *(f'{value:+.3f}' for value in new),
                f'{100 * std:.1f}',
                ' '.join(f'{value:+.3f}' for value in mic.position_m),
                f'{100 * moved:.1f}',
            )
            for mic, new, std, moved in rows
        ),
    )


def _changes(usable: UsableChannels, update: _PositionUpdate) -> tuple[RigChange, ...]:
    changes = []
    for index, mic, new, std in zip(
        usable.indices, usable.microphones, update.positions_m.tolist(), update.std_m.tolist(), strict=True
    ):
        rounded = [round(value, 4) + 0.0 for value in new]
        changes.append(microphone_change(index, mic.name, 'position_m', list(mic.position_m), rounded))
        changes.append(std_change(index, mic, 'position_m', round(std, 4)))
    return tuple(changes)


def _pictures(usable: UsableChannels, geometry: GeometryEstimate, update: _PositionUpdate) -> dict[str, RgbImage]:
    return {
        'positions': top_view_chart(
            'Microphones from above',
            {
                'estimated': Marks(update.positions_m, usable.names, (2 * update.std_m).tolist()),
                'in the rig': Marks(usable.positions_m, hollow=True),
            },
        ),
        'sounds': top_view_chart(
            'Positions of the sounds',
            {'sounds': Marks(geometry.events_m), 'microphones': Marks(update.positions_m, hollow=True)},
        ),
        'moved': bar_chart(
            'Distance of each microphone from its position in the rig',
            'cm',
            {name: 100 * moved for name, moved in zip(usable.names, update.moved_m.tolist(), strict=True)},
            allowed=(0.0, 100 * TOLERANCE_M),
            min_span=2.0,
        ),
    }


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--distance',
        nargs=3,
        action='append',
        required=True,
        metavar=('MIC', 'MIC', 'METRES'),
        help='measured distance between the centres of two microphones; repeat it, three directions are good',
    )


GEOMETRY = MeasurementCommand(
    name='geometry',
    title='positions of the microphones, from claps around the array and a few measured distances',
    example='--wav claps.wav --rig my_rig --distance mic_0 mic_4 1.003',
    text=(
        'Park away from walls, with the engine off. Clap twenty times, or play as many short chirps from a loudspeaker'
        ', a second or more apart, at places on all sides of the array, 1.5 to 4 m away, at heights from the knees to '
        'above your head. The exact places need not be known. Measure the distance of two or three pairs of '
        'microphones with a tape.\n\nThe search starts from the positions in the rig, which may be wrong by about ten '
        'centimetres. Sound determines the shape of the array only. Its position and orientation on the car are those '
        'that fit the rig best. A flat array cannot determine which of its sides is up: the solution closer to the '
        'rig is taken. If both are equally close, heights are not changed, and the report contains a '
        'remark.\n\nPositions, places, delays of the channels and the speed of sound are estimated together. Order '
        'and polarity must be correct before (`calibrate order`, `calibrate polarity`).'
    ),
    seconds=SECONDS,
    measure=measure_geometry,
    configure=_configure,
).command()
