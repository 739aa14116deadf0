# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_onnx_runtime_has_no_telemetry(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('ORT_', 'XDG_'))}
    subprocess.run(
        [sys.executable, '-c', 'import audio_manifold_ros.inference.backends.onnx_backend'],
        env={**environment, 'HOME': str(tmp_path), 'PYTHONPATH': str(Path(__file__).parents[2])},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []
