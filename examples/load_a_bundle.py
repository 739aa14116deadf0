# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Load a bundle, print what it contains, and predict from one window of audio.

./run exec python examples/load_a_bundle.py [BUNDLE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from audio_manifold_ros.common import resource_path
from audio_manifold_ros.features import window_features
from audio_manifold_ros.inference import Bundle, BundleRig, open_backend
from audio_manifold_ros.inference.bundle import weight_arrays
from audio_manifold_ros.simulation import Drive


def main() -> None:
    """Run the example."""
    bundle = Bundle.load(Path(sys.argv[1]) if len(sys.argv) > 1 else resource_path('models/street'))
    manifest = bundle.manifest
    rig = BundleRig.open(bundle, resource_path('calibration/roof_octagon'))
    print(f'{manifest.name}: {", ".join(manifest.modalities)} from {manifest.array.describe()}')
    print(f'{len(weight_arrays(bundle))} weight arrays, {len(manifest.files)} verified files')
    backend = open_backend(rig.bundle, 'onnx', threads=1)
    print(f'backend: {backend.reason}')
    audio = Drive(seed=7).audio(0, manifest.features.window_samples)
    output = backend.run(window_features(audio, manifest.features, rig.geometry))
    if output.depth_m is not None:
        print(f'depth from {output.depth_m.min():.1f} to {output.depth_m.max():.1f} m')


if __name__ == '__main__':
    main()
