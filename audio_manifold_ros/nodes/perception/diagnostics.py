# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Diagnostics of the perception node, published on `/diagnostics`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from audio_manifold_ros.audio.microphone_health import REMEDIES, Fault
from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.inference.bundle.feature_statistics import UNFAMILIAR
from audio_manifold_ros.nodes.common.messages import to_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audio_manifold_ros.audio.levels import ChannelLevel
    from audio_manifold_ros.nodes.perception.worker import WorkerReport

OK, WARN, ERROR, STALE = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE
SOURCE_LEVELS = {
    SourceState.CLOSED: OK,
    SourceState.WAITING: STALE,
    SourceState.STREAMING: OK,
    SourceState.LOST: STALE,
    SourceState.ENDED: WARN,
}
FAULT_LEVELS = {
    Fault.UNPLUGGED: ERROR,
    Fault.DEAD: ERROR,
    Fault.CLIPPED: WARN,
    Fault.NOISY: WARN,
    Fault.OCCLUDED: WARN,
    Fault.UNRELATED: WARN,
}
FAULT_DESCRIPTIONS = {
    Fault.UNPLUGGED: 'is unplugged',
    Fault.DEAD: 'is dead',
    Fault.CLIPPED: 'clips',
    Fault.NOISY: 'hisses',
    Fault.OCCLUDED: 'is covered',
    Fault.UNRELATED: 'is not related to the others',
}
MAX_AGE_S = 2.0
CLIPPED_FRACTION = 1e-3


@dataclass(frozen=True)
class NodeInfo:
    """Properties of the node that do not change while it is configured.

    Attributes:
        hardware_id: Device, topic, file or street.
        backend: Name of the backend.
        bundle: Name of the bundle.
        microphones: Name and device channel of each microphone.
        rig: Name of the array.
        warning: Warnings about this configuration, or an empty string.

    """

    hardware_id: str
    backend: str
    bundle: str
    microphones: tuple[tuple[str, int], ...]
    rig: str = ''
    warning: str = ''


class LossMonitor:
    """Detector of counters that have increased since the last check."""

    def __init__(self) -> None:
        """Start with all counters at zero."""
        self._previous: tuple[int, ...] = ()

    def has_increased(self, *counters: int) -> bool:
        """Return True if a counter is higher than in the last call. Lower values mean that they were reset."""
        before = self._previous or (0,) * len(counters)
        self._previous = counters
        return any(now > then for now, then in zip(counters, before, strict=True))


def to_diagnostics(
    name: str,
    stamp_ns: int,
    node_info: NodeInfo,
    state: str,
    report: WorkerReport | None,
    *,
    has_losses: bool,
    recovered: Sequence[str] = (),
) -> DiagnosticArray:
    """Return the diagnostics as a message.

    Args:
        name: Fully qualified name of the node.
        stamp_ns: Stamp of the message.
        node_info: Configuration of the node.
        state: Lifecycle state.
        report: Report of the worker; None while there is no worker.
        has_losses: True if samples were lost or windows dropped since the last message.
        recovered: Names of the microphones that have recovered since the last message.

    """
    statuses = [_node_status(node_info, state, report)]
    if report is not None:
        statuses += [
            _source_status(report, has_losses=has_losses),
            _microphone_status(node_info, report, recovered),
            _latency_status(report),
        ]
    for status in statuses:
        status.name = f'{name.lstrip("/")}: {status.name}'
        status.hardware_id = node_info.hardware_id
    return DiagnosticArray(header=to_header(stamp_ns, ''), status=statuses)


def _status(name: str, level: bytes, message: str, values: Mapping[str, object]) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(name=name, level=level, message=message, values=pairs)


def _node_status(node_info: NodeInfo, state: str, report: WorkerReport | None) -> DiagnosticStatus:
    values: dict[str, object] = {
        'lifecycle_state': state,
        'backend': node_info.backend,
        'bundle': node_info.bundle,
        'rig': node_info.rig,
    }
    if report is None:
        return _status('predictions', WARN if node_info.warning else OK, node_info.warning or f'{state}.', values)
    values |= {
        'windows_predicted': report.pipeline.predicted,
        'windows_late': report.pipeline.late,
        'windows_skipped': report.pipeline.skipped,
        'windows_dropped': report.pipeline.dropped,
        'windows_withheld': report.pipeline.withheld,
        'microphones_masked': ', '.join(report.pipeline.masked) or 'none',
        'microphones_substituted': ', '.join(f'{name} by {by}' for name, by in report.pipeline.substitutes) or 'none',
        'gaps': report.pipeline.gaps,
        'flushes': report.flushes,
        'prediction_age_s': 'none yet' if report.age_s is None else f'{report.age_s:.3f}',
        'rate_hz': f'{report.rate_hz:.1f}',
        'rate_asked_hz': f'{report.requested_rate_hz:g}',
        'distance_ratio': 'unknown'
        if report.pipeline.distance_ratio is None
        else f'{report.pipeline.distance_ratio:.2f}',
        'rate_limited': str(report.pipeline.limited).lower(),
    }
    return _status('predictions', *_overall_status(node_info, report), values)


def _overall_status(node_info: NodeInfo, report: WorkerReport) -> tuple[bytes, str]:
    faulty = ', '.join(f'{name} {FAULT_DESCRIPTIONS[fault]}' for name, fault in report.pipeline.faults)
    age_s = 0.0 if report.age_s is None else report.age_s
    distance_ratio = report.pipeline.distance_ratio or 0.0
    verdicts = (
        (bool(report.fault), ERROR, report.fault.partition('\n')[0]),
        (report.pipeline.stopped, ERROR, f'No images are published: {_join(faulty, report.pipeline.stop_reason)}.'),
        (report.age_s is None, STALE, 'No images yet.'),
        (
            age_s < 0,
            WARN,
            f'Images are stamped {-age_s:.1f} s ahead of the clock of this node: synchronise the clocks.',
        ),
        (age_s > _allowed_age_s(report), STALE, f'The last images are {age_s:.1f} s old.'),
        (bool(faulty), WARN, f'Images are {age_s:.2f} s old and degraded: {faulty}.'),
        (distance_ratio > 1, WARN, _describe_unfamiliar(distance_ratio)),
        (bool(report.pipeline.bandwidth_warning), WARN, report.pipeline.bandwidth_warning),
        (bool(node_info.warning), WARN, node_info.warning),
        (report.pipeline.limited, OK, f'Images are {age_s:.2f} s old. {_describe_rate(report)}'),
        (True, OK, f'Images are {age_s:.2f} s old.'),
    )
    return next((level, message) for condition, level, message in verdicts if condition)


def _join(*parts: str) -> str:
    return '; '.join(part for part in parts if part)


def _describe_unfamiliar(distance_ratio: float) -> str:
    distance = f'{UNFAMILIAR} (distance {distance_ratio:.1f} times its limit)'
    return f'{distance}: do not rely on the images. Check source, gain and rig, or train on recordings like it.'


def _allowed_age_s(report: WorkerReport) -> float:
    """Return the age in seconds at which the last images are stale. A limited rate allows two more periods."""
    is_limited = report.pipeline.limited and report.rate_hz > 0
    return MAX_AGE_S + (2 / report.rate_hz if is_limited else 0.0)


def _describe_rate(report: WorkerReport) -> str:
    return f'This machine sustains {report.rate_hz:.1f} images per second. {report.requested_rate_hz:g} are requested.'


def _source_status(report: WorkerReport, *, has_losses: bool) -> DiagnosticStatus:
    source = report.source
    level = SOURCE_LEVELS[source.state]
    message = source.message
    if source.problem:
        level, message = ERROR, source.problem
    elif level == OK and has_losses:
        level, message = (
            WARN,
            'Samples are lost or windows dropped: reduce the load of this machine and of the USB bus.',
        )
    values = {
        'state': source.state.value,
        'samples_lost': max(source.samples_lost, report.pipeline.samples_lost),
        'overflows': source.overflows,
        'restarts': source.restarts,
        'drift_ppm': f'{report.pipeline.drift_ppm:.1f}',
    }
    return _status('audio source', level, message, values)


def describe_fault(name: str, fault: Fault) -> str:
    """Return a sentence with the fault of a microphone and its remedy."""
    return f'Microphone {name} {FAULT_DESCRIPTIONS[fault]}: {REMEDIES[fault]}.'


def describe_recovery(names: Sequence[str]) -> str:
    """Return a sentence per microphone that is in use again."""
    return ' '.join(f'Microphone {name} has recovered and is in use again.' for name in names)


def _microphone_status(node_info: NodeInfo, report: WorkerReport, recovered: Sequence[str]) -> DiagnosticStatus:
    levels, faults = report.levels, dict(report.pipeline.faults)
    if not levels:
        return _status('microphones', STALE, 'No audio yet.', {})
    values: dict[str, object] = {}
    silent, clipped = [], []
    for name, channel in node_info.microphones:
        values[f'{name} fault'] = faults[name].value if name in faults else 'none'
        if channel >= len(levels):
            silent.append(name)
            continue
        measured = levels[channel]
        values |= _level_values(name, measured)
        silent += [name] * measured.silent
        clipped += [name] * (measured.clipped_fraction > CLIPPED_FRACTION)
    descriptions = [describe_fault(name, fault) for name, fault in faults.items()]
    # A diagnostic level is a bytes object of length one; these compare by severity.
    highest_level = max((FAULT_LEVELS[fault] for fault in faults.values()), default=OK)
    mixed_channels = report.pipeline.mixed_channels
    verdicts = (
        (bool(faults), highest_level, _sentences(*descriptions, describe_recovery(recovered))),
        (bool(recovered), WARN, describe_recovery(recovered)),
        (bool(mixed_channels), ERROR, mixed_channels),
        (bool(silent), ERROR, f'Silent: {", ".join(silent)}. Check capsules and cables.'),
        (bool(clipped), WARN, f'Clipping: {", ".join(clipped)}. Lower the gain of the device.'),
        (True, OK, f'{len(node_info.microphones)} microphones deliver audio.'),
    )
    level, message = next((level, message) for condition, level, message in verdicts if condition)
    return _status('microphones', level, message, values)


def _sentences(*parts: str) -> str:
    return ' '.join(part for part in parts if part)


def _level_values(name: str, level: ChannelLevel) -> dict[str, str]:
    return {
        f'{name} rms_dbfs': f'{level.rms_dbfs:.1f}',
        f'{name} peak_dbfs': f'{level.peak_dbfs:.1f}',
        f'{name} clipped_fraction': f'{level.clipped_fraction:.4f}',
        f'{name} silent': str(level.silent).lower(),
    }


def _latency_status(report: WorkerReport) -> DiagnosticStatus:
    values = {
        f'{stage} {percentile}': f'{getattr(percentiles, percentile):.1f}'
        for stage, percentiles in report.latencies.items()
        for percentile in ('p50_ms', 'p95_ms', 'p99_ms')
    }
    total = report.latencies.get('total')
    message = (
        'No images yet.' if total is None else f'{total.p50_ms:.0f} ms (median) from the newest sample to the topic.'
    )
    return _status('latency', OK, message, values)
