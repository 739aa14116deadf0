# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Video of an evaluation at the speed of the drive, and its sound where ffmpeg is installed."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions
from audio_manifold_ros.bag_evaluation.run_evaluation import evaluate_bag
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.evaluation.reporting.ffmpeg_encoder import ffmpeg_program, find_encoder
from audio_manifold_ros.inference.bundle.bundle import Bundle
from tests.bags.sound_bag import START_NS, SoundBag


def test_a_video_keeps_the_speed_of_the_drive_and_gets_its_sound(tmp_path: Path) -> None:
    rig = RigFiles.from_folder(resource_path('calibration/roof_octagon'))
    custom = {CUSTOM_KEY: RunMetadata(rig, 'tests', START_NS, 'simulator', {}).to_json()}
    seconds = 3.0
    bag = SoundBag(seconds=seconds, image_size=(96, 160), custom=custom).write(tmp_path / 'bag')
    out = tmp_path / 'out'
    bundle = resource_path('models/street')
    spec = Bundle.load(bundle).manifest.features
    options = EvaluationOptions(bag, bundle, out, rate_hz=4.0, backend='onnx', threads=1, video_audio=True)
    video = evaluate_bag(options)['video']
    capture = cv2.VideoCapture(str(out / 'drive.mp4'))
    # Predictions from the end of the first window on, four a second, at ten frames a second.
    frames = 10 * (seconds - spec.window_samples / spec.sample_rate_hz)
    assert frames - 2 <= int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) <= frames + 1
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
    capture.release()
    if find_encoder(ffmpeg_program()):
        assert video == {'codec': 'h264', 'notes': []}
        assert b'mp4a' in (out / 'drive.mp4').read_bytes()
    else:
        assert video['codec'] == 'mp4v'
        assert ['install ffmpeg' in note or 'no sound' in note for note in video['notes']] == [True, True]
