# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score a bundle on simulated streets, compared with its prior.

    ./run exec python examples/score_a_bundle.py

`audio-manifold bag evaluate` scores a bundle on a recorded bag, with all controls and a report.
"""

from __future__ import annotations

import sys

from audio_manifold_ros.common import resource_path
from audio_manifold_ros.evaluation import MetricSuite, PixelPrior
from audio_manifold_ros.features import window_features
from audio_manifold_ros.inference import Bundle, BundleRig, open_backend
from audio_manifold_ros.modalities import ModalityImages
from audio_manifold_ros.simulation import Drive

STREETS = range(910_000, 910_006)  # seeds that training never uses


def main() -> None:
    """Run the example."""
    bundle = Bundle.load(resource_path('models/street'))
    rig = BundleRig.open(bundle, resource_path('calibration/roof_octagon'))
    manifest, backend = bundle.manifest, open_backend(rig.bundle, 'onnx')
    prior = PixelPrior.of_bundle(rig.bundle)
    if prior is None:
        sys.exit('The bundle has no prior.')
    suite = MetricSuite(manifest.camera)
    for seed in STREETS:
        drive = Drive(seed)
        audio = drive.audio(0, manifest.features.window_samples)
        output = backend.run(window_features(audio, manifest.features, rig.geometry))
        truth = ModalityImages(*drive.image(manifest.frame_position))
        suite.add(truth, {'model': output, 'prior': prior})
    scores = suite.result()
    for modality, name, found in (
        ('depth', 'abs_rel', scores['depth']),
        ('segmentation', 'miou', scores['segmentation']),
    ):
        print(f'{modality} {name}: {found[name]:.3f}, prior {found[f"{name}_prior"]:.3f}')


if __name__ == '__main__':
    main()
