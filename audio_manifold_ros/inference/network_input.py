# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Input of the networks: features computed on the CPU, or windows of audio for a device that computes features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.sliding_windows import SlidingWindows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.inference.backends.backend import Backend, WaveformNetwork
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.inference.channel_policy import ChannelPlan

InferenceResult = tuple['NetworkOutput', 'NDArray[np.float32] | None']


class NetworkWindow(Protocol):
    """One window, ready for the networks."""

    def run(self, *, with_features: bool) -> InferenceResult:
        """Return the output of the networks and the features that they were given.

        Args:
            with_features: Copy the features to the CPU if they are on another device. Otherwise they are None then.

        Raises:
            InferenceError: The networks failed on this window.

        """


class NetworkInput(Protocol):
    """Windows of a stream. A window may run while another thread pushes. All other calls take turns."""

    @property
    def window_count(self) -> int:
        """Windows that have become complete since the last reset or gap."""

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""

    def push(self, samples: Samples, first_sample: int) -> None:
        """Append a block float32 (channel, n). A jump forward is a gap."""

    def reset(self) -> None:
        """Drop the stream."""

    def take(self, window_end: int, plan: ChannelPlan) -> NetworkWindow:
        """Return the window that ends before `window_end`, its channels used as planned.

        It must run before the next window is taken.
        """


def open_network_input(backend: Backend, spec: FeatureSpec, microphones: int) -> NetworkInput:
    """Return the input that fits a backend."""
    waveform_network = backend.waveform_network
    if waveform_network is None:
        return FeatureInput(backend, spec, microphones)
    return WaveformInput(waveform_network, spec, microphones)


@dataclass(frozen=True)
class FeatureWindow:
    """Features of one window, computed on the CPU (see `NetworkWindow`).

    Attributes:
        backend: Backend of the networks.
        features: float32 (mic, height, width).

    """

    backend: Backend
    features: NDArray[np.float32]

    def run(self, *, with_features: bool) -> InferenceResult:  # noqa: ARG002 - they are on the CPU already
        """See `NetworkWindow`."""
        return self.backend.run(self.features), self.features


@dataclass(frozen=True)
class WaveformWindow:
    """One window of audio in the memory of the network that computes its features (see `NetworkWindow`).

    Attributes:
        network: The network. Its `waveform` holds the window until the next one is taken.

    """

    network: WaveformNetwork

    def run(self, *, with_features: bool) -> InferenceResult:
        """See `NetworkWindow`."""
        output = self.network.run()
        return output, self.network.features() if with_features else None


class FeatureInput:
    """Features on the CPU, computed hop by hop as the audio arrives (see `NetworkInput`)."""

    def __init__(self, backend: Backend, spec: FeatureSpec, microphones: int) -> None:
        """Allocate the buffers."""
        self._backend = backend
        self._spec = spec
        self._mel = StreamingMel(spec, microphones)
        self.push, self.reset = self._mel.push, self._mel.reset

    @property
    def window_count(self) -> int:
        """See `NetworkInput`."""
        return self._mel.window_count

    @property
    def newest_window_end(self) -> int | None:
        """See `NetworkInput`."""
        return self._mel.newest_window_end

    def take(self, window_end: int, plan: ChannelPlan) -> FeatureWindow:
        """See `NetworkInput`."""
        return FeatureWindow(self._backend, plan.fill_features(self._mel.features(window_end), self._spec))


class WaveformInput:
    """Audio only. The features are computed on the device of the networks (see `NetworkInput`)."""

    def __init__(self, network: WaveformNetwork, spec: FeatureSpec, microphones: int) -> None:
        """Allocate the buffers."""
        self._network = network
        self._windows = SlidingWindows(spec, microphones)
        self.push, self.reset = self._windows.push, self._windows.reset

    @property
    def window_count(self) -> int:
        """See `NetworkInput`."""
        return self._windows.window_count

    @property
    def newest_window_end(self) -> int | None:
        """See `NetworkInput`."""
        return self._windows.newest_window_end

    def take(self, window_end: int, plan: ChannelPlan) -> WaveformWindow:
        """See `NetworkInput`."""
        self._windows.copy_window(window_end, self._network.waveform)
        plan.fill_waveform(self._network.waveform)
        return WaveformWindow(self._network)
