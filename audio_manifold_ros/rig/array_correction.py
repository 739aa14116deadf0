# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Correction of raw audio by the rig: channel order, gain, polarity and delay, in the node and in datasets."""

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
    """Conversion of device channels to microphones of the array.

    Delays are removed at the sample rate of the model, after resampling, because a dataset holds raw but resampled
    audio. The node and the dataset reader then do the same. A disabled microphone is replaced by the nearest enabled
    one.

    Attributes:
        delay: Removal of the delays; None for a rig without delays.
        channels_needed: Number of channels that the device must have.
        disabled: Names of the microphones that are replaced.

    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Prepare the correction.

        Args:
            array: The rig.
            sample_rate_hz: Sample rate at which the delays are removed.

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
        """Number of samples before the first corrected sample."""
        return 0 if self.delay is None else self.delay.before

    @property
    def after(self) -> int:
        """Number of samples after the last corrected sample."""
        return 0 if self.delay is None else self.delay.after

    def reorder(self, samples: Samples) -> Samples:
        """Return audio (mic, n) with order, gain and polarity applied, from audio (device channel, n)."""
        return np.ascontiguousarray(samples[self._device_channels] * self._factors)

    def apply(self, samples: Samples) -> Samples:
        """Return corrected audio (mic, n - before - after), from audio (device channel, n)."""
        ordered = self.reorder(samples)
        return ordered if self.delay is None else self.delay.apply(ordered)


def nearest_usable(array: MicrophoneArray, usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each microphone (mic,) its own index, or that of the nearest usable one if it is not usable.

    Raises:
        RigError: No microphone is usable.

    """
    if not usable.any():
        msg = f'Array {array.array_id!r} has no enabled microphone: enable the working ones in its mic_array.yaml.'
        raise RigError(msg)
    positions_m = array.positions_m
    distances_m = np.linalg.norm(positions_m[:, None] - positions_m[None], axis=-1)
    nearest = np.where(usable[None], distances_m, np.inf).argmin(axis=1)
    return np.where(usable, np.arange(len(usable)), nearest)
