# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Policy for faulty microphones: mask them or leave them out, substitute their nearest neighbours, or stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.rig.array_correction import nearest_usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Mask, Samples
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.rig.rig import MicrophoneArray

MASK, SUBSTITUTE, STOP = 'mask', 'substitute', 'stop'
POLICIES = (MASK, SUBSTITUTE, STOP)
DEFAULT_POLICY = MASK


@dataclass(frozen=True)
class ChannelPlan:
    """Use of the channels of the networks' input.

    Attributes:
        masked: Indices of microphones whose mel features are replaced by silence, or which spatial features leave out.
            The networks were trained for that.
        substitutes: Index of each replaced microphone, and of the nearest usable one whose features replace it.
        stopped: No predictions are made.
        usable_fraction: Fraction of the microphones in use. The confidence is multiplied by it.
        stop_reason: Why no predictions are made, if too few microphones work. Otherwise empty.

    """

    masked: tuple[int, ...] = ()
    substitutes: tuple[tuple[int, int], ...] = ()
    stopped: bool = False
    usable_fraction: float = 1.0
    stop_reason: str = ''

    def active(self, microphones: int) -> Mask:
        """Return bool (mic,), False for the masked microphones."""
        active = np.ones(microphones, dtype=bool)
        active[list(self.masked)] = False
        return active

    def fill_features(self, features: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
        """Return features float32 (mic, height, width) with the channels replaced. The argument is not changed."""
        if not self.masked and not self.substitutes:
            return features
        filled = features.copy()
        filled[list(self.masked)] = spec.silence
        for index, substitute in self.substitutes:
            filled[index] = features[substitute]
        return filled

    def fill_waveform(self, waveform: Samples) -> None:
        """Replace the channels of a window of audio float32 (mic, sample) in place, as `fill_features` does."""
        waveform[list(self.masked)] = 0.0
        for index, substitute in self.substitutes:
            waveform[index] = waveform[substitute]


# Function of the indices of the faulty microphones and the policy.
ChannelPlanner = Callable[[Iterable[int], str], ChannelPlan]


def make_planner(manifest: Manifest, array: MicrophoneArray) -> ChannelPlanner:
    """Return the function that plans the use of the channels of a rig for a bundle."""
    if isinstance(manifest.array, ArrayRange):
        return partial(plan_spatial_channels, array, min_microphones=manifest.array.min_microphones)
    return partial(plan_channels, array, tolerates_missing=manifest.tolerates_missing)


def check_policy(policy: str) -> None:
    """Check the name of a policy.

    Raises:
        InferenceError: There is no such policy.

    """
    if policy not in POLICIES:
        msg = f'The policy for microphones is {policy!r}: give one of {", ".join(POLICIES)}.'
        raise InferenceError(msg)


def plan_channels(array: MicrophoneArray, faulty: Iterable[int], policy: str, tolerates_missing: int) -> ChannelPlan:
    """Plan the use of the channels.

    If more microphones are missing than the bundle tolerates, `mask` does what `substitute` does. A microphone that
    the rig disables is missing too, but is no reason to stop. Without a usable microphone the plan is to stop.

    Args:
        array: The rig.
        faulty: Indices of faulty microphones.
        policy: One of `POLICIES`.
        tolerates_missing: Number of missing microphones that the networks were trained for.

    Raises:
        InferenceError: There is no such policy.

    """
    check_policy(policy)
    faults, usable = _usable(array, faulty)
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


def plan_spatial_channels(
    array: MicrophoneArray, faulty: Iterable[int], policy: str, min_microphones: int
) -> ChannelPlan:
    """Plan the use of the channels for spatial features, which leave out microphones.

    A neighbour cannot replace a microphone, because its sound belongs to another position: `substitute` does what
    `mask` does. With fewer microphones than the networks were trained for, the plan is to stop.

    Args:
        array: The rig.
        faulty: Indices of faulty microphones.
        policy: One of `POLICIES`.
        min_microphones: Smallest number of microphones that the networks were trained for.

    Raises:
        InferenceError: There is no such policy.

    """
    check_policy(policy)
    faults, usable = _usable(array, faulty)
    count = int(usable.sum())
    if count < max(min_microphones, 1):
        reason = f'{count} of {len(usable)} microphones work, and the bundle needs at least {min_microphones}'
        return ChannelPlan(stopped=True, usable_fraction=0.0, stop_reason=reason)
    if faults and policy == STOP:
        return ChannelPlan(stopped=True, usable_fraction=0.0)
    return ChannelPlan(masked=tuple(np.flatnonzero(~usable).tolist()), usable_fraction=float(usable.mean()))


def _usable(array: MicrophoneArray, faulty: Iterable[int]) -> tuple[set[int], Mask]:
    """Return the faults and the usable microphones bool (mic,)."""
    faults = set(faulty)
    return faults, np.array([mic.enabled and index not in faults for index, mic in enumerate(array.microphones)])
