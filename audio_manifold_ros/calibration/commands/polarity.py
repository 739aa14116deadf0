# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate polarity`: which capsules are wired the other way round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.ambient_clock_drift import ambient_drift, is_drifting
from audio_manifold_ros.calibration.channels.channel_delays import LEAST_PLACES
from audio_manifold_ros.calibration.channels.channel_polarity import LEAST_CERTAINTY, find_polarities
from audio_manifold_ros.calibration.channels.clock_groups import drifting_channels
from audio_manifold_ros.calibration.commands.measurement_command import Measurement, Task
from audio_manifold_ros.calibration.recording.loudspeaker_positions import hear_places
from audio_manifold_ros.calibration.recording.usable_channels import LiveChannels, live_channels
from audio_manifold_ros.calibration.reporting.calibration_report import Report, Table, Verdict
from audio_manifold_ros.calibration.reporting.charts import bar_chart
from audio_manifold_ros.calibration.reporting.rig_change import microphone_change
from audio_manifold_ros.rig.errors import CalibrationError

SECONDS = 60.0


def measure_polarity(task: Task) -> Report:
    """Compare the signs of low tones."""
    live = live_channels(task)
    found = find_polarities(live.samples, live.sample_rate_hz, live.positions_m)
    before = np.array([mic.polarity for mic in live.microphones])
    # Only differences between channels are heard: most keep what the rig says.
    signs = found.signs if int(found.signs @ before) >= 0 else -found.signs
    certainty = {name: round(float(value), 3) for name, value in zip(live.names, found.certainty, strict=True)}
    figures = {
        'polarity': dict(zip(live.names, signs.tolist(), strict=True)),
        'certainty': certainty,
        'strength': {name: round(float(v), 3) for name, v in zip(live.names, found.strength, strict=True)},
    }
    tables = (
        Table(
            ('', 'polarity', 'in the rig', 'certainty', 'correlation'),
            tuple(
                (mic.name, f'{sign:+d}', f'{mic.polarity:+d}', f'{sure:.2f}', f'{strong:.2f}')
                for mic, sign, sure, strong in zip(
                    live.microphones, signs.tolist(), found.certainty, found.strength, strict=True
                )
            ),
        ),
    )
    pictures = {
        'certainty': bar_chart(
            'Agreement of all pairs on the polarity', '', dict(certainty), allowed=(LEAST_CERTAINTY, 1)
        )
    }
    drift_ppm, drifts = _drift(live)
    figures['drift_ppm'] = {name: round(float(value), 2) for name, value in zip(live.names, drift_ppm, strict=True)}
    if drifts:
        summary = (
            f'Channels drift apart by {np.ptp(drift_ppm):.0f} ppm: they belong to two sound devices. Put all '
            'microphones on one device; `calibrate delay` says which belong together.'
        )
        return Report('polarity', Verdict.REFUSED, summary, live.remarks, figures, tables, pictures=pictures)
    if found.undecided:
        names = ', '.join(live.names[channel] for channel in found.undecided)
        summary = (
            f'{names}: the pairs do not agree on the polarity. Record longer, in less wind; if that does not help, two '
            'devices may drift apart: run `calibrate delay`.'
        )
        return Report('polarity', Verdict.REFUSED, summary, live.remarks, figures, tables, pictures=pictures)
    changes = tuple(
        microphone_change(index, mic.name, 'polarity', mic.polarity, sign)
        for index, mic, sign in zip(live.indices, live.microphones, signs.tolist(), strict=True)
        if sign != mic.polarity
    )
    flipped = ', '.join(change.of for change in changes)
    return Report(
        command='polarity',
        verdict=Verdict.CHANGE if changes else Verdict.GOOD,
        summary=f'Upside down against the rig: {flipped}.' if changes else 'Every polarity is as the rig says.',
        remarks=live.remarks,
        figures=figures,
        tables=tables,
        changes=changes,
        pictures=pictures,
    )


def _drift(live: LiveChannels) -> tuple[NDArray[np.float64], bool]:
    """Return ppm (channel,), and whether these are two clocks: from a loudspeaker that stands, else from the street."""
    try:
        places = hear_places(live)
    except CalibrationError:
        places = None
    if places is None or len(places.times_s) < LEAST_PLACES:
        street_ppm = ambient_drift(live.samples, live.sample_rate_hz, live.positions_m)
        return street_ppm, is_drifting(street_ppm, live.duration_s)
    drift_ppm, std_ppm = (1e6 / live.sample_rate_hz * values for values in (places.drift, places.drift_std))
    return drift_ppm, bool(drifting_channels(drift_ppm, std_ppm))


POLARITY = Measurement(
    name='polarity',
    title='which capsules are wired the other way round',
    text=(
        'Needs a minute of any sound with low tones, from wherever it comes: a street with traffic, a loudspeaker, an '
        'engine. Neighbouring microphones hear tones alike that are longer than four times their distance, so that the '
        'sign of their correlation is that of their wiring. Wind at the capsules is different for each and averages '
        'out; a storm does not.'
        '\n\nOnly differences between channels can be heard; most channels keep the polarity that the rig gives them.'
        ' Two devices that drift apart by some ten ppm are refused; `calibrate delay` finds half a ppm.'
    ),
    seconds=SECONDS,
    measure=measure_polarity,
).command()
