# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate gains`: how much each channel must be turned up or down."""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.channel_gains import (
    BAND_HZ,
    ChannelGains,
    gains_from_places,
    gains_from_street,
)
from audio_manifold_ros.calibration.commands.measurement_command import Measurement, Task
from audio_manifold_ros.calibration.recording.loudspeaker_positions import WALK, stand_places
from audio_manifold_ros.calibration.recording.usable_channels import LiveChannels, live_channels
from audio_manifold_ros.calibration.reporting.calibration_report import Report, Table, Verdict
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import RigChange, microphone_change, std_change
from audio_manifold_ros.calibration.reporting.spectra_chart import spectra_chart

Array = NDArray[np.float64]

SECONDS = 60.0
# What a rig may be off by before it is worth a change, and how sure that must be.
MOST_ERROR_DB, MOST_STD_DB = 0.3, 0.15


def measure_gains(task: Task) -> Report:
    """Compare the channels' levels."""
    live = live_channels(task)
    if task.options.signal == 'street':
        gains, counted = gains_from_street(live.samples, live.sample_rate_hz), 'parts of ten seconds'
    else:
        places, delays = stand_places(live)
        gains = gains_from_places(live.samples, live.sample_rate_hz, places, delays, live.positions_m)
        counted = 'places'
    before = np.array([mic.gain_db for mic in live.microphones])
    # The loudness of the whole array stays as it is.
    wanted = np.median(before + gains.gains_db) - gains.gains_db
    errors = wanted - before
    unsure = float(gains.std_db.max()) > MOST_STD_DB
    wrong = bool(np.abs(errors).max() > MOST_ERROR_DB)
    changes = _changes(live, wanted, gains) if wrong and not unsure else ()
    return Report(
        command='gains',
        verdict=Verdict.REFUSED if unsure else Verdict.CHANGE if wrong else Verdict.GOOD,
        summary=_summary(live, errors, gains, wrong=wrong, unsure=unsure),
        remarks=live.remarks,
        figures={
            'gain_db': _by_name(live, wanted),
            'std_db': _by_name(live, gains.std_db),
            'change_db': _by_name(live, errors),
            'band_hz': list(BAND_HZ),
            counted.replace(' ', '_'): len(gains.deviations_db),
        },
        tables=(
            Table(
                ('', 'raw dB', '± dB', 'in the rig dB', 'should be dB'),
                tuple(
                    (mic.name, f'{raw:+.2f}', f'{std:.2f}', f'{mic.gain_db:+.2f}', f'{new:+.2f}')
                    for mic, raw, std, new in zip(live.microphones, gains.gains_db, gains.std_db, wanted, strict=True)
                ),
            ),
        ),
        changes=changes,
        pictures={
            'gains': bar_chart(
                'Level against the median, as the rig corrects it',
                'dB',
                _by_name(live, -errors),
                allowed=(-MOST_ERROR_DB, MOST_ERROR_DB),
                least_span=2.0,
            ),
            'spectra': spectra_chart('Long-term spectra, uncorrected', live.names, gains.spectra),
        },
    )


def _by_name(live: LiveChannels, values: Array) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(live.names, values, strict=True)}


def _changes(live: LiveChannels, wanted: Array, gains: ChannelGains) -> tuple[RigChange, ...]:
    changes = []
    for index, mic, gain, std in zip(live.indices, live.microphones, wanted, gains.std_db, strict=True):
        changes.append(microphone_change(index, mic.name, 'gain_db', mic.gain_db, round(float(gain), 2)))
        changes.append(std_change(index, mic, 'gain_db', round(float(std), 3)))
    return tuple(changes)


def _summary(live: LiveChannels, errors: Array, gains: ChannelGains, *, wrong: bool, unsure: bool) -> str:
    worst = int(np.abs(errors).argmax())
    if unsure:
        place = int(gains.std_db.argmax())
        return (
            f'{live.names[place]} is known to ± {gains.std_db[place]:.2f} dB only, {MOST_STD_DB} are needed: record '
            'longer, or use a loudspeaker at more places, further from walls.'
        )
    if wrong:
        return f'{live.names[worst]} should be changed by {errors[worst]:+.1f} dB.'
    return f'All gains are right within {MOST_ERROR_DB} dB (the worst, {live.names[worst]}: {errors[worst]:+.2f} dB).'


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--signal',
        choices=('places', 'street'),
        default='places',
        help='what is heard: a loudspeaker at places around the array, or a street (default: %(default)s)',
    )


GAINS = Measurement(
    name='gains',
    title='how loud each channel is against the array median',
    text=(
        f'{WALK}\n\nLevels are compared between 200 and 500 Hz, where capsules hear all sides alike whatever they '
        'face, and the distances of the loudspeaker are taken off; they follow from when each microphone hears '
        'it.\n\n--signal street needs no loudspeaker but ten minutes of a lively street with traffic from both sides: '
        'near cars are louder at the near side, and only the long run evens that out. The report says how sure the '
        'result is, and nothing is proposed where that is not enough.'
    ),
    seconds=SECONDS,
    measure=measure_gains,
    configure=_configure,
).command()
