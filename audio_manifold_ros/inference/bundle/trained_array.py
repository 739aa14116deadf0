# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one microphone array of a bundle whose networks were trained for a single array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray
from audio_manifold_ros.rig.rig_difference import geometry_difference

if TYPE_CHECKING:
    from audio_manifold_ros.camera_prior.camera_view import CameraView


@dataclass(frozen=True)
class TrainedArray:
    """The microphone array that the networks were trained for.

    Attributes:
        array_id: Name of the array.
        sha256: `MicrophoneArray.geometry_sha256`.
        positions_m: One position per microphone, in the frame of the array.
        facings: One unit vector per microphone.

    Raises:
        InferenceError: There is no microphone, or a facing is missing or too many.

    """

    array_id: str
    sha256: str
    positions_m: tuple[tuple[float, float, float], ...]
    facings: tuple[tuple[float, float, float], ...]

    def __post_init__(self) -> None:
        """Check that there are microphones, each with a facing."""
        if not self.positions_m:
            msg = 'array.positions_m is []: give at least one microphone.'
            raise InferenceError(msg)
        if len(self.facings) != len(self.positions_m):
            msg = f'array.facings is {len(self.facings)}: give {len(self.positions_m)}, one for each microphone.'
            raise InferenceError(msg)

    @classmethod
    def from_array(cls, array: MicrophoneArray) -> TrainedArray:
        """Return the geometry of an array."""
        microphones = array.microphones
        return cls(
            array_id=array.array_id,
            sha256=array.geometry_sha256(),
            positions_m=tuple(microphone.position_m for microphone in microphones),
            facings=tuple(microphone.facing for microphone in microphones),
        )

    @property
    def max_microphones(self) -> int:
        """Number of microphones."""
        return len(self.positions_m)

    def example(self) -> MicrophoneArray:
        """Return the array as a rig without gains and delays."""
        poses = zip(self.positions_m, self.facings, strict=True)
        microphones = tuple(
            Microphone(f'mic_{channel}', channel, position, facing) for channel, (position, facing) in enumerate(poses)
        )
        return MicrophoneArray(self.array_id, 'mic_array', microphones)

    def describe(self) -> str:
        """Return the array in a few words."""
        return f'array {self.array_id}'

    def details(self) -> tuple[str, ...]:
        """Return one line per microphone."""
        poses = zip(self.positions_m, self.facings, strict=True)
        return tuple(
            f'{index}: at ({x:+.3f}, {y:+.3f}, {z:+.3f}) m, facing {facing}'
            for index, ((x, y, z), facing) in enumerate(poses)
        )

    def violations(self, array: MicrophoneArray, _view: CameraView | None, bundle: str) -> tuple[str, ...]:
        """Return how a rig differs from the array of the training, one sentence each.

        Args:
            array: Array of the rig.
            _view: Camera of the rig, which makes no difference to the networks.
            bundle: Name of the bundle.

        Raises:
            InferenceError: The number of microphones differs, so the networks cannot be used.

        """
        difference = geometry_difference(
            (np.array(self.positions_m), array.positions_m), (np.array(self.facings), array.facings)
        )
        if difference.missing or difference.extra:
            msg = (
                f'The array {array.array_id!r} has {len(array.microphones)} microphones, the bundle {bundle!r} needs '
                f'{len(self.positions_m)} ({self.array_id}), {difference.describe()}: choose the rig of the bundle, or '
                'a bundle for this rig.'
            )
            raise InferenceError(msg)
        if array.geometry_sha256() == self.sha256 or not difference.is_significant:
            return ()
        sentence = (
            f'The array {array.array_id!r} is not the one the bundle {bundle!r} was trained for ({self.array_id}): '
            f'{difference.describe()}. Expect worse images.'
        )
        return (sentence,)
