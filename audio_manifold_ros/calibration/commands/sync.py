# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate sync`: how far the clocks of microphones and camera are apart."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from audio_manifold_ros.bags.decoding.bag_rig import bag_rig
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.camera.audio_video_sync import ClapOffset, find_offset
from audio_manifold_ros.calibration.camera.visual_clap_detection import SeenStop, find_stops
from audio_manifold_ros.calibration.channels.impulsive_events import SoundEvents, find_events
from audio_manifold_ros.calibration.channels.onset_detection import find_onsets
from audio_manifold_ros.calibration.commands.command import Command
from audio_manifold_ros.calibration.recording.audio_video_clip import SeenAndHeard, watch
from audio_manifold_ros.calibration.reporting.calibration_report import Report, Table, Verdict, conclude
from audio_manifold_ros.calibration.reporting.charts import bar_chart, line_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray

Array = NDArray[np.float64]

# An offset that is as good as this is left alone; one that is known worse than that is not written.
TOLERANCE_S, MOST_STD_S = 0.003, 0.005
LONGEST_DELAY_S = 0.002
SPREAD_SHOWN_MS = 20.0
METHOD = 'clap'


@dataclass(frozen=True)
class Claps:
    """What was seen and heard of the claps of a bag.

    Attributes:
        array: The rig's microphones.
        extrinsics: The rig's frames and offset.
        watched: The bag.
        samples: Sound of the enabled microphones.
        stops: What was seen, seconds as in `watched`.
        events: What was heard.
        heard_s: When each of these was made (event,), the way of the sound taken off.
        offset: What fits together; `pairs` are places in `stops` and `events`.
        distance_m: From the hands to the array.

    """

    array: MicrophoneArray
    extrinsics: Extrinsics
    watched: SeenAndHeard
    samples: NDArray[np.float32]
    stops: list[SeenStop]
    events: SoundEvents
    heard_s: Array
    offset: ClapOffset
    distance_m: float


def match_claps(given: argparse.Namespace) -> Claps:
    """Find the claps of a bag, and what the clocks differ by.

    Raises:
        BagError: The bag cannot be used.
        CalibrationError: The rig cannot be read, or too few claps fit together.
        WorkbenchError: The bag lacks pictures, or a channel of the rig.

    """
    array, extrinsics = _rig(given)
    columns = (TextColumn('{task.description}'), BarColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        with BagReader(given.bag) as bag:
            shown = progress.add_task('reading sound and pictures', total=2 * bag.duration_s)
        watched = watch(
            given.bag,
            given.topic,
            given.camera,
            None if given.region is None else tuple(given.region),
            lambda seconds: progress.advance(shown, seconds),
        )
        progress.add_task('looking for claps', total=None)
        samples = watched.samples[[mic.device_channel for mic in array.microphones if mic.enabled]]
        positions_m = array.positions_m[[mic.enabled for mic in array.microphones]]
        aperture_m = float(np.linalg.norm(np.ptp(positions_m, axis=0)))
        longest_s = 1.5 * aperture_m / array.sound_mps + LONGEST_DELAY_S
        events = find_events(samples, watched.sample_rate_hz, longest_s)
        onsets_s = find_onsets(samples, watched.sample_rate_hz, events)
        clear = np.isfinite(onsets_s)
        events = SoundEvents(events.spans[clear], events.rises_db[clear])
        heard_s = onsets_s[clear] - given.distance / array.sound_mps
        stops = find_stops(watched.pictures, watched.times_s)
        seen_s = np.array([stop.time_s for stop in stops])
        offset = find_offset(seen_s, heard_s, extrinsics.audio_time_offset_s)
    return Claps(array, extrinsics, watched, samples, stops, events, heard_s, offset, given.distance)


def add_clap_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names a bag with claps."""
    parser.add_argument('--bag', type=Path, required=True, metavar='BAG', help='rosbag2 folder, .mcap or .db3')
    parser.add_argument('--topic', default='', help='audio topic (default: the only one)')
    parser.add_argument('--camera', default='', metavar='TOPIC', help='camera topic (default: the only one)')
    parser.add_argument(
        '--distance',
        type=number(0.1, 50),
        required=True,
        metavar='METRES',
        help='from the clapping hands to the middle of the array, within 20 cm: a metre is 3 ms',
    )
    parser.add_argument(
        '--region',
        type=whole_number(0),
        nargs=4,
        metavar=('COLUMN', 'ROW', 'COLUMNS', 'ROWS'),
        help='part of the pictures in which the hands are, where other things move too (default: all)',
    )
    parser.add_argument('--rig', type=Path, metavar='FOLDER', help='the rig (default: the one in the bag)')
    parser.add_argument('--out', type=Path, metavar='FOLDER', help='for the report (default: a new one)')


def _rig(given: argparse.Namespace) -> tuple[MicrophoneArray, Extrinsics]:
    with BagReader(given.bag) as bag, bag_rig(bag, given.rig) as rig:
        return MicrophoneArray.from_yaml(rig.folder / RIG_FILE), Extrinsics.from_yaml(rig.folder / EXTRINSICS_FILE)


def measure_sync(claps: Claps) -> Report:
    """Return what the claps say of the offset."""
    offset, before_s = claps.offset, claps.extrinsics.audio_time_offset_s
    error_s = offset.offset_s - before_s
    unsure = offset.std_s > MOST_STD_S
    wrong = abs(error_s) > max(TOLERANCE_S, 2 * offset.std_s)
    said = f'{1e3 * offset.offset_s:+.1f} ± {1e3 * offset.std_s:.1f} ms'
    if unsure:
        summary = f'The offset is {said}: clap more often, and hold the hands together after each clap.'
    elif wrong:
        summary = f'The offset is {said}; the rig says {1e3 * before_s:+.1f} ms.'
    else:
        summary = f'The offset is {said}, as the rig says ({1e3 * before_s:+.1f} ms).'
    return Report(
        command='sync',
        verdict=Verdict.REFUSED if unsure else Verdict.CHANGE if wrong else Verdict.GOOD,
        summary=summary,
        remarks=remarks_of(claps),
        figures={
            'audio_time_offset_s': round(offset.offset_s, 5),
            'std_s': round(offset.std_s, 5),
            'before_s': before_s,
            'claps_seen': len(claps.stops),
            'claps_heard': len(claps.heard_s),
            'claps_used': len(offset.pairs),
            'offsets_s': np.round(offset.offsets_s, 5).tolist(),
            'picture_period_s': round(float(np.median(np.diff(claps.watched.times_s))), 5),
        },
        tables=(_table(claps),),
        changes=_changes(claps) if wrong and not unsure else (),
        pictures={
            'offsets': bar_chart(
                'Each clap against the median',
                'ms',
                {
                    str(number + 1): 1e3 * float(apart)
                    for number, apart in enumerate(offset.offsets_s - offset.offset_s)
                },
                least_span=SPREAD_SHOWN_MS,
            ),
            'seen_and_heard': _courses(claps),
        },
    )


def remarks_of(claps: Claps) -> tuple[str, ...]:
    """Return what a person should know of the recording."""
    damaged = claps.watched.damaged
    return (f'{damaged} pictures could not be read, or go back in time.',) if damaged else ()


def _table(claps: Claps) -> Table:
    rows: list[tuple[str | int, ...]] = []
    for (seen, heard), offset_s in zip(claps.offset.pairs, claps.offset.offsets_s, strict=True):
        stop = claps.stops[seen]
        column, row = place_px(claps.watched, stop)
        rows.append(
            (
                len(rows) + 1,
                f'{claps.heard_s[heard]:.4f}',
                f'{stop.time_s:.4f}',
                f'{1e3 * offset_s:+.1f}',
                f'{column:.0f}',
                f'{row:.0f}',
            )
        )
    return Table(('clap', 'made s', 'seen s', 'offset ms', 'column', 'row'), tuple(rows))


def place_px(watched: SeenAndHeard, stop: SeenStop) -> tuple[float, float]:
    """Return column and row of a clap in the camera's own pixels."""
    column, row = ((value + 0.5) * watched.scale - 0.5 for value in (stop.column, stop.row))
    return column + watched.corner[0], row + watched.corner[1]


def _courses(claps: Claps) -> NDArray[np.uint8]:
    """Draw how much changes in the pictures, and how loud it is, a second around the middle clap."""
    watched, way_s = claps.watched, claps.distance_m / claps.array.sound_mps
    middle_s = claps.stops[claps.offset.pairs[len(claps.offset.pairs) // 2, 0]].time_s
    near = np.flatnonzero(np.abs(watched.times_s - middle_s) < 0.5)[1:]
    motion = [float(np.abs(watched.pictures[n].astype(np.int16) - watched.pictures[n - 1]).mean()) for n in near]
    width = round(0.005 * watched.sample_rate_hz)
    start = max(round((middle_s - claps.offset.offset_s + way_s - 0.5) * watched.sample_rate_hz), 0)
    part = claps.samples[:, start : start + watched.sample_rate_hz]
    count = part.shape[1] // width
    loud = np.sqrt((part[:, : count * width].reshape(len(part), count, width) ** 2).mean(axis=(0, 2)))
    heard_s = (start + (np.arange(count) + 0.5) * width) / watched.sample_rate_hz - way_s + claps.offset.offset_s
    return line_chart(
        'Motion in the pictures and loudness, offset and way of the sound taken off',
        's',
        'share of the most',
        {
            'motion': ((watched.times_s[near] - middle_s).tolist(), (np.array(motion) / max(motion)).tolist()),
            'sound': ((heard_s - middle_s).tolist(), (loud / max(float(loud.max()), 1e-12)).tolist()),
        },
    )


def _changes(claps: Claps) -> tuple[RigChange, ...]:
    offset, rig = claps.offset, claps.extrinsics
    return tuple(
        RigChange(EXTRINSICS_FILE, (key,), 'camera', before, after)
        for key, before, after in (
            ('audio_time_offset_s', rig.audio_time_offset_s, round(offset.offset_s, 4)),
            ('offset_method', rig.offset_method or None, METHOD),
            ('offset_residual_s', rig.offset_residual_s, round(offset.std_s, 4)),
        )
    )


def _run(given: argparse.Namespace, console: Console) -> int:
    return conclude(measure_sync(match_claps(given)), given.out, console)


SYNC = Command(
    name='sync',
    title='how far the clocks of microphones and camera are apart: claps that are seen and heard',
    text=(
        'Needs a bag with the camera and the raw sound. Park, let the camera stand still. Somebody in view claps ten '
        'times or more, at irregular times two seconds apart: hands come together fast, stay together for half a '
        'second, and open. A clapper board does as well, and so does one hand or a stick that falls on something. '
        'Nothing else should move in the picture, or name the part where the hands are with --region.\n\nThe '
        'instant of a clap in the pictures is where the way of the hands to their place becomes zero, found to a tenth '
        'of the time between two pictures; in the sound it is the onset less the way from the hands to the array. '
        'What the stamps of the camera mean (beginning or middle of an exposure) is part of the offset.'
    ),
    configure=add_clap_arguments,
    run=_run,
)
