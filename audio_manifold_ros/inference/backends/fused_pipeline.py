# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features and networks in one pass on one device: window of audio in, images out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.inference.backends.backend import input_shape, network_output, output_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput


class FusedWaveformNetwork:
    """The `WaveformNetwork` of a backend whose device also computes the features.

    The features are those of `MelFeatureExtractor` for any precision of the networks: the Fourier transform in double
    precision, the rest in single precision. On CUDA everything from the pinned window to the pinned images is one
    graph, if one can be captured. The features stay on the device unless they are requested.

    Attributes:
        captured: A CUDA graph was captured.

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
            manifest: Manifest of a bundle with mel features.
            function: Function from features float32 (1, mic, height, width) on the device, contiguous and always in the
                same memory, to the tensors of `output_names`.
            device: The `torch.device`.
            captured: Capture a CUDA graph, if possible.

        Raises:
            RuntimeError: The function fails.

        """
        import torch

        from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
        from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

        self._names = output_names(manifest)
        self._function = function
        self._device = device
        self._mel = MelFeatureExtractor(require_mel(manifest.features))
        self._features = torch.zeros((1, *input_shape(manifest)), device=device)
        shape = (manifest.microphones, manifest.features.window_samples)
        self._runner = CudaGraphRunner(self._run_input, shape, device, captured=captured)
        self.captured = self._runner.captured

    @property
    def waveform(self) -> Samples:
        """See `WaveformNetwork`."""
        return self._runner.input_buffer

    def run(self) -> NetworkOutput:
        """Compute the images of the window in `waveform` (see `WaveformNetwork`)."""
        try:
            arrays = self._runner.run_buffered()
        except RuntimeError as error:
            msg = f'Features or networks failed on {self._device}: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)

    def features(self) -> NDArray[np.float32]:
        """Return the features of the last window (see `WaveformNetwork`)."""
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
    """Return features and networks in one pass, or None if the CPU is to compute the features.

    That is so for spatial features, of which the CPU computes a hop at a time. If the device cannot compute mel
    features, there is a warning too.

    Args:
        manifest: See `FusedWaveformNetwork`.
        function: See `FusedWaveformNetwork`. It works on its own.
        device: See `FusedWaveformNetwork`.
        warn: Function for the warning.
        captured: See `FusedWaveformNetwork`.

    """
    if manifest.is_spatial:
        return None
    try:
        return FusedWaveformNetwork(manifest, function, device, captured=captured)
    except RuntimeError as error:
        warn(f'{device} cannot compute the features: {error}. The CPU computes them.')
        return None
