# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Packages that a node does not need are not imported: each takes memory and time at every start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.ros
PREDICT_ONCE = """
import json, sys
from pathlib import Path
import numpy as np
from audio_manifold_ros.nodes.perception import perception_node
from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.rig.rig import MicrophoneArray
bundle = Bundle.load(Path(sys.argv[1]))
array = MicrophoneArray.from_yaml(Path('calibration/roof_octagon/mic_array.yaml'))
pipeline = Pipeline(bundle, OnnxBackend(bundle), array, 48_000)
noise = np.random.default_rng(0).standard_normal((8, 60_000), dtype=np.float32) / 10
pipeline.push(AudioBlock(noise, 0, 48_000, 0))
assert pipeline.predict() is not None
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))
"""


def test_a_node_with_mel_features_imports_no_package_that_it_does_not_use(small_bundle: Path) -> None:
    command = [sys.executable, '-c', PREDICT_ONCE, str(small_bundle)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    imported = set(json.loads(output.splitlines()[-1]))
    assert {'numpy', 'onnxruntime', 'rclpy'} <= imported
    assert not imported & {'torch', 'scipy', 'cv2', 'h5py', 'numba', 'soundfile', 'matplotlib', 'unittest'}
