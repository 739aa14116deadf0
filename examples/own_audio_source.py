# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write an audio source and feed it to the pipeline: here white noise, in blocks of 10 ms.

    ./run exec python examples/own_audio_source.py

A source is any object with the methods of `AudioSource`. CONTRIBUTING.md describes how to add one to the node.
"""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio import AudioBlock, AudioSource, SourceState, SourceStatus
from audio_manifold_ros.common import NS_PER_S, resource_path
from audio_manifold_ros.inference import Bundle, BundleRig, open_backend

BLOCK_SAMPLES = 225


class NoiseSource:
    """Independent white noise on eight channels; satisfies `AudioSource`."""

    sample_rate_hz = 22_500
    channels = 8

    def __init__(self) -> None:
        """Start at sample 0."""
        self._generator = np.random.default_rng(0)
        self._next_sample = 0

    def open(self) -> None:
        """Start again at sample 0."""
        self._next_sample = 0

    def read(self, timeout_s: float) -> AudioBlock | None:  # noqa: ARG002 # a device would wait this long
        """Return the next block. The sample index counts all samples, and the stamp is that of the first one."""
        samples = self._generator.normal(0, 0.01, (self.channels, BLOCK_SAMPLES)).astype(np.float32)
        stamp_ns = self._next_sample * NS_PER_S // self.sample_rate_hz
        block = AudioBlock(samples, self._next_sample, self.sample_rate_hz, stamp_ns)
        self._next_sample = block.end_sample
        return block

    def close(self) -> None:
        """Release nothing."""

    def status(self) -> SourceStatus:
        """Return the state."""
        return SourceStatus(SourceState.STREAMING, 'White noise.')


def main() -> None:
    """Run the example."""
    source: AudioSource = NoiseSource()
    source.open()
    bundle = Bundle.load(resource_path('models/street'))
    rig = BundleRig.open(bundle, resource_path('calibration/roof_octagon'))
    pipeline = rig.make_pipeline(open_backend(rig.bundle), source.sample_rate_hz)
    while (prediction := pipeline.predict()) is None:
        block = source.read(timeout_s=1.0)
        if block is not None:
            pipeline.push(block)
    if prediction.confidence is not None:
        print(f'mean confidence on noise: {prediction.confidence.mean():.2f}')


if __name__ == '__main__':
    main()
