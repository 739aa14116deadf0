# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate order`: which channel belongs to which microphone."""

from __future__ import annotations

from audio_manifold_ros.calibration.channels.channel_identification import ChannelOrder, identify_channels
from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask
from audio_manifold_ros.calibration.reporting.calibration_report import (
    CalibrationReport,
    CalibrationVerdict,
    ReportTable,
)
from audio_manifold_ros.calibration.reporting.charts import line_chart
from audio_manifold_ros.calibration.reporting.rig_change import microphone_change
from audio_manifold_ros.rig.rig import MicrophoneArray

SECONDS = 32.0
MIN_SHOWN_DB = 6.0


def measure_order(task: MeasurementTask) -> CalibrationReport:
    """Find the channel of each enabled microphone."""
    array = task.rig()
    mic_indices = [index for index, mic in enumerate(array.microphones) if mic.enabled]
    order = identify_channels(task.recording.samples, task.recording.sample_rate_hz)
    names = [array.microphones[index].name for index in mic_indices]
    pictures = {
        'order': line_chart(
            'Each channel against the middle of the array',
            's',
            'dB',
            {f'channel {c}': (order.times_s.tolist(), order.lead_db[c].tolist()) for c in range(len(order.lead_db))},
            min_span=MIN_SHOWN_DB,
        )
    }
    table = ReportTable(
        ('channel', 'from s', 'to s', 'lead dB'),
        tuple((a.channel, f'{a.start_s:.1f}', f'{a.end_s:.1f}', f'{a.lead_db:.1f}') for a in order.tap_events),
    )
    refusal = _refusal(order, names)
    if refusal:
        return CalibrationReport('order', CalibrationVerdict.REFUSED, refusal, tables=(table,), pictures=pictures)
    found = {index: answer.channel for index, answer in zip(mic_indices, order.tap_events, strict=True)}
    changes = tuple(
        microphone_change(index, array.microphones[index].name, 'device_channel', array.device_channels[index], channel)
        for index, channel in found.items()
        if array.device_channels[index] != channel
    )
    clash = _channel_conflict(array, found)
    if changes and clash:
        return CalibrationReport('order', CalibrationVerdict.REFUSED, clash, tables=(table,), pictures=pictures)
    wrong = ', '.join(change.of for change in changes)
    return CalibrationReport(
        command='order',
        verdict=CalibrationVerdict.CHANGE if changes else CalibrationVerdict.GOOD,
        summary=f'On other channels than the rig says: {wrong}.' if changes else 'Every microphone is on its channel.',
        figures={'device_channels': {array.microphones[index].name: channel for index, channel in found.items()}},
        tables=(table,),
        changes=changes,
        pictures=pictures,
    )


def _refusal(order: ChannelOrder, names: list[str]) -> str:
    answered = [answer.channel for answer in order.tap_events]
    if order.overlapping:
        pairs = ', '.join(f'{a} and {b}' for a, b in order.overlapping)
        return f'Channels {pairs} answered at the same time: leave a pause of two seconds between microphones.'
    if len(answered) != len(names):
        return (
            f'{len(answered)} channels answered ({answered}) and the rig has {len(names)} enabled microphones: tap each of '
            f'{", ".join(names)} once, in this order, several times each; a channel that never answers is dead or a '
            'copy of another one: run `calibrate check`.'
        )
    return ''


def _channel_conflict(array: MicrophoneArray, found: dict[int, int]) -> str:
    """Say whether a disabled microphone keeps a channel that another one has."""
    for index, mic in enumerate(array.microphones):
        if index not in found and mic.device_channel in found.values():
            return (
                f'Channel {mic.device_channel} answered, and disabled {mic.name} claims it: give {mic.name} another '
                'channel in the rig first.'
            )
    return ''


def _prompt(array: MicrophoneArray | None, done: float) -> str:
    if array is None:
        return 'tap the microphones in turn'
    names = [mic.name for mic in array.microphones if mic.enabled]
    return f'now tap {names[min(int(done * len(names)), len(names) - 1)]}'


ORDER = MeasurementCommand(
    name='order',
    title='which channel belongs to which microphone: tap at each in turn',
    text=(
        'Tap each microphone of the rig for two to three seconds, four times or more, in the order of the rig file, '
        'with a pause of two seconds before the next; or speak at it from a hand away where microphones are a foot or '
        'more apart. Live, the display says which one is next.\n\nStreet noise is no matter: a channel answers where '
        'it is louder than usual against the others. Gains and polarity need not be known.'
    ),
    seconds=SECONDS,
    measure=measure_order,
    prompt=_prompt,
).command()
