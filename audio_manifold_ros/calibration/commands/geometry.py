# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate geometry`: where the microphones are."""

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
    CalibrationVerdict,
    ReportTable,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.position_charts import Marks, top_view_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.common.array_types import FloatArray, RgbImage
from audio_manifold_ros.common.errors import CalibrationError

SECONDS = 60.0
MAX_DELAY_S = 0.002
# A rig whose positions are as good as this is left alone; positions known worse than that are not written.
TOLERANCE_M, MAX_STD_M = 0.01, 0.02
MIN_DELAY_SAMPLES = 0.3
MAX_DISTANCE_M = 100.0


@dataclass(frozen=True)
class _PositionUpdate:
    """What becomes of the positions: new ones (mic, 3), how far each moves, their deviations across and along."""

    positions_m: FloatArray
    moved_m: FloatArray
    std_m: FloatArray
    horizontal_std_m: float
    height_std_m: float
    heights_kept: bool


def measure_geometry(task: MeasurementTask) -> CalibrationReport:
    """Find the position of each microphone."""
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
        verdict=CalibrationVerdict.REFUSED
        if uncertain
        else CalibrationVerdict.CHANGE
        if wrong
        else CalibrationVerdict.GOOD,
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
            msg = f'--distance {first} {second} {text}: give the distance of the capsules in metres.'
            raise CalibrationError(msg)
        measured_distances.append(MeasuredDistance(usable.names.index(first), usable.names.index(second), distance_m))
    return tuple(measured_distances)


def _position_update(usable: UsableChannels, geometry: GeometryEstimate) -> _PositionUpdate:
    normal = geometry.normal
    across = np.eye(3) - np.outer(normal, normal)
    level = np.sqrt(np.einsum('ij,mjk,ki->m', across, geometry.covariances_m2, across) / 2)
    heights = np.sqrt(np.einsum('i,mij,j->m', normal, geometry.covariances_m2, normal))
    kept = bool(geometry.is_mirror_ambiguous or heights.max() > MAX_STD_M)
    positions = geometry.positions_m
    if kept:
        positions = positions + ((usable.positions_m - positions) @ normal)[:, None] * normal
    return _PositionUpdate(
        positions,
        np.linalg.norm(positions - usable.positions_m, axis=1),
        level if kept else np.sqrt(np.einsum('mii->m', geometry.covariances_m2) / 3),
        float(level.max()),
        float(heights.max()),
        kept,
    )


def _summary(usable: UsableChannels, update: _PositionUpdate, *, uncertain: bool, wrong: bool) -> str:
    worst = int(update.moved_m.argmax())
    if uncertain:
        return (
            f'Positions are known to ± {100 * update.horizontal_std_m:.1f} cm only: clap more often, on all sides, near '
            'and far, and give more distances.'
        )
    if wrong:
        return f'{usable.names[worst]} is {100 * update.moved_m[worst]:.1f} cm from where the rig says.'
    return (
        f'All positions are as the rig says (the worst, {usable.names[worst]}: {100 * update.moved_m[worst]:.1f} cm).'
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
            'Above or below cannot be told: mirrored at its plane the array explains what was heard as well, and the '
            'rig does not say which of both it is. Heights are left as they are; write rough ones into the rig and '
            'measure again.'
        )
    elif update.heights_kept:
        remarks.append(
            f'Heights are known to ± {100 * update.height_std_m:.0f} cm only and are left as they are: clap from the '
            'ground up to above your head.'
        )
    for pair in measured_distances:
        found = float(np.linalg.norm(geometry.positions_m[pair.first] - geometry.positions_m[pair.second]))
        if abs(found - pair.distance_m) > TOLERANCE_M:
            remarks.append(
                f'{usable.names[pair.first]} and {usable.names[pair.second]} are {pair.distance_m:g} m apart by the tape, and '
                f'{found:.3f} m by ear: measure that distance again.'
            )
    rig_delays = usable.array.delays_s[list(usable.indices)] * usable.sample_rate_hz
    delay_errors = geometry.delays_samples - (rig_delays - rig_delays.mean())
    late = np.abs(delay_errors) > np.maximum(MIN_DELAY_SAMPLES, 3 * geometry.delays_std_samples)
    if late.any():
        names = ', '.join(name for name, is_late in zip(usable.names, late, strict=True) if is_late)
        remarks.append(f'Later or earlier than the rig says: {names}. Run `calibrate delay` next.')
    return remarks


def _figures(usable: UsableChannels, geometry: GeometryEstimate, update: _PositionUpdate) -> dict[str, object]:
    rest = np.abs(geometry.residual_samples)
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
        'rest_samples': {'median': round(float(np.median(rest)), 4), 'p95': round(float(np.percentile(rest, 95)), 4)},
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
                'found': Marks(update.positions_m, usable.names, (2 * update.std_m).tolist()),
                'in the rig': Marks(usable.positions_m, hollow=True),
            },
        ),
        'sounds': top_view_chart(
            'Where the sounds were',
            {'sounds': Marks(geometry.events_m), 'microphones': Marks(update.positions_m, hollow=True)},
        ),
        'moved': bar_chart(
            'How far each microphone is from where the rig says',
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
        help='distance of the middles of two capsules, by a tape; once or more, three in different directions are good',
    )


GEOMETRY = MeasurementCommand(
    name='geometry',
    title='where the microphones are: clap all round the array, and measure a few distances with a tape',
    text=(
        'Park away from walls, engine off. Clap twenty times, or play as many short chirps from a loudspeaker, at '
        'places all round the array, 1.5 to 4 m away, from the knees up to above your head, a second or more apart; '
        'where exactly need not be known. Measure the distance of two or three pairs of microphones with a tape.\n\n'
        'The positions in the rig are where the search begins: they may be wrong by ten centimetres or so. Sound alone '
        'tells a shape; where it lies on the car and which way it looks is what fits the rig best. Of a flat array '
        'nobody can hear which side of it is up: the nearer one to the rig is taken, and if both are as near, heights '
        'are left alone and the report says so.\n\nPositions, places, delays of the channels and the speed of sound '
        'are solved for together; order and polarity should be right before (calibrate order).'
    ),
    seconds=SECONDS,
    measure=measure_geometry,
    configure=_configure,
).command()
