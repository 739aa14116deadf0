# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from audio_manifold_ros.audio.levels import ChannelLevel
from audio_manifold_ros.audio.microphone_health import Fault
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.inference.pipeline_status import PipelineStatus
from audio_manifold_ros.nodes.common.messages import to_ns
from audio_manifold_ros.nodes.perception.diagnostics import LossMonitor, NodeInfo, to_diagnostics
from audio_manifold_ros.nodes.perception.stage_latency import StageLatency
from audio_manifold_ros.nodes.perception.worker import WorkerReport

pytestmark = pytest.mark.ros
OK, WARN, ERROR, STALE = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE
NODE_INFO = NodeInfo('USB 8', 'onnx', 'street', (('front', 1), ('rear', 0)))
GOOD = ChannelLevel(-30.0, -10.0, 0.0, silent=False)
STREAMING = SourceStatus(SourceState.STREAMING, 'USB 8: 2 channels.')
REPORT = WorkerReport(STREAMING, PipelineStatus(predicted=9, skipped=2, dropped=1), (GOOD, GOOD), age_s=0.6)


def statuses(
    report: WorkerReport | None, *, has_losses: bool = False, node_info: NodeInfo = NODE_INFO
) -> dict[str, DiagnosticStatus]:
    message = to_diagnostics('/car/perception', 5_000_000_007, node_info, 'active', report, has_losses=has_losses)
    assert to_ns(message.header.stamp) == 5_000_000_007
    assert {status.hardware_id for status in message.status} == {node_info.hardware_id}
    assert all(status.name.startswith('car/perception: ') for status in message.status)
    return {status.name.partition(': ')[2]: status for status in message.status}


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


def test_a_healthy_node_is_ok() -> None:
    found = statuses(REPORT)
    assert {name: status.level for name, status in found.items()} == dict.fromkeys(
        ('predictions', 'audio source', 'microphones', 'latency'), OK
    )
    predictions = values(found['predictions'])
    assert predictions['windows_predicted'] == '9'
    assert (predictions['windows_skipped'], predictions['windows_dropped']) == ('2', '1')
    assert (predictions['backend'], predictions['bundle']) == ('onnx', 'street')
    assert predictions['prediction_age_s'] == '0.600'


@pytest.mark.parametrize(
    ('change', 'name', 'level', 'text'),
    [
        ({'age_s': None}, 'predictions', STALE, 'No images yet.'),
        ({'age_s': 9.0}, 'predictions', STALE, '9.0 s old'),
        ({'fault': 'The networks failed.\ntraceback'}, 'predictions', ERROR, 'The networks failed.'),
        ({'source': SourceStatus(SourceState.LOST, 'Gone: plug it in.')}, 'audio source', STALE, 'Gone: plug it in.'),
        ({'source': SourceStatus(SourceState.WAITING, 'w')}, 'audio source', STALE, 'w'),
        ({'source': SourceStatus(SourceState.ENDED, 'e')}, 'audio source', WARN, 'e'),
        ({'levels': ()}, 'microphones', STALE, 'No audio yet.'),
        ({'levels': (GOOD, replace(GOOD, silent=True))}, 'microphones', ERROR, 'Silent: front.'),
        ({'levels': (replace(GOOD, clipped_fraction=0.1), GOOD)}, 'microphones', WARN, 'Clipping: rear.'),
        ({'levels': (GOOD,)}, 'microphones', ERROR, 'Silent: front.'),
        ({'pipeline': PipelineStatus(faults=(('rear', Fault.DEAD),))}, 'microphones', ERROR, 'Microphone rear is dead'),
        ({'pipeline': PipelineStatus(faults=(('rear', Fault.OCCLUDED),))}, 'microphones', WARN, 'rear is covered: '),
        ({'pipeline': PipelineStatus(faults=(('rear', Fault.CLIPPED),))}, 'predictions', WARN, 'degraded: rear clips'),
        (
            {'pipeline': PipelineStatus(faults=(('rear', Fault.NOISY),), stopped=True)},
            'predictions',
            ERROR,
            'No images are published: rear hisses.',
        ),
    ],
)
def test_every_fault_has_a_level_and_a_message(change: dict[str, object], name: str, level: bytes, text: str) -> None:
    status = statuses(replace(REPORT, **change))[name]  # type: ignore[arg-type]
    assert status.level == level
    assert text in status.message


def test_losses_and_warnings_are_reported() -> None:
    assert statuses(REPORT, has_losses=True)['audio source'].level == WARN
    node_info = replace(NODE_INFO, warning='Another array.')
    assert statuses(REPORT, node_info=node_info)['predictions'].level == WARN
    assert statuses(None, node_info=node_info)['predictions'].message == 'Another array.'


def test_a_node_without_a_worker_reports_its_state() -> None:
    found = statuses(None)
    assert list(found) == ['predictions']
    assert values(found['predictions'])['lifecycle_state'] == 'active'


def test_latencies_are_of_the_newest_predictions() -> None:
    latency = StageLatency(window=100)
    for milliseconds in range(1, 201):
        latency.add('network', milliseconds / 1e3)
    found = latency.percentiles()['network']
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == pytest.approx(np.percentile(np.arange(101, 201), [50, 95, 99]))
    shown = values(statuses(replace(REPORT, latencies={'network': found}))['latency'])
    assert shown['network p50_ms'] == '150.5'
    assert latency.median_s('network') == pytest.approx(0.1505)
    assert latency.median_s('publish') == 0.0


def test_increases_are_detected_and_resets_are_not() -> None:
    watch = LossMonitor()
    assert not watch.has_increased(0, 0)
    assert watch.has_increased(0, 3)
    assert not watch.has_increased(0, 3)
    assert not watch.has_increased(0, 0)
    assert watch.has_increased(1, 0)
