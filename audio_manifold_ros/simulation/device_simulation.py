# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the device of a rig delivers of the sound at its microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.rig.fractional_delay import FractionalDelay

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray


class DeviceChannels:
    """Turns microphones into device channels: puts on what `ArrayCorrection` takes off.

    Microphone i comes on its device channel, before its gain, polarity and delay are corrected. Channels without a
    microphone are silent. Where the rig has delays, sample 0 of the device is heard some milliseconds after that of
    the sound, because the late channels need what was before.

    Attributes:
        channels: That the device delivers.
        before: Sample of the sound at whose instant sample 0 of the device is heard.
        after: Samples of the sound that must follow the last one delivered.

    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Prepare the channel map and the delays.

        Raises:
            CalibrationError: A delay is too long.

        """
        self._device_channels = list(array.device_channels)
        self._factors = array.factors[:, None]
        # Advanced by the negative delay: what the rig calls late comes late.
        delays = -array.delays_s * sample_rate_hz
        self._delay = FractionalDelay(delays, sample_rate_hz) if delays.any() else None
        self.channels = max(array.device_channels) + 1
        self.before, self.after = (0, 0) if self._delay is None else (self._delay.before, self._delay.after)

    def apply(self, sound: Samples) -> Samples:
        """Return float32 (device channel, n) of a run of sound float32 (mic, before + n + after)."""
        return self._to_device_channels(sound if self._delay is None else self._delay.apply(sound))

    def process(self, sound: Samples) -> Samples:
        """Take the next sound float32 (mic, n) of a stream and return what is complete, (device channel, m)."""
        return self._to_device_channels(sound if self._delay is None else self._delay.process(sound))

    def _to_device_channels(self, sound: Samples) -> Samples:
        samples = np.zeros((self.channels, sound.shape[1]), dtype=np.float32)
        samples[self._device_channels] = sound / self._factors
        return samples
