# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Monitor of the microphones of a pipeline: detects faults and plans the use of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.audio.dependent_channels import (
    ChannelCovariance,
    describe_dependent_channels,
    find_dependent_channels,
)
from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.channel_policy import ChannelPlan, ChannelPlanner
    from audio_manifold_ros.rig.rig import MicrophoneArray


COVARIANCE_S = 2.0


class MicrophoneMonitor:
    """The health of an array's microphones and the channel plan that follows from it.

    Attributes:
        plan: Use of the channels, by the faults so far.
        mixed_channels: Which microphones are mixes of others in the last second, and what to do. Empty without any.

    """

    plan: ChannelPlan

    def __init__(
        self,
        array: MicrophoneArray,
        input_rate_hz: int,
        planner: ChannelPlanner,
        policy: str,
        *,
        check_relation: bool = False,
    ) -> None:
        """Create the monitor without faults.

        Args:
            array: The rig.
            input_rate_hz: Rate of the blocks.
            planner: Function that plans the use of the channels.
            policy: One of `channel_policy.POLICIES`.
            check_relation: Detect microphones that are not related to the others.

        """
        self._array = array
        self._health = MicrophoneHealth(array, input_rate_hz, check_relation=check_relation)
        self._names = [mic.name for mic in array.microphones]
        self._channels = list(array.device_channels)
        self._covariance = ChannelCovariance(len(self._channels))
        self._covariance_samples = round(COVARIANCE_S * input_rate_hz)
        self.mixed_channels = ''
        self._planner = planner
        self._faults: dict[int, Fault] = {}
        self.set_policy(policy)

    def set_policy(self, policy: str) -> None:
        """Change the policy. The current faults stay."""
        self._policy = policy
        self.plan = self._planner(self._faults, policy)

    def push(self, block: AudioBlock) -> None:
        """Update faults and plan. A fault that a block shows affects the windows that the block completes."""
        self._health.push(block.samples, block.first_sample)
        self._covariance.add(block.samples[self._channels])
        if self._covariance.samples >= self._covariance_samples:
            found = find_dependent_channels(self._covariance.matrix())
            self.mixed_channels = describe_dependent_channels(found, self._names)
            self._covariance = ChannelCovariance(len(self._channels))
        faults = self._health.faults
        if faults != self._faults:
            self._faults = faults
            self.set_policy(self._policy)

    def reset(self) -> None:
        """Drop all audio. The faults stay until the next block."""
        self._health.reset()
        self._covariance = ChannelCovariance(len(self._channels))

    def named_faults(self) -> tuple[tuple[str, Fault], ...]:
        """Return the name and fault of each faulty microphone, in the order of the array."""
        return tuple((self._name(index), fault) for index, fault in sorted(self._faults.items()))

    def masked_names(self) -> tuple[str, ...]:
        """Return the names of the microphones that are replaced by silence or left out."""
        return tuple(map(self._name, self.plan.masked))

    def substitute_names(self) -> tuple[tuple[str, str], ...]:
        """Return the name of each replaced microphone and of its substitute."""
        return tuple((self._name(index), self._name(substitute)) for index, substitute in self.plan.substitutes)

    def _name(self, index: int) -> str:
        return self._array.microphones[index].name
