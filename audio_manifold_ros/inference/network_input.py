# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline keeps of the sound and gives its networks: features of the CPU, or the window of sound itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.sliding_windows import SlidingWindows

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.inference.backends.backend import Backend, WaveformNetwork
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.inference.channel_policy import ChannelPlan

InferenceResult = tuple['NetworkOutput', NDArray[np.float32] | None]


class NetworkInput(Protocol):
    """Hears a stream window by window. `run` may go on while another thread pushes; all else takes turns."""

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""

    def push(self, samples: NDArray[np.float32], first_sample: int) -> None:
        """Append a block float32 (channel, n); a jump forward is a gap."""

    def reset(self) -> None:
        """Forget the stream."""

    def take(self, window_end: int, plan: ChannelPlan) -> None:
        """Lay out the window that ends before `window_end` for `run`, its microphones used as planned."""

    def run(self, *, with_features: bool) -> InferenceResult:
        """Return what the networks say about the window that was taken last, and what they were given.

        Args:
            with_features: Bring the features to the CPU where they are not there; else they are None then.

        Raises:
            InferenceError: The networks failed on this window.

        """


def open_network_input(backend: Backend, spec: FeatureSpec, microphones: int) -> NetworkInput:
    """Return the ear that fits a backend."""
    waveform_network = backend.waveform_network
    if waveform_network is None:
        return FeatureInput(backend, spec, microphones)
    return WaveformInput(waveform_network, spec, microphones)


class FeatureInput:
    """Computes features on the CPU, hop by hop as the sound comes (see `NetworkInput`)."""

    def __init__(self, backend: Backend, spec: FeatureSpec, microphones: int) -> None:
        """Allocate everything that is kept."""
        self._backend = backend
        self._spec = spec
        self._mel = StreamingMel(spec, microphones)
        self._features: NDArray[np.float32] = np.zeros((0, 0, 0), dtype=np.float32)
        self.push, self.reset = self._mel.push, self._mel.reset

    @property
    def newest_window_end(self) -> int | None:
        """See `NetworkInput`."""
        return self._mel.newest_window_end

    def take(self, window_end: int, plan: ChannelPlan) -> None:
        """See `NetworkInput`."""
        self._features = plan.fill_features(self._mel.features(window_end), self._spec)

    def run(self, *, with_features: bool) -> InferenceResult:  # noqa: ARG002 - they are at hand
        """See `NetworkInput`."""
        return self._backend.run(self._features), self._features


class WaveformInput:
    """Keeps the sound alone: the features are computed where the networks run (see `NetworkInput`)."""

    def __init__(self, network: WaveformNetwork, spec: FeatureSpec, microphones: int) -> None:
        """Allocate everything that is kept."""
        self._network = network
        self._windows = SlidingWindows(spec, microphones)
        self.push, self.reset = self._windows.push, self._windows.reset

    @property
    def newest_window_end(self) -> int | None:
        """See `NetworkInput`."""
        return self._windows.newest_window_end

    def take(self, window_end: int, plan: ChannelPlan) -> None:
        """See `NetworkInput`."""
        self._windows.copy_window(window_end, self._network.waveform)
        plan.fill_waveform(self._network.waveform)

    def run(self, *, with_features: bool) -> InferenceResult:
        """See `NetworkInput`."""
        output = self._network.run()
        return output, self._network.features() if with_features else None
