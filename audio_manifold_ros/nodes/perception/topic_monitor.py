# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of an audio topic that single messages do not show: publishers, stamps, delivered rate and QoS."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.audio.delivered_rate import DeliveredRate
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from rclpy.node import Node

    from audio_manifold_ros.audio.block import AudioBlock

# Two messages without a stamp are a fault. One at time 0 may be the start of simulated time.
MIN_UNSTAMPED = 2
# Stamps of other machines, and of a simulated clock that ticks 10 times per second, may be ahead by this much.
MAX_AHEAD_S = 0.25
AHEAD_WINDOW_S = 2.0
GRAPH_PERIOD_S = 1.0


class TopicMonitor:
    """Watches one audio topic, and gives each fault a sentence of its own.

    Blocks are added in the executor's thread. `problem` may be called from any thread.
    """

    def __init__(self, node: Node, topic: str) -> None:
        """Start without blocks.

        Args:
            node: The node that subscribes.
            topic: Name of the topic, before remapping.

        """
        self._node = node
        self._topic = topic
        self._rate = DeliveredRate()
        self._unstamped = 0
        # Monotonic time, and how far the end of a block is ahead of now.
        self._ahead: deque[tuple[float, float]] = deque()
        self._declared_hz = 0
        self._incompatible = False
        self._publishers: tuple[str, ...] = ()
        self._publishers_at_s = 0.0

    def on_incompatible_qos(self, _event: Any) -> None:
        """Note that a publisher was found whose QoS does not match."""
        self._incompatible = True

    def add(self, block: AudioBlock, now_ns: int) -> AudioBlock:
        """Add a block that arrives now, and return it, stamped with its arrival if it carries no stamp."""
        length_ns = block.samples.shape[1] * NS_PER_S // block.sample_rate_hz
        if block.stamp_ns == 0:
            self._unstamped += 1
            block = replace(block, stamp_ns=now_ns - length_ns)
        else:
            self._unstamped = 0
        if block.sample_rate_hz != self._declared_hz:
            self._declared_hz = block.sample_rate_hz
            self._rate.reset()
        self._rate.add(block)
        arrived_s = time.monotonic()
        self._ahead.append((arrived_s, (block.stamp_ns + length_ns - now_ns) / NS_PER_S))
        while arrived_s - self._ahead[0][0] > AHEAD_WINDOW_S:
            self._ahead.popleft()
        return block

    def problem(self, *, has_audio: bool) -> str:
        """Return the most important fault and its remedy, or an empty string.

        Args:
            has_audio: Blocks have come of late.

        """
        name = self._node.resolve_topic_name(self._topic)
        publishers = self._list_publishers(name)
        if len(publishers) > 1:
            return f'{len(publishers)} publishers on {name} ({", ".join(publishers)}): end all but one.'
        if not has_audio:
            return self._describe_mismatch(name) if self._incompatible and publishers else ''
        if self._unstamped >= MIN_UNSTAMPED:
            return (
                f'The messages on {name} carry no stamps (header.stamp is 0): correct their driver. '
                'Images are stamped by the arrival of the audio meanwhile.'
            )
        difference = self._rate.describe_difference(self._declared_hz) if self._declared_hz else ''
        if difference:
            return f'Wrong rate on {name}: {difference}.'
        ahead_s = min((ahead for _, ahead in list(self._ahead)), default=0.0)
        if ahead_s > MAX_AHEAD_S:
            return (
                f'The stamps on {name} are {ahead_s:.1f} s ahead of the clock of this node: synchronise the clocks of '
                'the machines (chrony, PTP), or correct the stamps of the driver.'
            )
        return ''

    def _list_publishers(self, name: str) -> tuple[str, ...]:
        now_s = time.monotonic()
        if now_s - self._publishers_at_s > GRAPH_PERIOD_S:
            self._publishers_at_s = now_s
            infos = self._node.get_publishers_info_by_topic(name)
            self._publishers = tuple(sorted(f'{info.node_namespace.rstrip("/")}/{info.node_name}' for info in infos))
        return self._publishers

    def _describe_mismatch(self, name: str) -> str:
        publisher = ', '.join(self._publishers)
        return (
            f'{publisher} publishes {name} with a QoS that does not match: it offers best effort, this node requests '
            'reliable delivery and receives nothing. Publish reliably, or start this node with '
            f'-p qos_overrides.{name}.subscription.reliability:=best_effort.'
        )
