# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate gains`: gain corrections of the channels."""

from __future__ import annotations

import argparse

import numpy as np

from audio_manifold_ros.calibration.channels.channel_gains import (
    BAND_HZ,
    ChannelGains,
    estimate_ambient_gains,
    estimate_loudspeaker_gains,
)
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.recording.loudspeaker_positions import LOUDSPEAKER_HELP, locate_loudspeaker
from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels, select_usable_channels
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    ReportTable,
    choose_verdict,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart, spectra_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.common.array_types import FloatArray

SECONDS = 60.0
# Error that makes a change worthwhile, and the accuracy that a change needs.
MAX_ERROR_DB, MAX_STD_DB = 0.3, 0.15


def measure_gains(task: MeasurementTask) -> CalibrationReport:
    """Measure the gain of each channel."""
    usable = select_usable_channels(task.recording, task.rig())
    if task.options.signal == 'street':
        gains, segment_unit = estimate_ambient_gains(usable.samples, usable.sample_rate_hz), 'parts of ten seconds'
    else:
        places, delays = locate_loudspeaker(usable)
        gains = estimate_loudspeaker_gains(usable.samples, usable.sample_rate_hz, places, delays, usable.positions_m)
        segment_unit = 'places'
    before = np.array([mic.gain_db for mic in usable.microphones])
    # The median level of the array is not changed.
    corrected_db = np.median(before + gains.gains_db) - gains.gains_db
    errors = corrected_db - before
    uncertain = float(gains.std_db.max()) > MAX_STD_DB
    wrong = bool(np.abs(errors).max() > MAX_ERROR_DB)
    changes = _changes(usable, corrected_db, gains) if wrong and not uncertain else ()
    return CalibrationReport(
        command='gains',
        verdict=choose_verdict(refused=uncertain, wrong=wrong),
        summary=_summary(usable, errors, gains, wrong=wrong, uncertain=uncertain),
        remarks=usable.remarks,
        figures={
            'gain_db': _by_name(usable, corrected_db),
            'std_db': _by_name(usable, gains.std_db),
            'change_db': _by_name(usable, errors),
            'band_hz': list(BAND_HZ),
            segment_unit.replace(' ', '_'): len(gains.deviations_db),
        },
        tables=(
            ReportTable(
                ('', 'raw dB', '± dB', 'in the rig dB', 'should be dB'),
                tuple(
                    (mic.name, f'{raw:+.2f}', f'{std:.2f}', f'{mic.gain_db:+.2f}', f'{new:+.2f}')
                    for mic, raw, std, new in zip(
                        usable.microphones, gains.gains_db, gains.std_db, corrected_db, strict=True
                    )
                ),
            ),
        ),
        changes=changes,
        pictures={
            'gains': bar_chart(
                'Level relative to the median, with the gains of the rig',
                'dB',
                _by_name(usable, -errors),
                allowed=(-MAX_ERROR_DB, MAX_ERROR_DB),
                min_span=2.0,
            ),
            'spectra': spectra_chart('Long-term spectra, uncorrected', usable.names, gains.spectra),
        },
    )


def _by_name(usable: UsableChannels, values: FloatArray) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(usable.names, values, strict=True)}


def _changes(usable: UsableChannels, corrected_db: FloatArray, gains: ChannelGains) -> tuple[RigChange, ...]:
    changes = []
    for index, mic, gain, std in zip(usable.indices, usable.microphones, corrected_db, gains.std_db, strict=True):
        changes.append(microphone_change(index, mic.name, 'gain_db', mic.gain_db, round(float(gain), 2)))
        changes.append(std_change(index, mic, 'gain_db', round(float(std), 3)))
    return tuple(changes)


def _summary(usable: UsableChannels, errors: FloatArray, gains: ChannelGains, *, wrong: bool, uncertain: bool) -> str:
    worst = int(np.abs(errors).argmax())
    if uncertain:
        place = int(gains.std_db.argmax())
        return (
            f'The gain of {usable.names[place]} is accurate to ± {gains.std_db[place]:.2f} dB only, and '
            f'{MAX_STD_DB} dB are needed: record longer, or use a loudspeaker at more places, further from walls.'
        )
    if wrong:
        return f'The gain of {usable.names[worst]} should change by {errors[worst]:+.1f} dB.'
    return (
        f'All gains are correct within {MAX_ERROR_DB} dB (largest error: {usable.names[worst]}, '
        f'{errors[worst]:+.2f} dB).'
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--signal',
        choices=('places', 'street'),
        default='places',
        help='sound source: a loudspeaker at places around the array, or street noise (default: %(default)s)',
    )


GAINS = MeasurementCommand(
    name='gains',
    title='gain of each channel relative to the median of the array',
    example='--wav walk.wav --rig my_rig',
    text=(
        f'{LOUDSPEAKER_HELP}\n\nLevels are compared between 200 and 500 Hz, where microphones receive all directions '
        'alike whatever they face. The distances of the loudspeaker, which follow from the TDOAs, are taken into '
        'account.\n\n--signal street needs no loudspeaker but ten minutes of a lively street with traffic on both '
        'sides: near cars are louder on the near side, and only a long recording averages this out. The report gives '
        'the accuracy of the result. No change is proposed if the accuracy is not sufficient.'
    ),
    seconds=SECONDS,
    measure=measure_gains,
    configure=_configure,
).command()
