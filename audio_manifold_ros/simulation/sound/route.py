# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Route of the sound from a moving source to the array."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.sound.arrival import IDENTITY, Arrival, SampledMotion, arrive

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion


class Route(Protocol):
    """Direct route, or one by reflections."""

    def arrive(self, motion: SampledMotion, height_m: float, receivers: ReceiverMotion, sound_mps: float) -> Arrival:
        """Return the arrival of the sound at the array.

        Args:
            motion: Motion of the source on the ground.
            height_m: Height of the source.
            receivers: Microphones.
            sound_mps: Speed of sound.

        """
        ...


@dataclass(frozen=True)
class ImageRoute:
    """Straight route from a source or from its mirror image.

    Attributes:
        image: Reflection and shift (2, 3) of the horizontal coordinates of the source. The default is the direct route.

    """

    image: FloatArray = field(default_factory=lambda: IDENTITY)

    def arrive(self, motion: SampledMotion, height_m: float, receivers: ReceiverMotion, sound_mps: float) -> Arrival:
        """Return the arrival, as in `Route`."""
        return arrive(motion, height_m, receivers, sound_mps, self.image)
