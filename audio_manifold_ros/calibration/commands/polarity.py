# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate polarity`: microphones with inverted polarity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.channel_clock_drift import (
    estimate_ambient_drift,
    find_drifting_channels,
    is_drifting,
)
from audio_manifold_ros.calibration.channels.channel_delays import MIN_PLACES
from audio_manifold_ros.calibration.channels.channel_polarity import MIN_CERTAINTY, ChannelPolarity, estimate_polarity
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.recording.loudspeaker_positions import find_loudspeaker_segments
from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels, select_usable_channels
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    CalibrationVerdict,
    ReportTable,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import microphone_change
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

SECONDS = 60.0


def measure_polarity(task: MeasurementTask) -> CalibrationReport:
    """Measure the polarity of each channel."""
    usable = select_usable_channels(task.recording, task.rig())
    found = estimate_polarity(usable.samples, usable.sample_rate_hz, usable.positions_m)
    before = np.array([mic.polarity for mic in usable.microphones])
    # Polarity is relative, so the solution that keeps most signs of the rig is taken.
    signs = found.signs if int(found.signs @ before) >= 0 else -found.signs
    certainty = {name: round(float(value), 3) for name, value in zip(usable.names, found.certainty, strict=True)}
    figures = {
        'polarity': dict(zip(usable.names, signs.tolist(), strict=True)),
        'certainty': certainty,
        'strength': {name: round(float(v), 3) for name, v in zip(usable.names, found.strength, strict=True)},
    }
    tables = (_table(usable, found, signs),)
    pictures = {
        'certainty': bar_chart(
            'Agreement of all pairs on the polarity', '', dict(certainty), allowed=(MIN_CERTAINTY, 1)
        )
    }
    drift_ppm, drifts = _drift(usable)
    figures['drift_ppm'] = {name: round(float(value), 2) for name, value in zip(usable.names, drift_ppm, strict=True)}
    refusal = _refusal(usable, found, drift_ppm if drifts else None)
    if refusal:
        return CalibrationReport(
            'polarity', CalibrationVerdict.REFUSED, refusal, usable.remarks, figures, tables, pictures=pictures
        )
    changes = tuple(
        microphone_change(index, mic.name, 'polarity', mic.polarity, sign)
        for index, mic, sign in zip(usable.indices, usable.microphones, signs.tolist(), strict=True)
        if sign != mic.polarity
    )
    flipped = ', '.join(change.of for change in changes)
    return CalibrationReport(
        command='polarity',
        verdict=CalibrationVerdict.CHANGE if changes else CalibrationVerdict.GOOD,
        summary=f'Inverted relative to the rig: {flipped}.' if changes else 'Every polarity is as in the rig.',
        remarks=usable.remarks,
        figures=figures,
        tables=tables,
        changes=changes,
        pictures=pictures,
    )


def _table(usable: UsableChannels, found: ChannelPolarity, signs: NDArray[np.int64]) -> ReportTable:
    rows = zip(usable.microphones, signs.tolist(), found.certainty, found.strength, strict=True)
    return ReportTable(
        ('', 'polarity', 'in the rig', 'certainty', 'correlation'),
        tuple(
            (mic.name, f'{sign:+d}', f'{mic.polarity:+d}', f'{certainty:.2f}', f'{strength:.2f}')
            for mic, sign, certainty, strength in rows
        ),
    )


def _refusal(usable: UsableChannels, found: ChannelPolarity, drift_ppm: FloatArray | None) -> str:
    """Return the reason why the polarity cannot be decided, else an empty string."""
    if drift_ppm is not None:
        return (
            f'Channels drift apart by {np.ptp(drift_ppm):.0f} ppm, so they belong to two sound devices: connect all '
            'microphones to one device. `calibrate delay` names the channels that belong together.'
        )
    if found.undecided:
        names = ', '.join(usable.names[channel] for channel in found.undecided)
        return (
            f'{names}: the pairs do not agree on the polarity. Record longer, in less wind. If that does not help, '
            'check for clock drift between two devices with `calibrate delay`.'
        )
    return ''


def _drift(usable: UsableChannels) -> tuple[FloatArray, bool]:
    """Return the drift in ppm (channel,), from a loudspeaker or ambient sound, and whether there are two clocks."""
    try:
        places = find_loudspeaker_segments(usable)
    except CalibrationError:
        places = None
    if places is None or len(places.times_s) < MIN_PLACES:
        street_ppm = estimate_ambient_drift(usable.samples, usable.sample_rate_hz, usable.positions_m)
        return street_ppm, is_drifting(street_ppm, usable.duration_s)
    drift_ppm, std_ppm = (
        1e6 / usable.sample_rate_hz * values for values in (places.drift_samples_per_s, places.drift_std_samples_per_s)
    )
    return drift_ppm, bool(find_drifting_channels(drift_ppm, std_ppm))


POLARITY = MeasurementCommand(
    name='polarity',
    title='microphones with inverted polarity',
    example='--bag recordings/drive_1 --rig my_rig',
    text=(
        'Needs a minute of any sound with low frequencies from any direction: a street with traffic, a loudspeaker, an '
        'engine. Neighbouring microphones receive wavelengths of more than four times their distance in phase, so the '
        'sign of their correlation is the sign of their wiring. Wind noise is independent at each microphone and '
        'averages out, except in a storm.'
        '\n\nPolarity is relative between channels. Most channels keep the polarity that they have in the rig. Two '
        'devices that drift apart by about ten ppm or more are refused. `calibrate delay` detects half a ppm.'
    ),
    seconds=SECONDS,
    measure=measure_polarity,
).command()
