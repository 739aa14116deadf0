# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles all round over DDS: the peaks of the map that the networks predict, around the array, in the root frame."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from visualization_msgs.msg import MarkerArray

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.common.detection_messages import detection_type
from audio_manifold_ros.nodes.common.messages import to_ns
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer
from tests.nodes.robot_readers import PlanarMeasurement, planar_measurement

pytestmark = pytest.mark.ros
ARRAY_M = (0.3, -0.2, 1.7)
MESSAGES = 4
NEAR_NS = 40_000_000
MIN_PROBABILITY = 0.75


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """Return a rig whose array is beside the origin of the root frame."""
    folder = Path(shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'rig'))
    path = folder / 'extrinsics.yaml'
    extrinsics = yaml.safe_load(path.read_text(encoding='utf-8'))
    for transform in extrinsics['transforms']:
        if transform['child'] == 'mic_array_link':
            transform['translation_m'] = list(ARRAY_M)
    path.write_text(yaml.safe_dump(extrinsics), encoding='utf-8')
    return folder


def predicted_maps(bundle_folder: Path, rig: Path, audio: list[Any], stamps_ns: set[int]) -> dict[int, np.ndarray]:
    """Return the map of vehicles of each of these stamps, as predicted offline from published audio."""
    bundle = Bundle.load(bundle_folder)
    used = BundleRig.open(bundle, rig)
    pipeline = used.make_pipeline(OnnxBackend(used.bundle, 1), 22_500, PipelineSettings(max_rate_hz=1000.0))
    maps = {}
    for message in audio:
        block = from_audio_message(message)
        pipeline.push(block)
        # The stamp of a window is its centre.
        centre_ns = block.stamp_ns - NS_PER_S // 2
        if any(abs(centre_ns - stamp_ns) < NEAR_NS for stamp_ns in stamps_ns):
            prediction = pipeline.predict()
            if prediction is not None:
                maps[prediction.stamp_ns] = prediction.vehicles
    return maps


def is_peak(values: np.ndarray, row: int, column: int) -> bool:
    """Return whether a bin is not below its neighbours. The azimuth is a circle."""
    rows = [(row + step) % values.shape[0] for step in (-1, 0, 1)]
    return bool(values[row, column] == values[rows, max(column - 1, 0) : column + 2].max())


def bin_of(found: PlanarMeasurement, values: np.ndarray) -> tuple[int, int]:
    """Return the bin with exactly the probability of a measurement."""
    ((row, column),) = np.argwhere(values == np.float32(found.probability)).tolist()
    return row, column


def check_measurements(measured: list[PlanarMeasurement], vehicles: np.ndarray, config: VehicleMapConfig) -> None:
    """Check that measurements are the peaks of a map of vehicles, the nearest first, with the errors of no test set."""
    azimuths_rad = -np.pi + 2 * np.pi * (np.arange(config.azimuths) + 0.5) / config.azimuths
    step = (config.far_m / config.near_m) ** (1 / config.distances)
    distances_m = [found.distance_m for found in measured]
    assert distances_m == sorted(distances_m)
    for found in measured:
        values = vehicles[config.classes.index(found.class_name)]
        row, column = bin_of(found, values)
        assert is_peak(values, row, column)
        # The place is the mean of the bins around the peak.
        turn = (found.azimuth_rad - azimuths_rad[row] + np.pi) % (2 * np.pi) - np.pi
        assert abs(turn) <= 2 * np.pi / config.azimuths
        centre_m = config.near_m * step ** (column + 0.5)
        assert 1 / step <= found.distance_m / centre_m <= step
        assert found.along_m == pytest.approx(found.distance_m * math.log(1.2), rel=1e-5)
        assert found.across_m == pytest.approx(found.distance_m * math.radians(5), rel=1e-5)
    peaks = sum(
        is_peak(values, row, column)
        for values in vehicles
        for row, column in np.argwhere(values >= MIN_PROBABILITY).tolist()
    )
    assert len(measured) == min(peaks, 32) > 0


def test_a_tracker_reads_the_peaks_of_the_map_around_the_array(
    peer: Peer, start_node: Callable[..., NodeProcess], spatial_bundle: Path, rig: Path, wav: Path
) -> None:
    node = start_node(
        bundle=spatial_bundle,
        rig=rig,
        source__kind='file',
        source__file=wav,
        source__loop=True,
        source__block_samples=256,
        publish__audio=True,
        prediction__rate_hz=2.0,
        frame_prefix='car_1/',
        detections__min_vehicle_probability=MIN_PROBABILITY,
    )
    detections = peer.subscribe(detection_type().message, '/perception/detections')
    markers = peer.subscribe(MarkerArray, '/perception/detection_markers')
    audio = peer.subscribe(AudioBlockMessage, '/perception/audio', 400)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: min(len(detections), len(markers)) >= MESSAGES, 60, 'detections')
    arrays = detections[:MESSAGES]
    assert {array.header.frame_id for array in arrays} == {'car_1/base_link'}
    maps = predicted_maps(spatial_bundle, rig, audio, {to_ns(array.header.stamp) for array in arrays})
    config = Bundle.load(spatial_bundle).manifest.vehicles
    behind = 0
    for array in arrays:
        measured = [planar_measurement(detection, ARRAY_M) for detection in array.detections]
        check_measurements(measured, maps[to_ns(array.header.stamp)], config)
        behind += sum(abs(found.azimuth_rad) > np.pi / 2 for found in measured)
    assert behind > 0
    # The first marker deletes those of the last image. Each detection has a box and a text.
    sizes = {to_ns(message.markers[0].header.stamp): len(message.markers) for message in markers}
    shared = [array for array in arrays if to_ns(array.header.stamp) in sizes]
    assert shared
    assert all(sizes[to_ns(array.header.stamp)] == 1 + 2 * len(array.detections) for array in shared)
    assert node.end() == 0, node.output
