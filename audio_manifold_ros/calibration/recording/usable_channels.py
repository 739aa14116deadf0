# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of the channels to measure: enabled microphones without a fatal fault."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.calibration.channels.channel_check import check_channels
from audio_manifold_ros.calibration.recording.raw_recording import RawRecording
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray

# These faults prevent a measurement. Other faults reduce its accuracy.
FATAL_FAULTS = frozenset({'dead', 'identical'})


@dataclass(frozen=True)
class UsableChannels:
    """Raw audio of the enabled microphones.

    Attributes:
        array: The rig's array.
        indices: Indices of the enabled microphones in the array.
        samples: float32 (usable microphone, sample), raw.
        sample_rate_hz: Sample rate.
        remarks: Faults of some microphones.

    """

    array: MicrophoneArray
    indices: tuple[int, ...]
    samples: Samples
    sample_rate_hz: int
    remarks: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Duration of the audio."""
        return self.samples.shape[1] / self.sample_rate_hz

    @property
    def microphones(self) -> tuple[Microphone, ...]:
        """The enabled microphones."""
        return tuple(self.array.microphones[index] for index in self.indices)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the enabled microphones."""
        return tuple(mic.name for mic in self.microphones)

    @property
    def positions_m(self) -> FloatArray:
        """Positions of the enabled microphones (usable microphone, 3)."""
        return self.array.positions_m[list(self.indices)]


def select_usable_channels(
    recording: RawRecording, array: MicrophoneArray, *, same_signal: bool = False
) -> UsableChannels:
    """Select the enabled microphones of a recording.

    Args:
        recording: Raw audio.
        array: The rig's array.
        same_signal: True if all inputs receive the same signal, which is no fault then.

    Raises:
        CalibrationError: Fewer than two microphones are enabled, or one of them is dead or a copy of another.

    """
    indices = tuple(index for index, mic in enumerate(array.microphones) if mic.enabled)
    if len(indices) < 2:
        msg = f'Array {array.array_id!r} has {len(indices)} enabled microphones: enable two or more to compare them.'
        raise CalibrationError(msg)
    samples = recording.samples[[array.microphones[index].device_channel for index in indices]]
    check = check_channels(samples, recording.sample_rate_hz)
    expected = {'identical'} if same_signal else set()
    found = {
        array.microphones[index].name: sorted(set(channel.faults) - expected)
        for index, channel in zip(indices, check.channels, strict=True)
        if set(channel.faults) - expected
    }
    fatal = {name: faults for name, faults in found.items() if FATAL_FAULTS & set(faults)}
    if fatal:
        fault_text = ', '.join(f'{name} is {" and ".join(faults)}' for name, faults in fatal.items())
        msg = f'{fault_text}: run `calibrate check`, then repair it, or set enabled: false in the rig.'
        raise CalibrationError(msg)
    remarks = tuple(f'{name} is {" and ".join(faults)}: run `calibrate check`.' for name, faults in found.items())
    return UsableChannels(array, indices, samples, recording.sample_rate_hz, remarks)
