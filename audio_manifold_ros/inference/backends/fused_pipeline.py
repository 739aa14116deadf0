# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features and networks in one pass on one device: a window of sound goes there, images come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.inference.backends.backend import input_shape, network_output, output_names
from audio_manifold_ros.inference.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput


class ResidentSound:
    """The `SoundNetwork` of a backend whose device computes features, too.

    The features are those of `MelFeatures`, whatever precision the networks have: the Fourier transform in double, all
    else in single precision. On CUDA everything from the pinned window to the pinned images is one graph, if
    one can be captured. The features stay on the device until somebody asks for them.

    Attributes:
        captured: There is a CUDA graph.

    """

    def __init__(
        self,
        manifest: Manifest,
        function: Callable[[Any], Sequence[Any]],
        device: Any,
        *,
        captured: bool = False,
    ) -> None:
        """Allocate everything and run features and networks on silence.

        Args:
            manifest: Of the bundle.
            function: Maps features float32 (1, mic, height, width), contiguous and always the same memory, on the
                device to the tensors of `output_names`.
            device: The `torch.device`.
            captured: Record a CUDA graph, if that is possible.

        Raises:
            RuntimeError: The function fails.

        """
        import torch

        from audio_manifold_ros.features.mel_torch import MelFeatures
        from audio_manifold_ros.networks.cuda_graph_runner import Resident

        self._names = output_names(manifest)
        self._function = function
        self._device = device
        self._mel = MelFeatures(manifest.features)
        self._features = torch.zeros((1, *input_shape(manifest)), device=device)
        shape = (manifest.microphones, manifest.features.window_samples)
        self._resident = Resident(self._hear, shape, device, captured=captured)
        self.captured = self._resident.captured

    @property
    def sound(self) -> NDArray[np.float32]:
        """See `SoundNetwork`."""
        return self._resident.given

    def run(self) -> NetworkOutput:
        """Compute the images of the window that lies in `sound` (see `SoundNetwork`)."""
        try:
            arrays = self._resident.run_given()
        except RuntimeError as error:
            msg = f'Features or networks failed on {self._device}: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)

    def features(self) -> NDArray[np.float32]:
        """Fetch the features of the last window (see `SoundNetwork`)."""
        try:
            found: NDArray[np.float32] = self._features[0].cpu().numpy()
        except RuntimeError as error:
            msg = f'The features cannot be fetched from {self._device}: {error}'
            raise InferenceError(msg) from None
        return found.copy() if self._device.type == 'cpu' else found

    def _hear(self, sound: Any) -> Sequence[Any]:
        return self._function(self._features.copy_(self._mel(sound)))


def start_sound(
    manifest: Manifest,
    function: Callable[[Any], Sequence[Any]],
    device: Any,
    warn: Callable[[str], None],
    *,
    captured: bool = False,
) -> ResidentSound | None:
    """Return features and networks in one pass, or None, with a warning, where the device does not compute features.

    Args:
        manifest: See `ResidentSound`.
        function: See `ResidentSound`; it works by itself.
        device: See `ResidentSound`.
        warn: Told why not.
        captured: See `ResidentSound`.

    """
    try:
        return ResidentSound(manifest, function, device, captured=captured)
    except RuntimeError as error:
        warn(f'No features on {device}: {error}. The CPU computes them.')
        return None
