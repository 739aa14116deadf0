# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is done about microphones that cannot be trusted: mask them, let their neighbours stand in, or stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.rig.array_correction import nearest_usable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.rig.rig import MicrophoneArray

MASK, SUBSTITUTE, STOP = 'mask', 'substitute', 'stop'
POLICIES = (MASK, SUBSTITUTE, STOP)
DEFAULT_POLICY = MASK


@dataclass(frozen=True)
class ChannelPlan:
    """How the channels of the networks' input are filled.

    Attributes:
        masked: Places whose features are those of silence: the networks were trained to go on without them.
        substitutes: Place that is not trusted, and the nearest one that is trusted, whose features are taken instead.
        stopped: Nothing is predicted.
        usable_fraction: Microphones that are heard, of all: the confidence is lowered to this share.

    """

    masked: tuple[int, ...] = ()
    substitutes: tuple[tuple[int, int], ...] = ()
    stopped: bool = False
    usable_fraction: float = 1.0

    def fill_features(self, features: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
        """Return features float32 (mic, height, width) with the places filled; those given are left as they are."""
        if not self.masked and not self.substitutes:
            return features
        filled = features.copy()
        filled[list(self.masked)] = spec.silence
        for index, substitute in self.substitutes:
            filled[index] = features[substitute]
        return filled

    def fill_waveform(self, waveform: NDArray[np.float32]) -> None:
        """Fill the places of a window of sound float32 (mic, sample), in place: what `fill_features` does to its features."""
        waveform[list(self.masked)] = 0.0
        for index, substitute in self.substitutes:
            waveform[index] = waveform[substitute]


def plan_channels(array: MicrophoneArray, faulty: Iterable[int], policy: str, tolerates_missing: int) -> ChannelPlan:
    """Decide what is done.

    Where the bundle tolerates fewer missing microphones than there are, `mask` does what `substitute` does. A
    microphone that the rig disables is missing, too, but no reason to stop. Without a microphone to trust all stops.

    Args:
        array: The rig.
        faulty: Places of microphones that are not trusted.
        policy: What is wanted.
        tolerates_missing: How many microphones the networks were trained to go on without.

    Raises:
        InferenceError: There is no such policy.

    """
    if policy not in POLICIES:
        msg = f'The policy for microphones is {policy!r}: give one of {", ".join(POLICIES)}.'
        raise InferenceError(msg)
    faults = set(faulty)
    usable = np.array([mic.enabled and index not in faults for index, mic in enumerate(array.microphones)])
    missing = tuple(np.flatnonzero(~usable).tolist())
    if not usable.any() or (faults and policy == STOP):
        return ChannelPlan(stopped=True, usable_fraction=0.0)
    usable_fraction = float(usable.mean())
    if policy == MASK and len(missing) <= tolerates_missing:
        return ChannelPlan(masked=missing, usable_fraction=usable_fraction)
    nearest = nearest_usable(array, usable)
    return ChannelPlan(
        substitutes=tuple((index, int(nearest[index])) for index in missing), usable_fraction=usable_fraction
    )
