# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a rig says must be done to raw audio: order, gain, polarity, delay; in the node and in datasets alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.fractional_delay import FractionalDelay

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray


class ArrayCorrection:
    """Turns channels of the device into microphones of the array.

    Delays are taken off at the rate that the model hears, after resampling: there the node and a dataset, whose audio
    is raw but resampled, do the very same. A microphone that the rig disables is replaced by the nearest enabled one.

    Attributes:
        delay: Takes the delays off; None where the rig has none.
        channels_needed: Channels that the device must have.
        disabled: Names of the microphones that their neighbours stand in for.

    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Prepare the correction.

        Args:
            array: The rig.
            sample_rate_hz: Rate at which the delays are taken off.

        Raises:
            RigError: The array has no enabled microphone, or a delay is too long.

        """
        indices = nearest_usable(array, np.array([mic.enabled for mic in array.microphones]))
        self._device_channels = np.array(array.device_channels)[indices]
        self._factors = array.factors[indices][:, None]
        delays = array.delays_s[indices] * sample_rate_hz
        self.delay = FractionalDelay(delays, sample_rate_hz) if delays.any() else None
        self.channels_needed = int(self._device_channels.max()) + 1
        self.disabled: tuple[str, ...] = tuple(mic.name for mic in array.microphones if not mic.enabled)

    @property
    def before(self) -> int:
        """Samples that must lie before the first corrected one."""
        return 0 if self.delay is None else self.delay.before

    @property
    def after(self) -> int:
        """Samples that must follow the last corrected one."""
        return 0 if self.delay is None else self.delay.after

    def reorder(self, samples: Samples) -> Samples:
        """Return float32 (mic, n), order, gain and polarity applied, of a run float32 (device channel, n)."""
        return np.ascontiguousarray(samples[self._device_channels] * self._factors)

    def apply(self, samples: Samples) -> Samples:
        """Return float32 (mic, n - before - after), all applied, of a run float32 (device channel, n)."""
        reorder = self.reorder(samples)
        return reorder if self.delay is None else self.delay.apply(reorder)


def nearest_usable(array: MicrophoneArray, usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each microphone (mic,) itself, or the nearest usable one where it is not usable.

    Raises:
        RigError: None is usable.

    """
    if not usable.any():
        msg = f'Array {array.array_id!r} has no enabled microphone: enable those that work in its mic_array.yaml.'
        raise RigError(msg)
    positions_m = array.positions_m
    distances_m = np.linalg.norm(positions_m[:, None] - positions_m[None], axis=-1)
    nearest = np.where(usable[None], distances_m, np.inf).argmin(axis=1)
    return np.where(usable, np.arange(len(usable)), nearest)
