# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recipes for Nav2: their topics, classes and limits fit what the node publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from audio_manifold_ros.inference.bundle.manifest import Manifest
from audio_manifold_ros.nodes.common.messages import to_header
from audio_manifold_ros.nodes.common.parameters import build
from audio_manifold_ros.nodes.common.robot_messages import to_laser_scan
from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
from audio_manifold_ros.nodes.perception.perception_parameters import PARAMETER_GROUPS, BondParameters
from audio_manifold_ros.nodes.perception.robot_output_messages import RobotOutputMessages, RobotOutputSettings
from audio_manifold_ros.nodes.perception.robot_output_parameters import (
    CompressedParameters,
    DetectionParameters,
    ObstacleGridParameters,
    ScanParameters,
)
from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan
from tests.nodes.parameter_values import checked_values
from tests.nodes.robot_readers import collision_monitor_points, obstacle_layer_points

ROOT = Path(__file__).parents[2]
NAV2 = ROOT / 'config' / 'nav2'
# An image is half a window old when it is complete.
MIN_AGE_S = 0.5
ALWAYS_PUBLISHED = {'/perception/segmentation/image', '/perception/segmentation/label_info'}


def recipe(name: str) -> Any:
    return yaml.safe_load((NAV2 / f'{name}.yaml').read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def manifest() -> Manifest:
    return Manifest.from_json((ROOT / 'models' / 'street' / 'manifest.json').read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def mount() -> CameraMount:
    found = CameraMount.from_rig(ROOT / 'calibration' / 'roof_octagon', 'camera_optical_frame')
    assert found is not None
    return found


@pytest.fixture(scope='module')
def scan_parameters() -> ScanParameters:
    return build(ScanParameters, checked_values(NAV2 / 'perception.yaml', 'perception', PARAMETER_GROUPS))


@pytest.fixture(scope='module')
def costmap() -> dict[str, Any]:
    return recipe('costmap_layers')['local_costmap']['local_costmap']['ros__parameters']


def sources(layer: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer[name] for name in layer['observation_sources'].split()]


def test_every_topic_is_published(manifest: Manifest, mount: CameraMount, costmap: dict[str, Any]) -> None:
    settings = RobotOutputSettings(
        ScanParameters(), ObstacleGridParameters(), DetectionParameters(), CompressedParameters()
    )
    outputs = RobotOutputMessages(manifest, 'camera_optical_frame', mount, settings).outputs()
    published = {output.topic.replace('~', '/perception', 1): output.message.__name__ for output in outputs}
    for layer in ('sound_obstacle_layer', 'sound_voxel_layer'):
        for source in sources(costmap[layer]):
            assert published[source['topic']] == source['data_type']
    semantic = semantic_source()
    named = {value for key, value in semantic.items() if key.endswith('_topic')}
    assert named - ALWAYS_PUBLISHED == {'/perception/confidence/image_u8', '/perception/points'}
    assert named - ALWAYS_PUBLISHED <= set(published)
    monitor = recipe('collision_monitor')['collision_monitor']['ros__parameters']
    assert published[monitor['sound_scan']['topic']] == 'LaserScan'


def semantic_source() -> dict[str, Any]:
    layers = recipe('semantic_layer')['local_costmap']['local_costmap']['ros__parameters']
    return layers['sound_semantic_layer']['sound']


def test_the_semantic_layer_names_classes_of_the_bundle_once(manifest: Manifest) -> None:
    source = semantic_source()
    named = [name for kind in source['class_types'] for name in source[kind]['classes']]
    assert len(named) == len(set(named))
    assert set(named) <= {entry.name for entry in manifest.classes}
    for kind in source['class_types']:
        assert 0 <= source[kind]['mark_confidence'] <= 255
        assert 0 <= source[kind]['base_cost'] <= source[kind]['max_cost'] <= 254


def test_the_obstacle_layer_keeps_obstacles_and_marks_no_free_beam(
    mount: CameraMount, scan_parameters: ScanParameters, costmap: dict[str, Any]
) -> None:
    layer = costmap['sound_obstacle_layer']
    (source,) = sources(layer)
    height_m = mount.optical_in_root.translation_m[2]
    for limits in (layer, source):
        assert limits['min_obstacle_height'] < height_m < limits['max_obstacle_height']
    limit_m = scan_parameters.max_range_m
    ranges = np.array([8.0, np.inf, np.nan, source['obstacle_max_range'] - 0.1], np.float32)
    message = to_laser_scan(ObstacleScan(-0.6, 0.4, limit_m, ranges), to_header(0, mount.scan_frame))
    points = obstacle_layer_points(message, inf_is_valid=source['inf_is_valid'])
    distances_m = np.hypot(*np.array(points).T)
    assert np.allclose(distances_m, [8.0, limit_m, ranges[3]], atol=1e-3)
    is_marked = (distances_m >= source['obstacle_min_range']) & (distances_m <= source['obstacle_max_range'])
    assert is_marked.tolist() == [True, False, True]
    # Without inf_is_valid the layer would not clear along a free beam, and the collision monitor ignores it.
    assert len(obstacle_layer_points(message, inf_is_valid=False)) == len(collision_monitor_points(message)) == 2


def test_the_voxel_layer_clears_with_the_ground(costmap: dict[str, Any], scan_parameters: ScanParameters) -> None:
    marking, clearing = sources(costmap['sound_voxel_layer'])
    assert (marking['marking'], marking['clearing']) == (True, False)
    assert (clearing['marking'], clearing['clearing']) == (False, True)
    assert marking['min_obstacle_height'] == scan_parameters.min_height_m
    assert clearing['min_obstacle_height'] < 0 < clearing['max_obstacle_height']


def test_sources_that_fall_silent_are_noticed(costmap: dict[str, Any]) -> None:
    every = [*sources(costmap['sound_obstacle_layer']), *sources(costmap['sound_voxel_layer']), semantic_source()]
    assert all(0 < source['expected_update_rate'] <= 1 for source in every)
    assert all(source['observation_persistence'] == 0 for source in every)
    monitor = recipe('collision_monitor')['collision_monitor']['ros__parameters']
    assert monitor['base_shift_correction'] is True
    assert MIN_AGE_S + 0.5 <= monitor['sound_scan']['source_timeout'] <= 2.0
    assert monitor['SoundSlow']['action_type'] == 'slowdown'


def test_uncertain_obstacles_remain_visible_to_the_scan(scan_parameters: ScanParameters) -> None:
    values = checked_values(NAV2 / 'perception.yaml', 'perception', PARAMETER_GROUPS)
    assert values['prediction.min_confidence'] < scan_parameters.min_confidence


def test_the_manager_waits_longer_than_some_heartbeats() -> None:
    values = recipe('lifecycle_manager')['lifecycle_manager_perception']['ros__parameters']
    period_s = build(BondParameters, checked_values(NAV2 / 'perception.yaml', 'perception', PARAMETER_GROUPS)).period_s
    assert values['node_names'] == ['perception']
    assert values['bond_timeout'] > 4 * period_s > 0
