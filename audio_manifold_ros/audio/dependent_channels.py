# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Channels that are mixes of other channels, found by the rank of the covariance.

An audio server that is asked for more channels than a device has fills the others with mixes of the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audio_manifold_ros.common.array_types import FloatArray, Samples

# A mix differs from its channels by rounding to 16 bits: 1/12 of a squared step, and as much for each source.
MAX_RESIDUAL_POWER = 0.5 / float(STEPS_PER_UNIT) ** 2
# Microphones 0.4 m apart share at most 99 % of their power: 1e-4 is far below what is left.
MAX_RESIDUAL_RATIO = 1e-4
MIN_WEIGHT = 0.02


@dataclass(frozen=True)
class DependentChannel:
    """A channel that is a sum of other channels.

    Attributes:
        channel: Index of the channel.
        weights: Weight of each channel that it is a sum of, by index.

    """

    channel: int
    weights: dict[int, float]

    @property
    def is_copy(self) -> bool:
        """True if the channel is the same as one other channel."""
        return len(self.weights) == 1 and abs(next(iter(self.weights.values())) - 1) < MIN_WEIGHT

    def describe(self, names: Sequence[str] | Mapping[int, str]) -> str:
        """Return the sum in words, with the names of the channels."""
        terms = ' + '.join(f'{weight:.2f} · {names[index]}' for index, weight in self.weights.items())
        return f'{names[self.channel]} = {terms}'


class ChannelCovariance:
    """Covariance of the channels of a stream, over all its blocks since the last reset."""

    def __init__(self, channels: int) -> None:
        """Start without samples."""
        self._sums = np.zeros(channels)
        self._products = np.zeros((channels, channels))
        self.samples = 0

    def add(self, samples: Samples) -> None:
        """Add a block, float32 (channel, n)."""
        values = samples.astype(np.float64)
        self._sums += values.sum(axis=1)
        self._products += values @ values.T
        self.samples += samples.shape[1]

    def matrix(self) -> FloatArray:
        """Return the covariance (channel, channel) for full scale ±1."""
        mean = self._sums / max(self.samples, 1)
        result: FloatArray = self._products / max(self.samples, 1) - np.outer(mean, mean)
        return result


def find_dependent_channels(covariance: FloatArray) -> tuple[DependentChannel, ...]:
    """Return the channels that are sums of channels before them, in order.

    Silent channels are left out: they are faults of their own.

    Args:
        covariance: (channel, channel), full scale ±1.

    """
    independent: list[int] = []
    found: list[DependentChannel] = []
    for channel in range(len(covariance)):
        power = covariance[channel, channel]
        if power <= MAX_RESIDUAL_POWER / MAX_RESIDUAL_RATIO:
            continue
        if independent:
            others = covariance[np.ix_(independent, independent)]
            weights = np.linalg.lstsq(others, covariance[independent, channel], rcond=1e-12)[0]
            residual = power - weights @ covariance[independent, channel]
            if residual <= min(MAX_RESIDUAL_POWER, MAX_RESIDUAL_RATIO * power):
                used = {i: float(w) for i, w in zip(independent, weights, strict=True) if abs(w) > MIN_WEIGHT}
                found.append(DependentChannel(channel, used))
                continue
        independent.append(channel)
    return tuple(found)


def describe_dependent_channels(found: Sequence[DependentChannel], names: Sequence[str]) -> str:
    """Return one sentence about mixed channels, or an empty string."""
    if not found:
        return ''
    independent = len(names) - len(found)
    sums = ', '.join(channel.describe(names) for channel in found)
    return (
        f'{len(found)} of {len(names)} channels are mixes of the others ({sums}): the device has {independent} '
        'channels. Open it with as many, or correct the channel map of the audio server.'
    )
