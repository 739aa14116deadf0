# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live evaluation: predictions of a running node for the audio of a bag, compared with offline inference."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.modalities.modality_images import image_fields
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.isolated_nodes import isolated_nodes
from audio_manifold_ros.nodes.common.perception_client import PERCEPTION, PERCEPTION_MODULE
from audio_manifold_ros.nodes.evaluation.live_client import AUDIO_TOPIC, CONFIDENCE, LiveClient
from audio_manifold_ros.nodes.evaluation.live_offline_comparison import LiveOfflineComparison
from audio_manifold_ros.nodes.perception.clock_offset import camera_offset_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationSession
    from audio_manifold_ros.bag_evaluation.offline_inference import InferenceStep, OfflineInference
    from audio_manifold_ros.inference.bundle.prediction import Prediction

# A slow node may be late by one prediction. After this time, the prediction is counted as missing.
PREDICTION_TIMEOUT_S = 20.0
MAX_MISSING = 3
# Part of the rate that a machine sustains at one time that it sustains at all times, and the smallest --rate.
RATE_MARGIN, MIN_RATE_HZ = 0.8, 0.1
DRAIN_TIMEOUT_S = 0.5
PERCENTILES = (50, 95)


class LivePredictionSource:
    """Predictions of a perception node that is started for the evaluation and receives the audio of the bag.

    AudioBlock messages are sent as recorded. Audio of other types is sent as AudioBlock. Messages keep their intervals
    unless the node is late: after a block that makes a prediction due, the next block waits for the images. The speed
    of the machine therefore changes the duration of the evaluation, but not its windows, and every prediction can be
    compared. A machine on which a single prediction takes longer than its period is refused.
    """

    def __init__(self, session: EvaluationSession) -> None:
        """Start nothing yet."""
        self._session = session
        self._run: OfflineInference = session.offline()
        self._comparison = LiveOfflineComparison()
        self._latencies_ms: list[float] = []
        self._delay_s = 0.0

    def predictions(self) -> Iterator[Prediction]:
        """Yield the predictions of the node, each with the features of offline inference.

        Raises:
            ProcessError: The process of the node has ended.
            NodeError: The node refuses to start, does not answer, or drops windows because the machine is too slow.

        """
        with self._open_client() as client:
            pacer = _ReplayPacer()
            for step in self._run.steps():
                self._delay_s = pacer.wait(step.message.time_ns)
                sent_s = self._send(client, step)
                if step.prediction is None:
                    continue
                live = self._await_prediction(client, step.prediction, sent_s)
                if live is not None:
                    yield live
            while client.receive(DRAIN_TIMEOUT_S) is not None:
                self._comparison.unexpected += 1

    def report(self) -> dict[str, object]:
        """Return the use of the audio, the agreement of live and offline predictions, and the latency."""
        latency = None
        if self._latencies_ms:
            values = np.percentile(self._latencies_ms, PERCENTILES)
            latency = {f'p{p}': round(float(value), 2) for p, value in zip(PERCENTILES, values, strict=True)}
        return {
            'mode': 'live',
            'audio_usage': asdict(self._run.audio_usage()),
            'agreement': {**self._comparison.result(), 'latency_ms': latency, 'put_off_s': round(self._delay_s, 3)},
        }

    @contextmanager
    def _open_client(self) -> Iterator[LiveClient]:
        with isolated_nodes() as children:
            offset_ns = camera_offset_ns(self._session.rig.folder)
            client = LiveClient(self._session.bundle.manifest, children.check, offset_ns)
            try:
                children.start_node(PERCEPTION, PERCEPTION_MODULE, self._node_parameters())
                client.start()
                yield client
            finally:
                client.destroy_node()

    def _node_parameters(self) -> dict[str, object]:
        session, options = self._session, self._session.options
        return {
            'bundle': str(session.bundle.folder),
            'rig': str(session.rig.folder.resolve()),
            'backend': options.backend,
            'device': options.device,
            'threads': options.threads,
            'source.kind': 'topic',
            'source.topic': AUDIO_TOPIC,
            'prediction.rate_hz': float(options.rate_hz),
            'use_sim_time': True,
        }

    def _send(self, client: LiveClient, step: InferenceStep) -> float:
        """Publish a message. Return the monotonic time at which it was sent, in s."""
        sent_s = time.monotonic()
        if step.message.type == AUDIO_BLOCK_TYPE:
            client.send(bytes(step.message.data), step.message.time_ns)
        elif step.block is not None:
            message = to_audio_message(step.block, self._session.array.frame_id, 'f32le')
            client.send(message, step.message.time_ns)
        return sent_s

    def _await_prediction(self, client: LiveClient, offline: Prediction, sent_s: float) -> Prediction | None:
        """Receive a live prediction, compare it with the offline one, and return it. Return None if none arrives."""
        received = client.receive(PREDICTION_TIMEOUT_S)
        if received is None:
            self._comparison.missing += 1
            counts = client.values('predictions')
            # Such a node goes on to drop windows, each of which would be awaited in vain.
            if counts.get('rate_limited') == 'true':
                raise NodeError(_describe_slow_machine(counts))
            if self._comparison.missing >= MAX_MISSING:
                fault = client.fault() or 'its diagnostics report no fault.'
                msg = f'The perception node did not publish {MAX_MISSING} predictions: {fault}'
                raise NodeError(msg)
            return None
        stamp_ns, images = received
        self._latencies_ms.append((time.monotonic() - sent_s) * 1000)
        live = replace(
            offline,
            stamp_ns=stamp_ns,
            **image_fields({head: images.get(head) for head in MODALITIES}),
            confidence=images[CONFIDENCE],
        )
        self._comparison.add(offline, live)
        return live


def _describe_slow_machine(counts: Mapping[str, str]) -> str:
    """Return what to do where the node drops windows, from the status `predictions` of its diagnostics."""
    sustained_hz = float(counts['rate_hz'])
    advised_hz = max(RATE_MARGIN * sustained_hz, MIN_RATE_HZ)
    return (
        f'This machine sustains {sustained_hz:g} predictions a second, and {counts["rate_asked_hz"]} are requested: '
        'the perception node leaves out windows, which cannot be compared, so the evaluation ends without a result. '
        f'Give --rate {advised_hz:.2g} or less, end other programs, or omit --live, which evaluates every window at '
        'any speed.'
    )


class _ReplayPacer:
    """Keeps the intervals between the messages of a bag. A late message delays all later ones."""

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None
        self._delay_s = 0.0

    def wait(self, time_ns: int) -> float:
        """Wait until a time of the bag is due. Return the total delay so far, in s."""
        now_s = time.monotonic()
        if self._start is None:
            self._start = now_s, time_ns
        due_s = self._start[0] + self._delay_s + (time_ns - self._start[1]) / NS_PER_S
        self._delay_s += max(now_s - due_s, 0.0)
        time.sleep(max(due_s - now_s, 0.0))
        return self._delay_s
