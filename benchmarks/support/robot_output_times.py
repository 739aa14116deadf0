# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of the outputs for robots: message made and serialised, and the check for subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import rclpy
import soundfile
from rclpy.lifecycle import LifecycleNode
from rclpy.serialization import serialize_message
from rclpy.utilities import try_shutdown

from audio_manifold_ros.audio.file_source import FileSource
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
from audio_manifold_ros.nodes.perception.predicted_images import PredictedImages
from audio_manifold_ros.nodes.perception.robot_output_messages import (
    RobotOutput,
    RobotOutputMessages,
    RobotOutputSettings,
)
from audio_manifold_ros.nodes.perception.robot_output_parameters import (
    CompressedParameters,
    DetectionParameters,
    ObstacleGridParameters,
    ScanParameters,
)
from audio_manifold_ros.nodes.perception.robot_publishers import RobotPublishers
from audio_manifold_ros.simulation.rig_parts import RIG
from benchmarks.harness.figure import Figure

CAMERA_FRAME = 'camera_optical_frame'
RATE_HZ = 4.0
CHECKS = 1000
MAX_IMAGES = 60


def measure_robot_outputs(bundle: Bundle, sound: Path) -> list[Figure]:
    """Return processor times for the images of a file of sound, one figure for each output.

    Args:
        bundle: The bundle that predicts.
        sound: WAV file of the example rig.

    """
    rig = resource_path(RIG)
    used = BundleRig.open(bundle, rig)
    images = _predict(used, sound)
    settings = RobotOutputSettings(
        ScanParameters(), ObstacleGridParameters(), DetectionParameters(), CompressedParameters()
    )
    mount = CameraMount.from_rig(rig, CAMERA_FRAME)
    outputs = RobotOutputMessages(used.manifest, CAMERA_FRAME, mount, settings).outputs()
    return [_unsubscribed(outputs, images[0]), *(_made(output, images) for output in outputs)]


def _predict(rig: BundleRig, sound: Path) -> list[PredictedImages]:
    source = FileSource(sound, clock_ns=lambda: 0, realtime=False, block_samples=256)
    source.open()
    settings = PipelineSettings(max_rate_hz=RATE_HZ)
    pipeline = rig.make_pipeline(OnnxBackend(rig.bundle, 1), soundfile.info(sound).samplerate, settings)
    found: list[PredictedImages] = []
    while len(found) < MAX_IMAGES and (block := source.read(0.0)) is not None:
        pipeline.push(block)
        prediction = pipeline.predict()
        if prediction is not None and prediction.confidence is not None:
            images = prediction.depth_m, prediction.labels, prediction.confidence
            found.append(PredictedImages(*images, prediction.stamp_ns, prediction.vehicles))
    source.close()
    return found


def _unsubscribed(outputs: Sequence[RobotOutput], images: PredictedImages) -> Figure:
    """Measure an image without any subscriber."""
    rclpy.init()
    try:
        node = LifecycleNode('robot_output_times')
        publishers = RobotPublishers(node, outputs)
        before_s = process_time()
        for _ in range(CHECKS):
            publishers.publish(images)
        check_ms = 1e3 * (process_time() - before_s) / CHECKS
    finally:
        try_shutdown()
    return Figure(f'{len(outputs)} outputs for robots without subscribers, each image', check_ms, 'ms')


def _made(output: RobotOutput, images: Sequence[PredictedImages]) -> Figure:
    """Measure one output alone: nothing is shared with other outputs of the same image."""
    times_ms = []
    for given in images:
        fresh = PredictedImages(given.depth_m, given.labels, given.confidence, given.stamp_ns, given.vehicles)
        before_s = process_time()
        serialize_message(output.make(fresh))
        times_ms.append(1e3 * (process_time() - before_s))
    p95, p99 = (float(value) for value in np.percentile(times_ms, (95, 99)))
    return Figure(f'{output.topic}: message made and serialised', median(times_ms), 'ms', p95=p95, p99=p99)
