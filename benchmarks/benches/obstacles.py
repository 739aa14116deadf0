# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of scan and detections from sound, against those from the true images of simulated streets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.manifest import Manifest
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from audio_manifold_ros.robot_outputs.detection import Detection
from audio_manifold_ros.robot_outputs.detection_errors import angle_std_rad, range_log_std
from audio_manifold_ros.robot_outputs.image_detections import DetectionSettings, find_detections
from audio_manifold_ros.robot_outputs.obstacle_scan import ScanProjector, ScanSettings
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.rig_parts import RIG
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.support.bundles import STREET

FIRST_SEED, STREETS, SECONDS = 950_200, 8, 14.0
RATE_HZ = 1.0
CONFIDENCES = (0.0, 0.4, 0.5, 0.6)
MIN_HEIGHT_M, MAX_HEIGHT_M, MAX_RANGE_M = 0.3, 2.0, 30.0
NEAR_M = 10.0
CORRECT, MISSED = 0.25, 1.5
MAX_ANGLE_RAD = math.radians(10)

Images = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]


def measure() -> list[Figure]:
    """Return the figures of scans and detections."""
    rig = resource_path(RIG)
    used = BundleRig.open(Bundle.load(STREET), rig)
    manifest = used.manifest
    pairs = [pair for street in range(STREETS) for pair in _images(used, FIRST_SEED + street)]
    return [*_scan_figures(manifest, rig, pairs), *_detection_figures(manifest, pairs)]


def _images(used: BundleRig, seed: int) -> Iterator[tuple[Images, Images]]:
    """Yield predicted and true images (depth, labels, confidence) of a simulated street."""
    drive = Drive(seed)
    rate_hz = drive.sample_rate_hz
    settings = PipelineSettings(max_rate_hz=RATE_HZ)
    pipeline = used.make_pipeline(OnnxBackend(used.bundle, 1), rate_hz, settings)
    samples = drive.audio(0, round(max(scaled_duration_s(SECONDS), 2.0) * rate_hz))
    block = rate_hz // 10
    for first in range(0, samples.shape[1], block):
        stamp_ns = first * NS_PER_S // rate_hz
        pipeline.push(AudioBlock(samples[:, first : first + block], first, rate_hz, stamp_ns))
        prediction = pipeline.predict()
        if prediction is None or prediction.depth_m is None or prediction.labels is None:
            continue
        true_depth_m, true_labels = drive.image(prediction.stamp_ns / NS_PER_S)
        certain = np.ones_like(true_depth_m)
        confidence = certain if prediction.confidence is None else prediction.confidence
        yield (prediction.depth_m, prediction.labels, confidence), (true_depth_m, true_labels, certain)


def _scan_figures(manifest: Manifest, rig: Path, pairs: list[tuple[Images, Images]]) -> list[Figure]:
    mount = CameraMount.from_rig(rig, 'camera_optical_frame')
    if mount is None:
        return []
    roles = ClassRoles.from_classes(manifest.classes)
    figures = []
    for confidence in CONFIDENCES:
        settings = ScanSettings(MIN_HEIGHT_M, MAX_HEIGHT_M, MAX_RANGE_M, confidence)
        shape = manifest.camera.height, manifest.camera.width
        projector = ScanProjector(manifest.camera, mount.optical_in_root, roles, settings, shape)
        found_m = np.array([projector.project(*predicted).ranges_m for predicted, _ in pairs])
        true_m = np.array([projector.project(*true).ranges_m for _, true in pairs])
        has_both = np.isfinite(found_m) & np.isfinite(true_m)
        correct = np.abs(found_m[has_both] / true_m[has_both] - 1) <= CORRECT
        near_m, near_found_m = true_m[true_m < NEAR_M], found_m[true_m < NEAR_M]
        what = f'scan.min_confidence {confidence:g}'
        near = f'{what}: obstacles within {NEAR_M:g} m'
        figures += [
            Figure(f'{what}: unknown beams', 100 * float(np.isnan(found_m).mean()), '%'),
            Figure(f'{what}: ranges right within {CORRECT:.0%}', 100 * float(correct.mean()), '%'),
            Figure(f'{near}: reported', 100 * float((near_found_m <= MISSED * near_m).mean()), '%'),
            Figure(f'{near}: unknown', 100 * float(np.isnan(near_found_m).mean()), '%'),
            Figure(f'{near}: missed', 100 * float((near_found_m > MISSED * near_m).mean()), '%'),
        ]
    return figures


def _detection_figures(manifest: Manifest, pairs: list[tuple[Images, Images]]) -> list[Figure]:
    roles = ClassRoles.from_classes(manifest.classes)
    settings = DetectionSettings(20, 0.4, range_log_std(manifest), angle_std_rad(manifest))
    count, range_errors, angle_errors_rad = 0, [], []
    for predicted, true in pairs:
        objects = find_detections(*true, manifest.camera, roles, settings)
        for detection in find_detections(*predicted, manifest.camera, roles, settings):
            count += 1
            match = _nearest_object(detection, objects)
            if match is not None:
                range_errors.append(math.log(detection.distance_m / match.distance_m))
                angle_errors_rad.append(detection.bearing_rad - match.bearing_rad)
    if not range_errors:
        return [Figure('detections with an object in their direction', 0.0, '%')]
    angle_std_deg = math.degrees(float(np.std(angle_errors_rad)))
    return [
        Figure('detections with an object in their direction', 100 * len(range_errors) / count, '%'),
        Figure(
            'detections: standard deviation of the logarithm of the distance',
            float(np.sqrt(np.mean(np.square(range_errors)))),
            '',
            'in the covariance',
            settings.range_log_std,
        ),
        Figure(
            'detections: standard deviation of the direction',
            angle_std_deg,
            'degrees',
            'in the covariance',
            math.degrees(settings.angle_std_rad),
        ),
    ]


def _nearest_object(detection: Detection, objects: list[Detection]) -> Detection | None:
    """Return the object in the direction of a detection whose distance is the most similar."""
    found = [item for item in objects if abs(item.bearing_rad - detection.bearing_rad) <= MAX_ANGLE_RAD]
    return min(found, key=lambda item: abs(math.log(item.distance_m / detection.distance_m)), default=None)
