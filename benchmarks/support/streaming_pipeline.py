# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipeline of the node, hop by hop, with the time of each stage."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.backend import Backend, WaveformNetwork
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.simulation.rig_parts import RIG

AUDIO_HOPS = 64


class TimedBackend:
    """A backend that measures the duration of its last run."""

    def __init__(self, backend: Backend) -> None:
        """Wrap a backend."""
        self._backend = backend
        self.name, self.reason = backend.name, backend.reason
        self.last_s = 0.0
        self.waveform_network = (
            None if backend.waveform_network is None else TimedWaveformNetwork(backend.waveform_network)
        )

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window."""
        started = perf_counter()
        output = self._backend.run(features)
        self.last_s = perf_counter() - started
        return output


class TimedWaveformNetwork:
    """Features and networks of a backend, with the duration of the last run."""

    def __init__(self, network: WaveformNetwork) -> None:
        """Wrap the features and networks of a backend."""
        self._network = network
        self.waveform = network.waveform
        self.features = network.features
        self.last_s = 0.0

    def run(self) -> NetworkOutput:
        """Compute the images of one window."""
        started = perf_counter()
        output = self._network.run()
        self.last_s = perf_counter() - started
        return output


class StreamingPipeline:
    """Pipeline that processes a hop and predicts, endlessly."""

    def __init__(self, bundle: Bundle, backend: str, device: str, threads: int, **options: Any) -> None:
        """Open the backend and fill the first window.

        Args:
            bundle: The bundle.
            backend: Name of the backend.
            device: The device.
            threads: Number of threads.
            options: Further options of `open_backend`.

        """
        spec = bundle.manifest.features
        self._rate_hz, self._hop = spec.sample_rate_hz, spec.hop_samples
        rig = BundleRig.open(bundle, resource_path(RIG))
        self._backend = TimedBackend(open_backend(rig.bundle, backend, device, threads, **options))
        settings = PipelineSettings(max_rate_hz=float(self._rate_hz))
        self._pipeline = rig.make_pipeline(self._backend, self._rate_hz, settings)
        shape = (len(rig.array.microphones), AUDIO_HOPS * self._hop)
        self._sound = (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)
        self._first_sample = 0
        while not self._pipeline.status().window_ready:
            self._push()

    def step(self) -> dict[str, float]:
        """Process a hop and predict; return the seconds of each stage."""
        started = perf_counter()
        self._push()
        prediction = self._pipeline.predict(with_features=False)
        all_s = perf_counter() - started
        assert prediction is not None
        preprocessing_s = self._pipeline.status().preprocessing_s
        network = self._backend.waveform_network
        if network is None:
            last_s, stages = self._backend.last_s, ('features', 'network')
        else:
            last_s, stages = network.last_s, ('window', 'sound_network')
        return {
            'conditioning': preprocessing_s,
            stages[0]: prediction.features_s,
            stages[1]: last_s,
            'images': prediction.network_s - last_s,
            'all': all_s,
        }

    def _push(self) -> None:
        at = self._first_sample % self._sound.shape[1]
        stamp_ns = self._first_sample * 1_000_000_000 // self._rate_hz
        samples = self._sound[:, at : at + self._hop]
        self._pipeline.push(AudioBlock(samples, self._first_sample, self._rate_hz, stamp_ns))
        self._first_sample += self._hop
