# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a small, real bundle with random weights: in a process of its own, because it needs torch."""

from __future__ import annotations

import sys
from pathlib import Path

from audio_manifold_ros.calibration.rig import MicrophoneArray
from audio_manifold_ros.resources import resource_path
from tests.inference.conftest import make_network, write_small_bundle

if __name__ == '__main__':
    rig = resource_path('calibration/roof_octagon') / 'mic_array.yaml'
    write_small_bundle(Path(sys.argv[1]), make_network(), MicrophoneArray.from_yaml(rig))
