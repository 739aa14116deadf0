# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Interface of the backends, which run the networks of a bundle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.spatial.state_config import LATENTS
from audio_manifold_ros.networks.vehicle_map import VEHICLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from audio_manifold_ros.inference.bundle.manifest import Manifest

FLOAT32, INT8 = 'float32', 'int8'
PRECISIONS = (FLOAT32, INT8)
INPUT_NAME = 'features'


class WaveformNetwork(Protocol):
    """Computes features and images on one device. One thread at a time may use it."""

    @property
    def waveform(self) -> NDArray[np.float32]:
        """Buffer of the window of audio, float32 (mic, window_samples), always the same array. Fill it before `run`."""

    def run(self) -> NetworkOutput:
        """Compute the images of the window in `waveform`. The caller owns the arrays of the output.

        Raises:
            InferenceError: The device failed, or an output of the networks is not finite.

        """

    def features(self) -> NDArray[np.float32]:
        """Return the features of the last window, float32 in the shape of `input_shape`, owned by the caller.

        Raises:
            InferenceError: The device failed.

        """


class Backend(Protocol):
    """Runs the networks. One thread at a time may call it."""

    @property
    def name(self) -> str:
        """Short name, for example `onnx`."""

    @property
    def reason(self) -> str:
        """One sentence: runtime, device, and why they were selected."""

    @property
    def waveform_network(self) -> WaveformNetwork | None:
        """Network that computes the features on the same device. None if the CPU computes them."""

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window. The caller owns the arrays of the output.

        Args:
            features: float32 in the shape of `input_shape`. For a bundle with a state, spatial features (size,) without
                the latents of earlier windows are those of a window without any.

        Raises:
            InferenceError: The features have another shape or type, or an output of the networks is not finite.

        """


def input_shape(manifest: Manifest) -> tuple[int, ...]:
    """Return the shape of the input of a bundle's networks.

    It is that of the features: (mic, height, width), or (size,) of spatial features. With a state over time, the
    latents of earlier windows follow the spatial features.
    """
    shape = manifest.features.input_shape(manifest.microphones)
    past = manifest.past_shape
    return (shape[0] + math.prod(past),) if past else shape


def output_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the output tensors of a bundle's networks, in order."""
    heads = (modality for name, modality in MODALITIES.items() if name in manifest.modalities)
    names = tuple(name for head in heads for name in head.output_names)
    vehicles = () if manifest.vehicles is None else (VEHICLES,)
    return (*names, *vehicles, LATENTS) if manifest.past_shape else (*names, *vehicles)


@dataclass(frozen=True)
class InputLayout:
    """Shapes of the input of a bundle's networks.

    Attributes:
        shape: See `input_shape`.
        features_shape: Shape of the features alone.

    """

    shape: tuple[int, ...]
    features_shape: tuple[int, ...]

    @classmethod
    def of(cls, manifest: Manifest) -> InputLayout:
        """Return the shapes of a bundle."""
        return cls(input_shape(manifest), manifest.features.input_shape(manifest.microphones))

    def complete(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the input of the networks: features without earlier windows get zeros in their place.

        Raises:
            InferenceError: The shape or type is wrong.

        """
        if features.dtype == np.float32 and features.shape == self.shape:
            return features
        if features.dtype != np.float32 or features.shape != self.features_shape:
            msg = f'Features {features.dtype} of shape {features.shape}: the bundle takes float32 {self.shape}.'
            raise InferenceError(msg)
        return np.concatenate([features, np.zeros(self.shape[0] - len(features), dtype=np.float32)])


def network_output(names: Iterable[str], tensors: Iterable[NDArray[np.generic]]) -> NetworkOutput:
    """Return the output tensors of one window, each (1, row, column, …), by name.

    Raises:
        InferenceError: One of them is not finite.

    """
    found = {name: tensor[0] for name, tensor in zip(names, tensors, strict=True)}
    broken = [name for name, values in found.items() if values.dtype != np.uint8 and not np.isfinite(values).all()]
    if broken:
        remedy = 'the window is not used; verify the bundle if it repeats.'
        msg = f'The output {broken} of the networks is not finite: {remedy}'
        raise InferenceError(msg)
    return named_output(found)


def named_output(found: Mapping[str, NDArray[Any]]) -> NetworkOutput:
    """Return output tensors (row, column) by name as an output. Other names are ignored."""
    return NetworkOutput(
        **{modality.image: found.get(modality.image) for modality in MODALITIES.values()},
        distances={
            name: found[modality.distance] for name, modality in MODALITIES.items() if modality.distance in found
        },
        vehicles=found.get(VEHICLES),
        latents=found.get(LATENTS),
    )
