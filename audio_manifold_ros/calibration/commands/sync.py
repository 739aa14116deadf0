# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate sync`: time offset between the clocks of microphones and camera."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn

from audio_manifold_ros.bags.decoding.bag_rig import bag_rig
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.calibration.camera.audio_video_sync import SyncOffset, estimate_sync_offset
from audio_manifold_ros.calibration.camera.visual_clap_detection import ClapEvent, detect_claps
from audio_manifold_ros.calibration.channels.impulsive_events import ImpulsiveEvents, detect_events
from audio_manifold_ros.calibration.channels.onset_detection import detect_onsets
from audio_manifold_ros.calibration.commands.measurement_command import Command, add_report_options
from audio_manifold_ros.calibration.recording.audio_video_clip import AudioVideoClip, load_clip
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
    save_and_show,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart, line_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.array_types import FloatArray, RgbImage, Samples
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray

# An offset within this tolerance is not changed. An offset with a larger standard deviation is not written.
TOLERANCE_S, MAX_STD_S = 0.003, 0.005
MAX_DELAY_S = 0.002
MIN_SHOWN_MS = 20.0
METHOD = 'clap'


@dataclass(frozen=True)
class ClapPairs:
    """Claps of a bag, in images and in sound.

    Attributes:
        array: The rig's microphones.
        extrinsics: The rig's frames and time offset.
        clip: Audio and images of the bag.
        samples: Audio of the enabled microphones.
        clap_events: Claps in the images, with times as in `clip`.
        events: Impulsive sounds.
        audio_s: Emission time of each sound (event,): its onset minus the travel time.
        offset: Estimated offset. Its `pairs` are indices into `clap_events` and `events`.
        distance_m: Distance from the hands to the array.

    """

    array: MicrophoneArray
    extrinsics: Extrinsics
    clip: AudioVideoClip
    samples: Samples
    clap_events: list[ClapEvent]
    events: ImpulsiveEvents
    audio_s: FloatArray
    offset: SyncOffset
    distance_m: float


def match_claps(given: argparse.Namespace) -> ClapPairs:
    """Find the claps of a bag in images and sound, and the offset of the clocks.

    Raises:
        BagError: The bag cannot be used.
        CalibrationError: Too few claps match, or the bag lacks images.
        RigError: The rig cannot be read.

    """
    array, extrinsics = _rig(given)
    columns = (TextColumn('{task.description}'), BarColumn())
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        with BagReader(given.bag) as bag:
            task_id = progress.add_task('reading audio and images', total=2 * bag.duration_s)
        clip = load_clip(
            given.bag,
            given.topic,
            given.camera,
            None if given.region is None else tuple(given.region),
            lambda seconds: progress.advance(task_id, seconds),
        )
        progress.add_task('detecting claps', total=None)
        samples = clip.samples[[mic.device_channel for mic in array.microphones if mic.enabled]]
        positions_m = array.positions_m[[mic.enabled for mic in array.microphones]]
        aperture_m = float(np.linalg.norm(np.ptp(positions_m, axis=0)))
        max_lag_s = 1.5 * aperture_m / array.sound_mps + MAX_DELAY_S
        events = detect_events(samples, clip.sample_rate_hz, max_lag_s)
        onsets_s = detect_onsets(samples, clip.sample_rate_hz, events)
        clear = np.isfinite(onsets_s)
        events = ImpulsiveEvents(events.spans[clear], events.rises_db[clear])
        audio_s = onsets_s[clear] - given.distance / array.sound_mps
        clap_events = detect_claps(clip.pictures, clip.times_s)
        visual_s = np.array([clap.time_s for clap in clap_events])
        offset = estimate_sync_offset(visual_s, audio_s, extrinsics.audio_time_offset_s)
    return ClapPairs(array, extrinsics, clip, samples, clap_events, events, audio_s, offset, given.distance)


def add_clap_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for a bag with claps."""
    parser.add_argument('--bag', type=Path, required=True, metavar='BAG', help='rosbag2 folder, .mcap or .db3')
    parser.add_argument('--topic', default='', help='audio topic (default: the only one)')
    parser.add_argument('--camera', default='', metavar='TOPIC', help='camera topic (default: the only one)')
    parser.add_argument(
        '--distance',
        type=number(0.1, 50),
        required=True,
        metavar='METRES',
        help='distance from the hands to the middle of the array, within 20 cm (1 m is 3 ms)',
    )
    parser.add_argument(
        '--region',
        type=whole_number(0),
        nargs=4,
        metavar=('COLUMN', 'ROW', 'COLUMNS', 'ROWS'),
        help='region of the images with the hands, if other things move as well (default: the whole image)',
    )
    add_report_options(parser)


def _rig(given: argparse.Namespace) -> tuple[MicrophoneArray, Extrinsics]:
    with BagReader(given.bag) as bag, bag_rig(bag, given.rig) as rig:
        return MicrophoneArray.from_yaml(rig.folder / RIG_FILE), Extrinsics.from_yaml(rig.folder / EXTRINSICS_FILE)


def measure_sync(claps: ClapPairs) -> CalibrationReport:
    """Compare the measured offset with the rig."""
    offset, before_s = claps.offset, claps.extrinsics.audio_time_offset_s
    error_s = offset.offset_s - before_s
    uncertain = offset.std_s > MAX_STD_S
    wrong = abs(error_s) > max(TOLERANCE_S, 2 * offset.std_s)
    offset_text = f'{1e3 * offset.offset_s:+.1f} ± {1e3 * offset.std_s:.1f} ms'
    if uncertain:
        summary = f'The offset is {offset_text}: clap more often, and hold the hands together after each clap.'
    elif wrong:
        summary = f'The offset is {offset_text}, and the rig has {1e3 * before_s:+.1f} ms.'
    else:
        summary = f'The offset is {offset_text}, as in the rig ({1e3 * before_s:+.1f} ms).'
    return CalibrationReport(
        command='sync',
        verdict=choose_verdict(refused=uncertain, wrong=wrong),
        summary=summary,
        remarks=recording_remarks(claps),
        figures={
            'audio_time_offset_s': round(offset.offset_s, 5),
            'std_s': round(offset.std_s, 5),
            'before_s': before_s,
            'claps_in_pictures': len(claps.clap_events),
            'claps_in_audio': len(claps.audio_s),
            'claps_used': len(offset.pairs),
            'offsets_s': np.round(offset.offsets_s, 5).tolist(),
            'picture_period_s': round(float(np.median(np.diff(claps.clip.times_s))), 5),
        },
        tables=(_table(claps),),
        changes=_changes(claps) if wrong and not uncertain else (),
        pictures={
            'offsets': bar_chart(
                'Offset of each clap relative to the median',
                'ms',
                {
                    str(number + 1): 1e3 * float(deviation)
                    for number, deviation in enumerate(offset.offsets_s - offset.offset_s)
                },
                min_span=MIN_SHOWN_MS,
            ),
            'motion_and_loudness': _motion_and_loudness_chart(claps),
        },
    )


def recording_remarks(claps: ClapPairs) -> tuple[str, ...]:
    """Return remarks on damaged images of the recording."""
    damaged = claps.clip.damaged
    return (f'{damaged} images cannot be read, or their stamps go back in time.',) if damaged else ()


def _table(claps: ClapPairs) -> ReportTable:
    rows: list[tuple[str | int, ...]] = []
    for (visual_index, audio_index), offset_s in zip(claps.offset.pairs, claps.offset.offsets_s, strict=True):
        clap = claps.clap_events[visual_index]
        column, row = clap_pixel(claps.clip, clap)
        rows.append(
            (
                len(rows) + 1,
                f'{claps.audio_s[audio_index]:.4f}',
                f'{clap.time_s:.4f}',
                f'{1e3 * offset_s:+.1f}',
                f'{column:.0f}',
                f'{row:.0f}',
            )
        )
    return ReportTable(('clap', 'sound s', 'image s', 'offset ms', 'column', 'row'), tuple(rows))


def clap_pixel(clip: AudioVideoClip, clap: ClapEvent) -> tuple[float, float]:
    """Return column and row of a clap in camera pixels."""
    column, row = ((value + 0.5) * clip.scale - 0.5 for value in (clap.column, clap.row))
    return column + clip.corner[0], row + clip.corner[1]


def _motion_and_loudness_chart(claps: ClapPairs) -> RgbImage:
    """Draw motion in the images and loudness, one second around the middle clap."""
    clip, travel_time_s = claps.clip, claps.distance_m / claps.array.sound_mps
    middle_s = claps.clap_events[claps.offset.pairs[len(claps.offset.pairs) // 2, 0]].time_s
    near = np.flatnonzero(np.abs(clip.times_s - middle_s) < 0.5)[1:]
    motion = [float(np.abs(clip.pictures[n].astype(np.int16) - clip.pictures[n - 1]).mean()) for n in near]
    width = round(0.005 * clip.sample_rate_hz)
    start = max(round((middle_s - claps.offset.offset_s + travel_time_s - 0.5) * clip.sample_rate_hz), 0)
    part = claps.samples[:, start : start + clip.sample_rate_hz]
    count = part.shape[1] // width
    loudness = np.sqrt((part[:, : count * width].reshape(len(part), count, width) ** 2).mean(axis=(0, 2)))
    audio_s = (start + (np.arange(count) + 0.5) * width) / clip.sample_rate_hz - travel_time_s + claps.offset.offset_s
    return line_chart(
        'Motion in the images and loudness, aligned by offset and travel time',
        's',
        'fraction of the maximum',
        {
            'motion': ((clip.times_s[near] - middle_s).tolist(), (np.array(motion) / max(motion)).tolist()),
            'sound': ((audio_s - middle_s).tolist(), (loudness / max(float(loudness.max()), 1e-12)).tolist()),
        },
    )


def _changes(claps: ClapPairs) -> tuple[RigChange, ...]:
    offset, rig = claps.offset, claps.extrinsics
    return tuple(
        RigChange(EXTRINSICS_FILE, (key,), 'camera', before, after)
        for key, before, after in (
            ('audio_time_offset_s', rig.audio_time_offset_s, round(offset.offset_s, 4)),
            ('offset_method', rig.offset_method or None, METHOD),
            ('offset_residual_s', rig.offset_residual_s, round(offset.std_s, 4)),
        )
    )


def _run(given: argparse.Namespace, console: SafeConsole) -> int:
    return save_and_show(measure_sync(match_claps(given)), given.out, console)


SYNC = Command(
    name='sync',
    title='time offset between microphones and camera, from claps in sound and images',
    example='--bag recordings/claps --distance 3.1 --rig my_rig',
    text=(
        'Needs a bag with the camera and the raw audio. Park the car, and keep the camera still. A person in view '
        'claps ten times or more, at irregular intervals of about two seconds: the hands come together fast, stay '
        'together for half a second, and open. A clapperboard works as well, and so does a hand or a stick that hits '
        'something. Nothing else should move in the image. Otherwise give the region of the hands with '
        '--region.\n\nThe time of a clap in the images is the instant at which the displacement of the hands becomes '
        'zero, accurate to a tenth of the frame period. In the sound it is the onset minus the travel time from the '
        'hands to the array. The meaning of the camera stamps (start or middle of an exposure) is part of the offset.'
    ),
    configure=add_clap_arguments,
    run=_run,
)
