# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prediction for one window: raw output of the networks, and published images in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.modalities.modality_images import ModalityImages, image_fields
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.spatial.state_config import LATENTS
from audio_manifold_ros.networks.vehicle_map import VEHICLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class NetworkOutput(ModalityImages):
    """Raw output of a backend for one window. The images are finite everywhere.

    Attributes:
        distances: float32 (cell, cell) of each modality, distance from the training data: squared distance of the
            AT-net output to the nearest code of the manifold, divided by the code dimension. Without a codebook: mean
            squared deviation from the mean latent in standard deviations. Without a manifold: 1, or for classes their
            mean entropy.
        vehicles: Probabilities float32 (class, azimuth, distance) of the vehicles all round (see `VehicleMapConfig`).
            None without that map.
        latents: Reduced latents float32 (channel, cell, cell) for the inputs of later windows. None without a state.

    """

    distances: Mapping[str, NDArray[np.float32]]
    vehicles: NDArray[np.float32] | None = None
    latents: NDArray[np.float32] | None = None

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return images and distances by the names of the output tensors."""
        distances = {MODALITIES[name].distance: values for name, values in self.distances.items()}
        further = {VEHICLES: self.vehicles, LATENTS: self.latents}
        found = {name: values for name, values in further.items() if values is not None}
        return {**image_fields(self.by_modality()), **distances, **found}


@dataclass(frozen=True, kw_only=True)
class Prediction(ModalityImages):
    """Images predicted from one window of audio, as the node publishes them.

    Attributes:
        confidence: float32 (row, column), 0 to 1.
        features: float32 (mic, mel, frame) or (size,), input of the networks. None if another device computed it and
            it was not requested.
        first_sample: Index of the first sample of the window, at the rate of the model.
        end_sample: Index one past the last sample of the window.
        stamp_ns: Time that the images describe (`frame_position` within the window).
        newest_stamp_ns: Time of the end of the window.
        features_s: Time spent on features. If another device computes them: on the window of audio for it.
        network_s: Time spent in the networks, and on features on another device.
        waited_s: Time between the arrival of the end of the window and the start of the features.
        masked: Names of microphones that were replaced by silence, or left out of spatial features.
        substituted: Names of faulty microphones that were replaced by their nearest neighbours.
        distance_ratio: Distance of the features to the training features over its limit (see `FeatureStatistics`).
            None if the bundle has no statistics.
        vehicles: Probabilities of the vehicles all round (see `NetworkOutput`). None without that map.

    """

    confidence: NDArray[np.float32] | None
    features: NDArray[np.float32] | None
    first_sample: int
    end_sample: int
    stamp_ns: int
    newest_stamp_ns: int
    features_s: float
    network_s: float
    waited_s: float = 0.0
    masked: tuple[str, ...] = ()
    substituted: tuple[str, ...] = ()
    distance_ratio: float | None = None
    vehicles: NDArray[np.float32] | None = None

    @property
    def age_s(self) -> float:
        """Time between the arrival of the end of the window and the end of the prediction."""
        return self.waited_s + self.features_s + self.network_s

    def require_features(self) -> NDArray[np.float32]:
        """Return the features.

        Raises:
            InferenceError: They are on another device.

        """
        if self.features is None:
            msg = 'The prediction was made without its features: call predict with with_features=True.'
            raise InferenceError(msg)
        return self.features
