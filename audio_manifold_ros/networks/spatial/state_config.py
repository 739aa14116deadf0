# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of the state over time, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

# Name of the output tensor with the reduced latents of a window, which later windows get.
LATENTS = 'latents'
# A configuration comes with a bundle. The limits bound the memory of its layers.
MAX_PAST, MAX_STEP_HOPS, MAX_CHANNELS = 64, 1000, 512


@dataclass(frozen=True)
class LatentStateConfig:
    """Earlier windows that correct the latents of a window.

    Attributes:
        past: Number of earlier windows.
        step_hops: Hops from one of them to the next.
        channels: Width of the correction.
        reduced: Channels of an earlier window, to which its latents are reduced.

    Raises:
        NetworkError: A value is out of range. The message names it.

    """

    past: int = 8
    step_hops: int = 22
    channels: int = 64
    reduced: int = 32

    def __post_init__(self) -> None:
        """Validate the values."""
        limits = {'past': MAX_PAST, 'step_hops': MAX_STEP_HOPS, 'channels': MAX_CHANNELS, 'reduced': MAX_CHANNELS}
        for name, limit in limits.items():
            value = getattr(self, name)
            if not 1 <= value <= limit:
                msg = f'state.{name} is {value!r}: give a whole number from 1 to {limit}.'
                raise NetworkError(msg)

    def past_shape(self, spatial: SpatialNetworkConfig) -> tuple[int, int, int, int]:
        """Return the shape (past, channel, cell, cell) of the reduced latents of the earlier windows of a network."""
        cells = spatial.latent_cells
        return self.past, self.reduced, cells, cells

    def describe(self, hop_s: float) -> str:
        """Return the earlier windows in a few words, for the duration of a hop in seconds."""
        return f'{self.past} earlier windows, {self.step_hops * hop_s:.2g} s apart'

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> LatentStateConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)
