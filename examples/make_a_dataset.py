# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convert a bag into a drive file and cut training windows from it.

    ./run exec python examples/make_a_dataset.py FOLDER

FOLDER/bag is a simulated recording; use your own bag instead. `audio-manifold bag convert` does the same in parallel.
"""

from __future__ import annotations

import sys
from pathlib import Path

from audio_manifold_ros.bags import ConversionOptions, convert_bag
from audio_manifold_ros.datasets import DriveReader, cut_windows
from audio_manifold_ros.features import FeatureSpec, mel_features
from audio_manifold_ros.testing import SimulatedRecording, write_simulated_bag


def main() -> None:
    """Run the example."""
    folder = Path(sys.argv[1])
    write_simulated_bag(folder / 'bag', SimulatedRecording(seed=7, seconds=4.0, image_rate_hz=2.0))
    result = convert_bag(folder / 'bag', folder / 'drives', None, ConversionOptions())
    print(f'wrote {result.path}')
    spec = FeatureSpec()
    with DriveReader(result.path, verify=True) as drive:
        cut = cut_windows(drive, spec)
        print(f'{len(cut.windows)} windows, without a window: {cut.dropped}')
        window = cut.windows[0]
        features = mel_features(drive.samples(window.first_sample, spec.window_samples), spec)
        depth_m = drive.depth_m(window.image)
        print(f'features {features.shape}, depth {depth_m.shape}, labels {drive.labels(window.image).shape}')


if __name__ == '__main__':
    main()
