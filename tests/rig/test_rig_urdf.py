# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a rig as URDF, xacro and commands: one tree, with the x axis of a microphone along its facing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames, root_frame
from audio_manifold_ros.rig.rig_to_urdf import main, static_transform_commands
from audio_manifold_ros.rig.rig_urdf import XACRO_NAMESPACE, to_urdf, to_xacro

RIGS = [resource_path(f'calibration/{name}') for name in ('roof_octagon', 'binaural_pairs', 'usb_ring')]


def load(folder: Path) -> tuple[MicrophoneArray, Extrinsics]:
    return MicrophoneArray.from_yaml(folder / 'mic_array.yaml'), Extrinsics.from_yaml(folder / 'extrinsics.yaml')


def x_axis(rotation_rpy_rad: tuple[float, float, float]) -> np.ndarray:
    _, pitch, yaw = rotation_rpy_rad
    return np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])


@pytest.mark.parametrize('folder', RIGS, ids=lambda path: path.name)
def test_the_x_axis_of_a_microphone_is_its_facing(folder: Path) -> None:
    array, extrinsics = load(folder)
    frames = rig_frames(array, extrinsics)
    assert root_frame(frames) == 'base_link'
    assert frames[: len(extrinsics.transforms)] == extrinsics.transforms
    for mic, frame in zip(array.microphones, frames[-len(array.microphones) :], strict=True):
        assert (frame.parent, frame.child) == ('mic_array_link', f'{mic.name}_link')
        assert frame.translation_m == mic.position_m
        np.testing.assert_allclose(x_axis(frame.rotation_rpy_rad), mic.facing, atol=1e-3)


@pytest.mark.parametrize('folder', RIGS, ids=lambda path: path.name)
def test_urdf_and_xacro_hold_the_same_tree(folder: Path) -> None:
    array, extrinsics = load(folder)
    frames = rig_frames(array, extrinsics)
    urdf = ET.fromstring(to_urdf(array, extrinsics))  # noqa: S314 (our own text)
    assert urdf.attrib['name'] == array.array_id
    links = [link.attrib['name'] for link in urdf.findall('link')]
    assert links == ['base_link', *(frame.child for frame in frames)]
    assert len(urdf.findall('link/visual')) == len(array.microphones)
    for joint, frame in zip(urdf.findall('joint'), frames, strict=True):
        assert joint.attrib['type'] == 'fixed'
        assert joint.find('parent').attrib['link'] == frame.parent  # type: ignore[union-attr]
        assert joint.find('child').attrib['link'] == frame.child  # type: ignore[union-attr]
        origin = joint.find('origin').attrib  # type: ignore[union-attr]
        np.testing.assert_allclose([float(v) for v in origin['xyz'].split()], frame.translation_m, atol=1e-8)
        np.testing.assert_allclose([float(v) for v in origin['rpy'].split()], frame.rotation_rpy_rad, atol=1e-8)
    macro = ET.fromstring(to_xacro(array, extrinsics)).find(f'{{{XACRO_NAMESPACE}}}macro')  # noqa: S314 (our own text)
    assert macro is not None
    text = ET.tostring(macro, encoding='unicode').replace('${prefix}', '').replace('${parent}', 'base_link')
    expanded = ET.fromstring(text)  # noqa: S314 (our own text)
    whole = [ET.tostring(element) for element in urdf if element.tag in {'link', 'joint'}][1:]
    assert [b''.join(ET.tostring(e).split()) for e in expanded] == [b''.join(e.split()) for e in whole]


def test_names_are_not_evaluated_by_xacro() -> None:
    array, extrinsics = load(RIGS[0])
    hostile = replace(array, array_id='${1 + 1} $(env HOME)')
    robot = ET.fromstring(to_xacro(hostile, extrinsics))  # noqa: S314 (our own text)
    assert robot.get('name') == '$${1 + 1} $$(env HOME)'


@pytest.mark.parametrize(('name', 'parameter'), [('base_link', 'base_link'), ('the base/link', "'the base/link'")])
def test_the_root_is_one_default_of_the_macro(name: str, parameter: str) -> None:
    array, extrinsics = load(RIGS[0])
    robot = ET.fromstring(to_xacro(array, with_root(extrinsics, name)))  # noqa: S314 (our own text)
    macro = robot.find(f'{{{XACRO_NAMESPACE}}}macro')
    assert macro is not None
    assert macro.get('params') == f"prefix:='' parent:={parameter}"


@pytest.mark.parametrize('name', ["base' other:='x", 'base"link', 'a|b', 'base\nlink', 'base\x1blink'])
def test_a_root_that_would_end_the_default_is_refused(name: str) -> None:
    array, extrinsics = load(RIGS[0])
    with pytest.raises(RigError, match='cannot be the parent'):
        to_xacro(array, with_root(extrinsics, name))


def with_root(extrinsics: Extrinsics, name: str) -> Extrinsics:
    """Return extrinsics whose root frame has another name."""
    transforms = (replace(t, parent=name) if t.parent == 'base_link' else t for t in extrinsics.transforms)
    return replace(extrinsics, transforms=tuple(transforms))


def test_the_commands_name_every_frame() -> None:
    array, extrinsics = load(RIGS[0])
    lines = static_transform_commands(array, extrinsics).splitlines()
    assert len(lines) == 12
    assert lines[0] == (
        'ros2 run tf2_ros static_transform_publisher --x 0 --y 0 --z 1.7 --roll 0 --pitch 0 --yaw 0 '
        '--frame-id base_link --child-frame-id mic_array_link'
    )


def test_frames_that_do_not_form_a_tree_are_refused() -> None:
    array, extrinsics = load(RIGS[0])
    twins = (*array.microphones[:-1], replace(array.microphones[-1], frame_id='mic_0_link'))
    with pytest.raises(RigError, match=r"frames \['mic_0_link'\] of array 'roof_octagon' occur twice"):
        rig_frames(replace(array, microphones=twins), extrinsics)
    adrift = Extrinsics((*extrinsics.transforms, Transform('moon', 'lidar', (0, 0, 0), (0, 0, 0))), 0.0)
    with pytest.raises(RigError, match=r"root frames \['base_link', 'moon'\]"):
        rig_frames(array, adrift)
    with pytest.raises(RigError, match="No transform to 'roof'"):
        rig_frames(replace(array, frame_id='roof'), extrinsics)


def test_the_command_writes_a_file_or_reports_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / 'array.urdf.xacro'
    assert main([str(RIGS[0]), '--out', str(out)]) == 0
    assert out.read_text() == to_xacro(*load(RIGS[0]))
    assert main([str(RIGS[0]), '--format', 'urdf']) == 0
    assert capsys.readouterr().out == to_urdf(*load(RIGS[0]))
    assert main([str(tmp_path)]) == 1
    assert 'mic_array.yaml' in capsys.readouterr().err
    assert main([str(RIGS[0]), '--out', str(tmp_path / 'no' / 'where')]) == 1
