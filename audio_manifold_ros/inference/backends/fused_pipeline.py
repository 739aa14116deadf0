# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features and networks in one pass on one device: a window of sound goes there, images come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import input_shape, network_output, output_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput


class FusedWaveformNetwork:
    """The `SoundNetwork` of a backend whose device computes features, too.

    The features are those of `MelFeatureExtractor`, whatever precision the networks have: the Fourier transform in double, all
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

        from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
        from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

        self._names = output_names(manifest)
        self._function = function
        self._device = device
        self._mel = MelFeatureExtractor(manifest.features)
        self._features = torch.zeros((1, *input_shape(manifest)), device=device)
        shape = (manifest.microphones, manifest.features.window_samples)
        self._runner = CudaGraphRunner(self._run_input, shape, device, captured=captured)
        self.captured = self._runner.captured

    @property
    def waveform(self) -> NDArray[np.float32]:
        """See `SoundNetwork`."""
        return self._runner.input_buffer

    def run(self) -> NetworkOutput:
        """Compute the images of the window that lies in `waveform` (see `SoundNetwork`)."""
        try:
            arrays = self._runner.run_buffered()
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

    def _run_input(self, waveform: Any) -> Sequence[Any]:
        return self._function(self._features.copy_(self._mel(waveform)))


def open_waveform_network(
    manifest: Manifest,
    function: Callable[[Any], Sequence[Any]],
    device: Any,
    warn: Callable[[str], None],
    *,
    captured: bool = False,
) -> FusedWaveformNetwork | None:
    """Return features and networks in one pass, or None, with a warning, where the device does not compute features.

    Args:
        manifest: See `FusedWaveformNetwork`.
        function: See `FusedWaveformNetwork`; it works by itself.
        device: See `FusedWaveformNetwork`.
        warn: Told why not.
        captured: See `FusedWaveformNetwork`.

    """
    try:
        return FusedWaveformNetwork(manifest, function, device, captured=captured)
    except RuntimeError as error:
        warn(f'No features on {device}: {error}. The CPU computes them.')
        return None
