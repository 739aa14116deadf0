# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate check`: faults of the channels."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.calibration.channels.channel_check import (
    COHERENCE_HZ,
    FAULTS,
    ArrayCheckResult,
    ChannelCheckResult,
    check_channels,
)
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    CalibrationVerdict,
    ReportTable,
)
from audio_manifold_ros.calibration.reporting.charts import bar_chart, spectra_chart
from audio_manifold_ros.common.errors import CalibrationError

SECONDS, MIN_DURATION_S = 30.0, 5.0
FULL_SCALE_DBFS = -0.01


def measure_check(task: MeasurementTask) -> CalibrationReport:
    """Check the channels of the rig, or all channels where there is no rig."""
    if task.recording.duration_s < MIN_DURATION_S:
        msg = f'{task.recording.duration_s:.1f} s are too short for a check: record {SECONDS:g} s.'
        raise CalibrationError(msg)
    if task.array is None:
        names, channels = [f'channel {c}' for c in range(task.recording.channels)], list(range(task.recording.channels))
    else:
        rig = task.rig()
        names, channels = [mic.name for mic in rig.microphones], list(rig.device_channels)
    check = check_channels(task.recording.samples[channels], task.recording.sample_rate_hz)
    faulty = {name: channel.faults for name, channel in zip(names, check.channels, strict=True) if channel.faults}
    fault_text = '; '.join(f'{name} is {" and ".join(faults)}' for name, faults in faulty.items())
    return CalibrationReport(
        command='check',
        verdict=CalibrationVerdict.FAULTY if faulty else CalibrationVerdict.GOOD,
        summary=f'{fault_text}.' if faulty else f'All {len(names)} channels are healthy.',
        remarks=tuple(_remarks(names, check)),
        figures={'channels': {n: _figures(c, names) for n, c in zip(names, check.channels, strict=True)}},
        tables=(_table(names, check),),
        pictures={
            'levels': bar_chart(
                'Level of each channel',
                'dBFS',
                {name: c.level_dbfs for name, c in zip(names, check.channels, strict=True)},
                bad=set(faulty),
                from_zero=False,
                min_span=20.0,
            ),
            'noise_floor': bar_chart(
                'Level above 100 Hz in the quietest tenth of the time',
                'dBFS',
                {name: c.noise_floor_dbfs for name, c in zip(names, check.channels, strict=True)},
                bad=set(faulty),
                from_zero=False,
                min_span=20.0,
            ),
            'spectra': spectra_chart('Long-term spectra', names, check.spectra),
        },
    )


def _remarks(names: list[str], check: ArrayCheckResult) -> list[str]:
    remarks = []
    for name, channel in zip(names, check.channels, strict=True):
        for fault in channel.faults:
            detail = {
                'identical': f' to {", ".join(names[other] for other in channel.duplicates)}',
                'mixed': f' ({" + ".join(f"{weight:.2f} · {names[index]}" for index, weight in channel.mix.items())})',
                'stuck': f' (bits {", ".join(map(str, channel.stuck_bits))} below full scale)',
                'clipped': f' ({channel.clipped_peaks} times)',
            }.get(fault, '')
            remarks.append(f'{name} is {fault}{detail}: {FAULTS[fault]}.')
        if channel.peak_dbfs > FULL_SCALE_DBFS and 'clipped' not in channel.faults:
            remarks.append(f'{name} reached full scale, but not often: consider a lower gain.')
    return remarks


def _figures(channel: ChannelCheckResult, names: list[str]) -> dict[str, object]:
    return {
        'level_dbfs': round(channel.level_dbfs, 2),
        'peak_dbfs': round(channel.peak_dbfs, 2),
        'dc': round(channel.dc, 6),
        'cut_tops': channel.clipped_peaks,
        'stuck_bits': list(channel.stuck_bits),
        'noise_floor_dbfs': round(channel.noise_floor_dbfs, 2),
        'hiss_db': round(channel.hiss_db, 2),
        'coherence': {name: round(value, 3) for name, value in channel.coherence.items()},
        'identical_to': [names[other] for other in channel.duplicates],
        'mix': {names[index]: round(weight, 3) for index, weight in channel.mix.items()},
        'faults': list(channel.faults),
    }


def _table(names: list[str], check: ArrayCheckResult) -> ReportTable:
    columns = ('', 'level dBFS', 'peak dBFS', 'DC %', 'floor dBFS', 'hiss dB', *(f'coh. {n}' for n in COHERENCE_HZ), '')
    rows = tuple(
        (
            name,
            f'{c.level_dbfs:.1f}',
            f'{c.peak_dbfs:.1f}',
            f'{100 * c.dc:.2f}',
            f'{c.noise_floor_dbfs:.1f}',
            f'{c.hiss_db:+.1f}',
            *(f'{np.sqrt(value):.2f}' for value in c.coherence.values()),
            ', '.join(c.faults) or 'healthy',
        )
        for name, c in zip(names, check.channels, strict=True)
    )
    return ReportTable(columns, rows)


CHECK = MeasurementCommand(
    name='check',
    title='faults of the channels: level, DC, clipping, stuck bits, copies, mixes, noise, coherence, dead, hissing',
    example='--device MA-USB8 --rig my_rig',
    text=(
        'Needs 30 s of ambient sound, the livelier the better: a street with some traffic, people talking, music. '
        'Silence is not enough, because a dead channel is found by comparison with its neighbours. Rain, wind and '
        'passing cars affect all channels and are not reported as faults.\n\nWith a rig its microphones are checked '
        'under their names, otherwise all channels of the device.'
    ),
    seconds=SECONDS,
    measure=measure_check,
).command()
