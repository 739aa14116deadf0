# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate geometry`: where the microphones are."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.impulsive_events import event_arrivals, find_events
from audio_manifold_ros.calibration.commands.measurement_command import Measurement, Task
from audio_manifold_ros.calibration.errors import WorkbenchError
from audio_manifold_ros.calibration.geometry.array_self_calibration import ArrayGeometry, find_geometry
from audio_manifold_ros.calibration.geometry.geometry_problem import Known, TapedDistance
from audio_manifold_ros.calibration.recording.usable_channels import LiveChannels, live_channels
from audio_manifold_ros.calibration.reporting.calibration_report import Report, Table, Verdict
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.calibration.reporting.top_view_chart import Marks, plan_chart
from audio_manifold_ros.evaluation.reporting.contact_sheet import Picture

Array = NDArray[np.float64]

SECONDS = 60.0
LONGEST_DELAY_S = 0.002
# A rig whose positions are as good as this is left alone; positions known worse than that are not written.
TOLERANCE_M, MOST_STD_M = 0.01, 0.02
LEAST_DELAY_SAMPLES = 0.3
LONGEST_TAPE_M = 100.0


@dataclass(frozen=True)
class _Placed:
    """What becomes of the positions: new ones (mic, 3), how far each moves, their deviations across and along."""

    positions_m: Array
    moved_m: Array
    std_m: Array
    level_std_m: float
    height_std_m: float
    heights_kept: bool


def measure_geometry(task: Task) -> Report:
    """Find the position of each microphone."""
    live = live_channels(task)
    taped = _taped(live, task.options.distance)
    known = Known.from_rig(live.array, live.indices, live.sample_rate_hz)
    aperture_m = float(np.linalg.norm(np.ptp(live.positions_m, axis=0)))
    longest_s = 1.5 * aperture_m / live.array.sound_mps + LONGEST_DELAY_S
    events = find_events(live.samples, live.sample_rate_hz, longest_s)
    geometry = find_geometry(event_arrivals(live.samples, live.sample_rate_hz, events, longest_s), known, taped)
    placed = _placed(live, geometry)
    unsure = placed.level_std_m > MOST_STD_M
    wrong = bool(placed.moved_m.max() > TOLERANCE_M)
    return Report(
        command='geometry',
        verdict=Verdict.REFUSED if unsure else Verdict.CHANGE if wrong else Verdict.GOOD,
        summary=_summary(live, placed, unsure=unsure, wrong=wrong),
        remarks=(*live.remarks, *_remarks(live, geometry, placed, taped)),
        figures=_figures(live, geometry, placed),
        tables=(_table(live, placed),),
        changes=_changes(live, placed) if wrong and not unsure else (),
        pictures=_pictures(live, geometry, placed),
    )


def _taped(live: LiveChannels, given: list[list[str]]) -> tuple[TapedDistance, ...]:
    taped = []
    for first, second, text in given:
        unknown = [name for name in (first, second) if name not in live.names]
        if unknown or first == second:
            msg = f'--distance {first} {second} {text}: name two of the enabled microphones {list(live.names)}.'
            raise WorkbenchError(msg)
        try:
            metres = float(text)
        except ValueError:
            metres = np.nan
        if not 0 < metres < LONGEST_TAPE_M:
            msg = f'--distance {first} {second} {text}: give the distance of the capsules in metres.'
            raise WorkbenchError(msg)
        taped.append(TapedDistance(live.names.index(first), live.names.index(second), metres))
    return tuple(taped)


def _placed(live: LiveChannels, geometry: ArrayGeometry) -> _Placed:
    normal = geometry.normal
    across = np.eye(3) - np.outer(normal, normal)
    level = np.sqrt(np.einsum('ij,mjk,ki->m', across, geometry.covariances_m2, across) / 2)
    heights = np.sqrt(np.einsum('i,mij,j->m', normal, geometry.covariances_m2, normal))
    kept = bool(geometry.mirrored or heights.max() > MOST_STD_M)
    positions = geometry.positions_m
    if kept:
        positions = positions + ((live.positions_m - positions) @ normal)[:, None] * normal
    return _Placed(
        positions,
        np.linalg.norm(positions - live.positions_m, axis=1),
        level if kept else np.sqrt(np.einsum('mii->m', geometry.covariances_m2) / 3),
        float(level.max()),
        float(heights.max()),
        kept,
    )


def _summary(live: LiveChannels, placed: _Placed, *, unsure: bool, wrong: bool) -> str:
    worst = int(placed.moved_m.argmax())
    if unsure:
        return (
            f'Positions are known to ± {100 * placed.level_std_m:.1f} cm only: clap more often, on all sides, near '
            'and far, and give more distances.'
        )
    if wrong:
        return f'{live.names[worst]} is {100 * placed.moved_m[worst]:.1f} cm from where the rig says.'
    return f'All positions are as the rig says (the worst, {live.names[worst]}: {100 * placed.moved_m[worst]:.1f} cm).'


def _remarks(
    live: LiveChannels, geometry: ArrayGeometry, placed: _Placed, taped: tuple[TapedDistance, ...]
) -> list[str]:
    remarks = []
    if geometry.mirrored:
        remarks.append(
            'Above or below cannot be told: mirrored at its plane the array explains what was heard as well, and the '
            'rig does not say which of both it is. Heights are left as they are; write rough ones into the rig and '
            'measure again.'
        )
    elif placed.heights_kept:
        remarks.append(
            f'Heights are known to ± {100 * placed.height_std_m:.0f} cm only and are left as they are: clap from the '
            'ground up to above your head.'
        )
    for pair in taped:
        found = float(np.linalg.norm(geometry.positions_m[pair.first] - geometry.positions_m[pair.second]))
        if abs(found - pair.metres) > TOLERANCE_M:
            remarks.append(
                f'{live.names[pair.first]} and {live.names[pair.second]} are {pair.metres:g} m apart by the tape, and '
                f'{found:.3f} m by ear: measure that distance again.'
            )
    said = live.array.delays_s[list(live.indices)] * live.sample_rate_hz
    apart = geometry.delays_samples - (said - said.mean())
    late = np.abs(apart) > np.maximum(LEAST_DELAY_SAMPLES, 3 * geometry.delays_std_samples)
    if late.any():
        names = ', '.join(name for name, is_late in zip(live.names, late, strict=True) if is_late)
        remarks.append(f'Later or earlier than the rig says: {names}. Run `calibrate delay` next.')
    return remarks


def _figures(live: LiveChannels, geometry: ArrayGeometry, placed: _Placed) -> dict[str, object]:
    rest = np.abs(geometry.rest_samples)
    return {
        'position_m': _by_name(live, np.round(placed.positions_m, 4)),
        'std_m': _by_name(live, np.round(placed.std_m, 4)),
        'moved_m': _by_name(live, np.round(placed.moved_m, 4)),
        'heights_kept': placed.heights_kept,
        'level_std_m': round(placed.level_std_m, 4),
        'height_std_m': round(placed.height_std_m, 4),
        'delay_samples': _by_name(live, np.round(geometry.delays_samples, 3)),
        'delay_std_samples': _by_name(live, np.round(geometry.delays_std_samples, 3)),
        'sound_mps': round(geometry.sound_mps, 2),
        'sound_std_mps': round(geometry.sound_std_mps, 2),
        'events': len(geometry.used),
        'events_m': np.round(geometry.events_m, 3).tolist(),
        'rest_samples': {'median': round(float(np.median(rest)), 4), 'p95': round(float(np.percentile(rest, 95)), 4)},
    }


def _by_name(live: LiveChannels, values: Array) -> dict[str, object]:
    return dict(zip(live.names, values.tolist(), strict=True))


def _table(live: LiveChannels, placed: _Placed) -> Table:
    rows = zip(live.microphones, placed.positions_m.tolist(), placed.std_m, placed.moved_m, strict=True)
    return Table(
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


def _changes(live: LiveChannels, placed: _Placed) -> tuple[RigChange, ...]:
    changes = []
    for index, mic, new, std in zip(
        live.indices, live.microphones, placed.positions_m.tolist(), placed.std_m.tolist(), strict=True
    ):
        rounded = [round(value, 4) + 0.0 for value in new]
        changes.append(microphone_change(index, mic.name, 'position_m', list(mic.position_m), rounded))
        changes.append(std_change(index, mic, 'position_m', round(std, 4)))
    return tuple(changes)


def _pictures(live: LiveChannels, geometry: ArrayGeometry, placed: _Placed) -> dict[str, Picture]:
    return {
        'positions': plan_chart(
            'Microphones from above',
            {
                'found': Marks(placed.positions_m, live.names, (2 * placed.std_m).tolist()),
                'in the rig': Marks(live.positions_m, hollow=True),
            },
        ),
        'sounds': plan_chart(
            'Where the sounds were',
            {'sounds': Marks(geometry.events_m), 'microphones': Marks(placed.positions_m, hollow=True)},
        ),
        'moved': bar_chart(
            'How far each microphone is from where the rig says',
            'cm',
            {name: 100 * moved for name, moved in zip(live.names, placed.moved_m.tolist(), strict=True)},
            allowed=(0.0, 100 * TOLERANCE_M),
            least_span=2.0,
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


GEOMETRY = Measurement(
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
