# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate delay`: delays and clock drift of the channels."""

from __future__ import annotations

import argparse

import numpy as np

from audio_manifold_ros.calibration.channels.channel_clock_drift import find_drifting_channels
from audio_manifold_ros.calibration.channels.channel_delays import ChannelDelays, estimate_wired_delays
from audio_manifold_ros.calibration.channels.tdoa import estimate_tdoas
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.recording.loudspeaker_positions import (
    LOUDSPEAKER_HELP,
    MAX_DELAY_S,
    clock_drift_warning,
    locate_loudspeaker,
)
from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels, select_usable_channels
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.common.array_types import FloatArray, RgbImage
from audio_manifold_ros.rig.rig import RIG_FILE

SECONDS = 60.0
MAX_ERROR_SAMPLES, MAX_STD_SAMPLES = 0.05, 0.05


def measure_delay(task: MeasurementTask) -> CalibrationReport:
    """Measure the delay of each channel."""
    wired = task.options.signal == 'wired'
    usable = select_usable_channels(task.recording, task.rig(), same_signal=wired)
    if wired:
        delays = estimate_wired_delays(
            estimate_tdoas(usable.samples, usable.sample_rate_hz, MAX_DELAY_S), usable.sample_rate_hz
        )
    else:
        delays = locate_loudspeaker(usable)[1]
    rate_hz = usable.array.delay_rate_hz or usable.sample_rate_hz
    scale = rate_hz / usable.sample_rate_hz
    before = np.array([mic.delay_samples for mic in usable.microphones])
    corrected = delays.delays_samples * scale
    # Only differences between channels can be measured.
    errors = (corrected - before) - np.median(corrected - before)
    drifting = find_drifting_channels(delays.drift_ppm, delays.drift_std_ppm)
    uncertain = float(delays.std_samples.max()) > MAX_STD_SAMPLES
    wrong = bool(np.abs(errors).max() > MAX_ERROR_SAMPLES * scale)
    refused = bool(drifting) or uncertain
    return CalibrationReport(
        command='delay',
        verdict=choose_verdict(refused=refused, wrong=wrong),
        summary=_summary(usable, delays, errors, drifting=drifting, uncertain=uncertain, wrong=wrong),
        remarks=usable.remarks,
        figures={
            'rate_hz': rate_hz,
            'delay_samples': _by_name(usable, corrected),
            'std_samples': _by_name(usable, delays.std_samples * scale),
            'drift_ppm': _by_name(usable, delays.drift_ppm),
            'drift_std_ppm': _by_name(usable, delays.drift_std_ppm),
            'rest_samples': round(delays.residual_samples * scale, 4),
            'sources_m': np.round(delays.sources_m, 2).tolist(),
        },
        tables=(_table(usable, delays, corrected, rate_hz),),
        changes=_changes(usable, corrected, delays.std_samples * scale, rate_hz) if wrong and not refused else (),
        pictures=_pictures(usable, delays, corrected, rate_hz, drifting),
    )


def _by_name(usable: UsableChannels, values: FloatArray) -> dict[str, float | None]:
    return {name: round(float(value), 4) for name, value in zip(usable.names, values, strict=True)}


def _table(usable: UsableChannels, delays: ChannelDelays, corrected: FloatArray, rate_hz: int) -> ReportTable:
    std_samples = delays.std_samples * rate_hz / usable.sample_rate_hz
    rows = zip(usable.microphones, corrected, std_samples, delays.drift_ppm, delays.drift_std_ppm, strict=True)
    return ReportTable(
        ('', f'delay at {rate_hz} Hz', '±', 'in the rig', 'drift ppm', '±'),
        tuple(
            (mic.name, f'{new:+.3f}', f'{std:.3f}', f'{mic.delay_samples:+.3f}', f'{drift:+.2f}', f'{drift_std:.2f}')
            for mic, new, std, drift, drift_std in rows
        ),
    )


def _pictures(
    usable: UsableChannels, delays: ChannelDelays, corrected: FloatArray, rate_hz: int, drifting: tuple[int, ...]
) -> dict[str, RgbImage]:
    return {
        'delays': bar_chart('Delay of each channel', f'samples at {rate_hz} Hz', _by_name(usable, corrected)),
        'drift': bar_chart(
            'Drift of each channel',
            'ppm',
            _by_name(usable, delays.drift_ppm),
            bad={usable.names[channel] for channel in drifting},
        ),
    }


def _changes(usable: UsableChannels, corrected: FloatArray, std: FloatArray, rate_hz: int) -> tuple[RigChange, ...]:
    changes = []
    if usable.array.delay_rate_hz is None:
        changes.append(RigChange(RIG_FILE, ('delay_rate_hz',), usable.array.array_id, None, rate_hz))
    for index, mic, delay, error in zip(usable.indices, usable.microphones, corrected, std, strict=True):
        new = round(float(delay), 3)
        changes.append(microphone_change(index, mic.name, 'delay_samples', mic.delay_samples, new))
        changes.append(std_change(index, mic, 'delay_samples', round(float(error), 4)))
    return tuple(changes)


def _summary(
    usable: UsableChannels,
    delays: ChannelDelays,
    errors: FloatArray,
    *,
    drifting: tuple[int, ...],
    uncertain: bool,
    wrong: bool,
) -> str:
    worst = int(np.abs(errors).argmax())
    if drifting:
        return clock_drift_warning(usable.names, drifting, delays)
    if uncertain:
        channel = int(delays.std_samples.argmax())
        return (
            f'The delay of {usable.names[channel]} is accurate to ± {delays.std_samples[channel]:.3f} samples only: '
            'use more places, on all sides, at the height of the microphones.'
        )
    if wrong:
        return f'The delay of {usable.names[worst]} differs from the rig by {errors[worst]:+.2f} samples.'
    return f'All delays are as in the rig (largest error: {usable.names[worst]}, {errors[worst]:+.3f} samples).'


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--signal',
        choices=('places', 'wired'),
        default='places',
        help='loudspeaker at places around the array, or one electrical signal on all inputs (default: %(default)s)',
    )


DELAY = MeasurementCommand(
    name='delay',
    title='delay of each channel, and clock drift between two devices',
    example='--wav walk.wav --rig my_rig',
    text=(
        f'{LOUDSPEAKER_HELP}\n\nPlaces, delays, errors of some millimetres in the rig and the speed of sound are '
        'estimated together: a delayed channel is late for all sides, and a displaced microphone is early for one side '
        'and late for the other.\n\n--signal wired is simpler and more accurate where the inputs can be reached: feed '
        'one noise signal into all of them for ten seconds.\n\nChannels of one device have one clock and fixed delays. '
        'Two devices drift apart by some ppm, which no fixed delay can correct. Such a recording is refused, and the '
        'report names the channels.'
    ),
    seconds=SECONDS,
    measure=measure_delay,
    configure=_configure,
).command()
