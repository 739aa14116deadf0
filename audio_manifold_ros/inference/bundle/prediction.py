# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the network says about one window, in the units that users expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NetworkOutput:
    """The raw output of a backend for one window; a bundle without a modality leaves its fields None.

    Attributes:
        depth_m: float32 (row, column), metres along the camera's z axis, everywhere finite.
        labels: uint8 (row, column), class ids.
        depth_distance: float32 (cell, cell), how far off what it knows the network is: squared distance of the
            transformed audio to its nearest code of the depth manifold, divided by the code dimension; without a
            codebook its mean squared deviation from the mean latent in standard deviations; without a manifold 1.
        segmentation_distance: The same for the segmentation; without a manifold the mean entropy of the classes.

    """

    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    depth_distance: NDArray[np.float32] | None
    segmentation_distance: NDArray[np.float32] | None


@dataclass(frozen=True)
class Prediction:
    """Images made from the sound of one window.

    Attributes:
        depth_m: float32 (row, column), metres along the camera's z axis, NaN where nothing is near.
        labels: uint8 (row, column), class ids, 255 unlabelled.
        confidence: float32 (row, column), 0..1.
        features: float32 (mic, mel, frame), what the network was given; None where it was computed on another
            device, and nobody asked for it.
        first_sample: First sample of the window, in the index of the model's rate.
        end_sample: One past the window's last sample.
        stamp_ns: Instant that the images describe (`frame_position` within the window).
        newest_stamp_ns: Instant of the window's end.
        features_s: Time spent on features; where another device computes them, on the window of sound for it.
        network_s: Time spent in the network, and on features on another device.
        masked: Names of microphones that were not trusted, and taken as silent.
        substituted: Names of microphones that were not trusted, and whose nearest neighbours stood in.

    """

    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    confidence: NDArray[np.float32] | None
    features: NDArray[np.float32] | None
    first_sample: int
    end_sample: int
    stamp_ns: int
    newest_stamp_ns: int
    features_s: float
    network_s: float
    masked: tuple[str, ...] = ()
    substituted: tuple[str, ...] = ()

    def require_features(self) -> NDArray[np.float32]:
        """Return the features.

        Raises:
            InferenceError: They were left on another device.

        """
        if self.features is None:
            msg = 'The prediction was made without its features: predict with them.'
            raise InferenceError(msg)
        return self.features
