# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predict from a simulated street and draw audio, ground truth and predictions as a contact sheet.

./run exec python examples/draw_a_contact_sheet.py SHEET.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from audio_manifold_ros.common import resource_path
from audio_manifold_ros.drawing import save_png
from audio_manifold_ros.evaluation import Snapshot, contact_sheet
from audio_manifold_ros.features import level_spectrograms, window_features
from audio_manifold_ros.inference import Bundle, BundleRig, open_backend
from audio_manifold_ros.modalities import ModalityImages
from audio_manifold_ros.simulation import Drive


def main() -> None:
    """Run the example."""
    bundle = Bundle.load(resource_path('models/street'))
    rig = BundleRig.open(bundle, resource_path('calibration/roof_octagon'))
    manifest, backend, drive = bundle.manifest, open_backend(rig.bundle, 'onnx'), Drive(seed=900_001)
    snapshots = []
    for first_s in range(6):
        audio = drive.audio(first_s * drive.sample_rate_hz, manifest.features.window_samples)
        features = window_features(audio, manifest.features, rig.geometry)
        output = backend.run(features)
        time_s = first_s + manifest.frame_position
        truth = ModalityImages(*drive.image(time_s))
        predicted = output
        confidence = manifest.confidence.image(output, manifest.camera.height, manifest.camera.width)
        levels_db = level_spectrograms(features, manifest.features)
        snapshots.append(Snapshot(time_s, levels_db, truth, predicted, confidence))
    save_png(Path(sys.argv[1]), contact_sheet(snapshots, 'A simulated street', 'bundle street'))
    print(f'wrote {sys.argv[1]}')


if __name__ == '__main__':
    main()
