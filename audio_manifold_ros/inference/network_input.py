# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Input of the networks: features computed on the CPU, or windows of audio for a device that computes features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.sliding_windows import SlidingWindows
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.latent_history import LatentHistory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.features.streaming_features import StreamingFeatures
    from audio_manifold_ros.inference.backends.backend import Backend, WaveformNetwork
    from audio_manifold_ros.inference.bundle.manifest import Manifest
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


def open_network_input(backend: Backend, manifest: Manifest, geometry: ArrayGeometry | None = None) -> NetworkInput:
    """Return the input that fits a backend and the kind of features of its bundle.

    Args:
        backend: Backend of the networks.
        manifest: Manifest of their bundle.
        geometry: Geometry of the rig, for spatial features.

    Raises:
        InferenceError: The features are spatial, and there is no geometry.

    """
    spec = manifest.features
    if isinstance(spec, SpatialFeatureSpec):
        if geometry is None:
            msg = 'The features of the bundle need the geometry of the rig: give it (ArrayGeometry.from_rig).'
            raise InferenceError(msg)
        return SpatialInput(backend, spec, geometry, LatentHistory.of_bundle(manifest))
    waveform_network = backend.waveform_network
    if waveform_network is None:
        return MelInput(backend, spec, manifest.microphones)
    return WaveformInput(waveform_network, spec, manifest.microphones)


@dataclass(frozen=True)
class FeatureWindow:
    """Features of one window, computed on the CPU (see `NetworkWindow`).

    Attributes:
        backend: Backend of the networks.
        features: float32 (mic, height, width), or (size,) of spatial features.

    """

    backend: Backend
    features: NDArray[np.float32]

    def run(self, *, with_features: bool) -> InferenceResult:  # noqa: ARG002 - they are on the CPU already
        """See `NetworkWindow`."""
        return self.backend.run(self.features), self.features


@dataclass(frozen=True)
class StateWindow:
    """Features of one window and the latents of earlier ones (see `NetworkWindow`).

    Attributes:
        backend: Backend of the networks.
        features: float32 (size,) of spatial features.
        history: Latents of the stream, to which those of this window are added.
        window_end: End of the window.

    """

    backend: Backend
    features: NDArray[np.float32]
    history: LatentHistory
    window_end: int

    def run(self, *, with_features: bool) -> InferenceResult:  # noqa: ARG002 - they are on the CPU already
        """See `NetworkWindow`."""
        output = self.backend.run(np.concatenate([self.features, self.history.past(self.window_end)]))
        if output.latents is not None:
            self.history.add(self.window_end, output.latents)
        return output, self.features


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


class StreamedInput:
    """Features on the CPU, computed hop by hop as the audio arrives (see `NetworkInput`)."""

    def __init__(self, features: StreamingFeatures) -> None:
        """Follow the features."""
        self._features = features
        self.push = features.push

    def reset(self) -> None:
        """See `NetworkInput`."""
        self._features.reset()

    @property
    def window_count(self) -> int:
        """See `NetworkInput`."""
        return self._features.window_count

    @property
    def newest_window_end(self) -> int | None:
        """See `NetworkInput`."""
        return self._features.newest_window_end


class MelInput(StreamedInput):
    """Mel features. Masked microphones get the features of silence (see `NetworkInput`)."""

    def __init__(self, backend: Backend, spec: FeatureSpec, microphones: int) -> None:
        """Allocate the buffers."""
        self._backend, self._spec = backend, spec
        super().__init__(StreamingMel(spec, microphones))

    def take(self, window_end: int, plan: ChannelPlan) -> FeatureWindow:
        """See `NetworkInput`."""
        features = plan.fill_features(self._features.features(window_end), self._spec)
        return FeatureWindow(self._backend, features)


class SpatialInput(StreamedInput):
    """Spatial features. Masked microphones are left out of the maps of the whole window (see `NetworkInput`)."""

    def __init__(
        self,
        backend: Backend,
        spec: SpatialFeatureSpec,
        geometry: ArrayGeometry,
        history: LatentHistory | None = None,
    ) -> None:
        """Allocate the buffers. Networks with a state over time need a history."""
        # Imported here, because it needs scipy.fft, which mel features do not.
        from audio_manifold_ros.features.spatial_streaming import StreamingSpatialFeatures

        self._backend, self._microphones = backend, geometry.microphones
        self._maps = StreamingSpatialFeatures(spec, geometry)
        self._history = history
        super().__init__(self._maps)

    def reset(self) -> None:
        """See `NetworkInput`. A window that still runs adds its latents to the old history."""
        super().reset()
        if self._history is not None:
            self._history = self._history.emptied()

    def take(self, window_end: int, plan: ChannelPlan) -> FeatureWindow | StateWindow:
        """See `NetworkInput`."""
        self._maps.set_active(plan.active(self._microphones))
        features = self._maps.features(window_end)
        if self._history is None:
            return FeatureWindow(self._backend, features)
        return StateWindow(self._backend, features, self._history, window_end)


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
