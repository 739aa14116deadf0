# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction for one window: raw output of the networks, and published images in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NetworkOutput:
    """Raw output of a backend for one window. A modality that the bundle lacks has None in its fields.

    Attributes:
        depth_m: float32 (row, column), metres along the camera's z axis, finite everywhere.
        labels: uint8 (row, column), class ids.
        depth_distance: float32 (cell, cell), distance from the training data: squared distance of the AT-net output to
            the nearest code of the depth manifold, divided by the code dimension. Without a codebook: mean squared
            deviation from the mean latent in standard deviations. Without a manifold: 1.
        segmentation_distance: The same for the segmentation. Without a manifold: mean entropy of the classes.

    """

    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    depth_distance: NDArray[np.float32] | None
    segmentation_distance: NDArray[np.float32] | None


@dataclass(frozen=True)
class Prediction:
    """Images predicted from one window of audio.

    Attributes:
        depth_m: float32 (row, column), metres along the camera's z axis, NaN where it is invalid.
        labels: uint8 (row, column), class ids, 255 unlabelled.
        confidence: float32 (row, column), 0 to 1.
        features: float32 (mic, mel, frame) or (size,), input of the networks. None if another device computed it and
            it was not requested.
        first_sample: Index of the first sample of the window, at the rate of the model.
        end_sample: Index one past the last sample of the window.
        stamp_ns: Time that the images describe (`frame_position` within the window).
        newest_stamp_ns: Time of the end of the window.
        features_s: Time spent on features. If another device computes them: on the window of audio for it.
        network_s: Time spent in the networks, and on features on another device.
        masked: Names of microphones that were replaced by silence, or left out of spatial features.
        substituted: Names of faulty microphones that were replaced by their nearest neighbours.
        distance_ratio: Distance of the features to the training features over its limit (see `FeatureStatistics`).
            None if the bundle has no statistics.

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
    distance_ratio: float | None = None

    def require_features(self) -> NDArray[np.float32]:
        """Return the features.

        Raises:
            InferenceError: They are on another device.

        """
        if self.features is None:
            msg = 'The prediction was made without its features: call predict with with_features=True.'
            raise InferenceError(msg)
        return self.features
