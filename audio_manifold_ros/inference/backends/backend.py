# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs the networks of a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.inference.bundle.manifest import Manifest

FLOAT32, INT8 = 'float32', 'int8'
PRECISIONS = (FLOAT32, INT8)
INPUT_NAME = 'features'
OUTPUT_NAMES = {
    'depth': ('depth_m', 'depth_distance'),
    'segmentation': ('labels', 'segmentation_distance'),
}
DTYPES = {'depth_m': np.float32, 'labels': np.uint8, 'depth_distance': np.float32, 'segmentation_distance': np.float32}


class WaveformNetwork(Protocol):
    """Computes features and images on one device; one thread at a time may use it."""

    @property
    def waveform(self) -> NDArray[np.float32]:
        """The window of sound, float32 (mic, window_samples): memory that lasts, to be filled before `run`."""

    def run(self) -> NetworkOutput:
        """Compute the images of the window that lies in `waveform`; the arrays of the output belong to the caller.

        Raises:
            InferenceError: The device failed, or the networks gave no finite number.

        """

    def features(self) -> NDArray[np.float32]:
        """Fetch what the networks were given last: float32 (mic, height, width), the caller's.

        Raises:
            InferenceError: The device failed.

        """


class Backend(Protocol):
    """Runs the networks; one thread at a time may call it."""

    @property
    def name(self) -> str:
        """Short name, for example `onnx`."""

    @property
    def reason(self) -> str:
        """One sentence: what runs on what, and why that was chosen."""

    @property
    def waveform_network(self) -> WaveformNetwork | None:
        """What computes the features where the networks run; None where they are to come from the CPU."""

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window; the arrays of the output belong to the caller.

        Args:
            features: float32 (mic, height, width).

        Raises:
            InferenceError: The features have another shape or type, or the networks gave no finite number.

        """


def input_shape(manifest: Manifest) -> tuple[int, int, int]:
    """Return the shape (mic, height, width) of the features that a bundle takes."""
    return manifest.microphones, manifest.features.height, manifest.features.width


def output_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of the tensors that the networks of a bundle give, in order."""
    return tuple(name for head in OUTPUT_NAMES if head in manifest.modalities for name in OUTPUT_NAMES[head])


def check_features(features: NDArray[np.float32], shape: tuple[int, int, int]) -> None:
    """Refuse features that the networks do not take.

    Raises:
        InferenceError: Another shape or type.

    """
    if features.shape != shape or features.dtype != np.float32:
        msg = f'Features {features.dtype} of shape {features.shape}: the bundle takes float32 {shape}.'
        raise InferenceError(msg)


def network_output(names: Iterable[str], tensors: Iterable[NDArray[np.generic]]) -> NetworkOutput:
    """Give the tensors of one window, each (1, row, column), their place.

    Raises:
        InferenceError: One of them is not finite.

    """
    found = {name: tensor[0] for name, tensor in zip(names, tensors, strict=True)}
    broken = [name for name, values in found.items() if values.dtype != np.uint8 and not np.isfinite(values).all()]
    if broken:
        msg = f'The networks gave NaN or infinity in {broken}: the window is not used; verify the bundle if it repeats.'
        raise InferenceError(msg)
    return NetworkOutput(**{name: found.get(name) for name in DTYPES})
