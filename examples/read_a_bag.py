# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Read a bag without ROS: list its topics and print the level of its audio.

    ./run exec python examples/read_a_bag.py [BAG]

Without a bag, two seconds of a simulated drive are recorded first and used.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from audio_manifold_ros.bags import BagReader, audio_blocks
from audio_manifold_ros.bags.decoding import find_topics
from audio_manifold_ros.testing import SimulatedRecording, write_simulated_bag


def describe(path: Path) -> None:
    """Print topics and audio of a bag."""
    with BagReader(path) as bag:
        for topic in bag.topics:
            print(f'{topic.name}: {topic.type}')
        for decoded in audio_blocks(bag, find_topics(str(path), bag.topics)):
            if decoded.block is not None and decoded.block.first_sample % 8192 == 0:
                level_dbfs = 20 * np.log10(decoded.block.samples.std() + 1e-9)
                print(f'sample {decoded.block.first_sample}: {level_dbfs:.1f} dBFS')


def main() -> None:
    """Run the example."""
    if len(sys.argv) > 1:
        describe(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_simulated_bag(Path(folder) / 'bag', SimulatedRecording(seed=7, seconds=2.0))
        describe(Path(folder) / 'bag')


if __name__ == '__main__':
    main()
