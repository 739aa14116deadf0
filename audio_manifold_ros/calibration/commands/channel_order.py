# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate order`: assignment of device channels to microphones."""

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
            'Lead of each channel over the middle of the array',
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
    found = {index: event.channel for index, event in zip(mic_indices, order.tap_events, strict=True)}
    changes = tuple(
        microphone_change(index, array.microphones[index].name, 'device_channel', array.device_channels[index], channel)
        for index, channel in found.items()
        if array.device_channels[index] != channel
    )
    conflict = _channel_conflict(array, found)
    if changes and conflict:
        return CalibrationReport('order', CalibrationVerdict.REFUSED, conflict, tables=(table,), pictures=pictures)
    wrong = ', '.join(change.of for change in changes)
    return CalibrationReport(
        command='order',
        verdict=CalibrationVerdict.CHANGE if changes else CalibrationVerdict.GOOD,
        summary=f'On other channels than in the rig: {wrong}.' if changes else 'Every microphone is on its channel.',
        figures={'device_channels': {array.microphones[index].name: channel for index, channel in found.items()}},
        tables=(table,),
        changes=changes,
        pictures=pictures,
    )


def _refusal(order: ChannelOrder, names: list[str]) -> str:
    tapped = [event.channel for event in order.tap_events]
    if order.overlapping:
        pairs = ', '.join(f'{a} and {b}' for a, b in order.overlapping)
        return f'Channels {pairs} respond at the same time: leave a pause of two seconds between microphones.'
    if len(tapped) != len(names):
        return (
            f'{len(tapped)} channels respond ({tapped}), and the rig has {len(names)} enabled microphones: tap each of '
            f'{", ".join(names)} several times, one after the other in this order. If a channel never responds, it is '
            'dead or a copy of another one: run `calibrate check`.'
        )
    return ''


def _channel_conflict(array: MicrophoneArray, found: dict[int, int]) -> str:
    """Return a message if a disabled microphone occupies a channel of another one, else an empty string."""
    for index, mic in enumerate(array.microphones):
        if index not in found and mic.device_channel in found.values():
            return (
                f'Channel {mic.device_channel} responds, and the disabled microphone {mic.name} occupies it: give '
                f'{mic.name} another channel in the rig first.'
            )
    return ''


def _prompt(array: MicrophoneArray | None, done: float) -> str:
    if array is None:
        return 'tap the microphones in turn'
    names = [mic.name for mic in array.microphones if mic.enabled]
    return f'now tap {names[min(int(done * len(names)), len(names) - 1)]}'


ORDER = MeasurementCommand(
    name='order',
    title='assignment of channels to microphones: tap at each in turn',
    example='--device MA-USB8 --rig my_rig',
    text=(
        'Tap each microphone of the rig four times or more during two to three seconds, in the order of the rig file, '
        'with a pause of two seconds before the next. Where microphones are 30 cm or more apart, you can speak at each '
        'from 10 cm away instead. In a live recording the display shows which microphone is next.\n\nStreet noise '
        'does not disturb: a channel responds where it is louder than usual relative to the others. Gains and polarity '
        'need not be known.'
    ),
    seconds=SECONDS,
    measure=measure_order,
    prompt=_prompt,
).command()
