# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Device channels of a rig: the inverse of the array correction, applied to the sound at the microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.rig.fractional_delay import FractionalDelay

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray


class DeviceChannels:
    """Conversion of microphone signals to device channels, the inverse of `ArrayCorrection`.

    Microphone i appears on its device channel with its uncorrected gain, polarity and delay. Channels without a
    microphone are silent. In a rig with delays, sample 0 of the device is some milliseconds after sample 0 of the
    sound, because delayed channels need earlier samples.

    Attributes:
        channels: Number of channels of the device.
        before: Sample index of the sound at sample 0 of the device.
        after: Number of samples of the sound that are needed after the last returned one.

    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Prepare the channel map and the delays.

        Raises:
            RigError: A delay is too long.

        """
        self._device_channels = list(array.device_channels)
        self._factors = array.factors[:, None]
        # The negative sign delays the channels that `ArrayCorrection` advances.
        delays = -array.delays_s * sample_rate_hz
        self._delay = FractionalDelay(delays, sample_rate_hz) if delays.any() else None
        self.channels = max(array.device_channels) + 1
        self.before, self.after = (0, 0) if self._delay is None else (self._delay.before, self._delay.after)

    def apply(self, sound: Samples) -> Samples:
        """Return float32 (device channel, n) for a segment of sound float32 (mic, before + n + after)."""
        return self._to_device_channels(sound if self._delay is None else self._delay.apply(sound))

    def process(self, sound: Samples) -> Samples:
        """Process the next sound float32 (mic, n) of a stream and return the completed samples (device channel, m)."""
        return self._to_device_channels(sound if self._delay is None else self._delay.process(sound))

    def _to_device_channels(self, sound: Samples) -> Samples:
        samples = np.zeros((self.channels, sound.shape[1]), dtype=np.float32)
        samples[self._device_channels] = sound / self._factors
        return samples
