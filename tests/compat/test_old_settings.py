# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compatibility: rigs, calibration reports and parameter files of version 0.1.0 load, with equal values."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from audio_manifold_ros.calibration.commands.apply import apply_report
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.rig.depth_calibration import DepthCalibration
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.compat.old_file_values import FIXTURES, assert_same, expected, plain


def rig_facts(folder: Path) -> dict[str, Any]:
    """Read the four files of a rig."""
    array = MicrophoneArray.from_yaml(folder / 'mic_array.yaml')
    depth = DepthCalibration.from_yaml(folder / 'depth.yaml')
    return {
        'array': yaml.safe_load(array.to_text()),
        'geometry_sha256': array.geometry_sha256(),
        'factors': array.factors.tolist(),
        'delays_s': array.delays_s.tolist(),
        'camera': yaml.safe_load(CameraCalibration.from_yaml(folder / 'camera.yaml').to_text()),
        'extrinsics': yaml.safe_load(Extrinsics.from_yaml(folder / 'extrinsics.yaml').to_text()),
        'depth': yaml.safe_load(depth.to_text()),
        'metric': depth.is_metric,
        'texts': sorted(RigFiles.from_folder(folder).texts()),
    }


def report_facts(report: Path, rig: Path) -> dict[str, Any]:
    """Apply a report of `calibrate` to a rig, which it changes."""
    kept = apply_report(report, rig)
    return {'kept': sorted(path.name.partition('.before-')[0] for path in kept), 'rig': rig_facts(rig)}


def parameter_facts(path: Path) -> dict[str, Any]:
    """Read the parameters of every node out of one file."""
    from audio_manifold_ros.nodes.common.parameters import build, parameter_specs
    from audio_manifold_ros.nodes.perception import perception_parameters
    from audio_manifold_ros.nodes.recorder import recorder_parameters
    from audio_manifold_ros.nodes.replay.replay_parameters import ReplayParameters
    from audio_manifold_ros.nodes.rig.rig_frames import RigParameters
    from audio_manifold_ros.nodes.simulator.simulated_drive import DriveParameters
    from tests.nodes.parameter_values import checked_values

    concerns: dict[str, tuple[type, ...]] = {
        'perception': perception_parameters.PARAMETER_GROUPS,
        'record': recorder_parameters.PARAMETER_GROUPS,
        'replay': (ReplayParameters,),
        'simulated_drive': (DriveParameters,),
        'rig_frames': (RigParameters,),
    }
    facts: dict[str, Any] = {}
    for node, classes in concerns.items():
        values = checked_values(path, node, classes)
        filled = {
            entry.name: getattr(build(kind, values), entry.field.name)
            for kind in classes
            for entry in parameter_specs(kind)
            if entry.name in values
        }
        facts[node] = plain({'values': values, 'filled': filled})
    return facts


@pytest.mark.parametrize('name', ['rig', 'rig_plain'])
def test_a_rig_is_what_it_was(name: str) -> None:
    assert_same(rig_facts(FIXTURES / name), expected(name))


def test_a_report_of_calibrate_changes_the_rig_that_it_was_measured_against(tmp_path: Path) -> None:
    rig = Path(shutil.copytree(FIXTURES / 'rig_plain', tmp_path / 'rig'))
    assert_same(report_facts(FIXTURES / 'calibration_report', rig), expected('calibration_report'))


@pytest.mark.ros
def test_parameter_files_of_all_nodes_are_taken() -> None:
    assert_same(parameter_facts(FIXTURES / 'parameters.yaml'), expected('parameters.yaml'))
