# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stream a WAV file through the pipeline and print the nearest depth of each prediction.

    ./run exec python examples/stream_a_wav.py [FILE]

Without a file, three seconds of a simulated street are written first and used.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from audio_manifold_ros.audio import FileSource
from audio_manifold_ros.common import resource_path
from audio_manifold_ros.inference import Bundle, BundleRig, PipelineSettings, open_backend
from audio_manifold_ros.simulation import Drive


def stream(path: Path) -> int:
    """Predict from a file with one channel for each microphone; returns the number of predictions."""
    bundle = Bundle.load(resource_path('models/street'))
    rig = BundleRig.open(bundle, resource_path('calibration/roof_octagon'))
    source = FileSource(path, clock_ns=time.time_ns, realtime=False)
    source.open()
    settings = PipelineSettings(max_rate_hz=10.0)
    pipeline = rig.make_pipeline(open_backend(rig.bundle), source.sample_rate_hz, settings)
    count = 0
    while (block := source.read(timeout_s=1.0)) is not None:
        pipeline.push(block)
        prediction = pipeline.predict()
        if prediction is not None and prediction.depth_m is not None:
            count += 1
            print(f'sample {prediction.end_sample}: nearest depth {np.nanmin(prediction.depth_m):.1f} m')
    source.close()
    return count


def main() -> None:
    """Run the example."""
    if len(sys.argv) > 1:
        stream(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        drive = Drive(seed=7)
        path = Path(folder) / 'street.wav'
        soundfile.write(path, drive.audio(0, 3 * drive.sample_rate_hz).T, drive.sample_rate_hz)
        print(f'{stream(path)} predictions')


if __name__ == '__main__':
    main()
