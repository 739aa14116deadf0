# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Monitor of the microphones of a pipeline: detects faults and plans the use of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth
from audio_manifold_ros.inference.channel_policy import plan_channels

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.channel_policy import ChannelPlan
    from audio_manifold_ros.rig.rig import MicrophoneArray


class MicrophoneMonitor:
    """The health of an array's microphones and the channel plan that follows from it.

    Attributes:
        plan: Use of the channels, by the faults so far.

    """

    plan: ChannelPlan

    def __init__(self, array: MicrophoneArray, input_rate_hz: int, tolerates_missing: int, policy: str) -> None:
        """Create the monitor without faults.

        Args:
            array: The rig.
            input_rate_hz: Rate of the blocks.
            tolerates_missing: Number of missing microphones that the networks were trained for.
            policy: One of `channel_policy.POLICIES`.

        """
        self._array = array
        self._health = MicrophoneHealth(array, input_rate_hz)
        self._tolerates_missing = tolerates_missing
        self._faults: dict[int, Fault] = {}
        self.set_policy(policy)

    def set_policy(self, policy: str) -> None:
        """Change the policy. The current faults stay."""
        self._policy = policy
        self.plan = plan_channels(self._array, self._faults, policy, self._tolerates_missing)

    def push(self, block: AudioBlock) -> None:
        """Update faults and plan. A fault that a block shows affects the windows that the block completes."""
        self._health.push(block.samples, block.first_sample)
        faults = self._health.faults
        if faults != self._faults:
            self._faults = faults
            self.set_policy(self._policy)

    def reset(self) -> None:
        """Drop all audio. The faults stay until the next block."""
        self._health.reset()

    def named_faults(self) -> tuple[tuple[str, Fault], ...]:
        """Return the name and fault of each faulty microphone, in the order of the array."""
        return tuple((self._name(index), fault) for index, fault in sorted(self._faults.items()))

    def masked_names(self) -> tuple[str, ...]:
        """Return the names of the microphones that are replaced by silence."""
        return tuple(map(self._name, self.plan.masked))

    def substitute_names(self) -> tuple[tuple[str, str], ...]:
        """Return the name of each replaced microphone and of its substitute."""
        return tuple((self._name(index), self._name(substitute)) for index, substitute in self.plan.substitutes)

    def _name(self, index: int) -> str:
        return self._array.microphones[index].name
