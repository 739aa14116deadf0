# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rig as URDF, or as xacro that a vehicle's own description includes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from audio_manifold_ros.rig.rig_frames import rig_frames, root_frame

if TYPE_CHECKING:
    from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
    from audio_manifold_ros.rig.rig import MicrophoneArray

XACRO_NAMESPACE = 'http://www.ros.org/wiki/xacro'
MACRO_NAME = 'audio_rig'
CAPSULE_RADIUS_M = 0.01
DARK_GREY = '0.2 0.2 0.2 1'
GENERATED_COMMENT = ' Made by rig_to_urdf from mic_array.yaml and extrinsics.yaml: change those, and make it again. '


def to_urdf(array: MicrophoneArray, extrinsics: Extrinsics) -> str:
    """Return a rig that stands alone, as URDF.

    Raises:
        CalibrationError: The frames of the rig are no tree.

    """
    frames = rig_frames(array, extrinsics)
    robot = ET.Element('robot', name=array.array_id)
    robot.append(ET.Comment(GENERATED_COMMENT))
    ET.SubElement(robot, 'link', name=root_frame(frames))
    _add_frames(robot, frames, _capsules(array, frames), '', root_frame(frames))
    return _text(robot)


def to_xacro(array: MicrophoneArray, extrinsics: Extrinsics) -> str:
    """Return a rig as the macro `audio_rig` with the parameters `prefix` and `parent`.

    With the argument `standalone:=true` the file is a robot of its own.

    Raises:
        CalibrationError: The frames of the rig are no tree.

    """
    frames = rig_frames(array, extrinsics)
    root = root_frame(frames)
    ET.register_namespace('xacro', XACRO_NAMESPACE)
    robot = ET.Element('robot', name=array.array_id)
    robot.append(ET.Comment(GENERATED_COMMENT))
    ET.SubElement(robot, f'{{{XACRO_NAMESPACE}}}arg', name='standalone', default='false')
    macro = ET.SubElement(robot, f'{{{XACRO_NAMESPACE}}}macro', name=MACRO_NAME, params=f"prefix:='' parent:={root}")
    _add_frames(macro, frames, _capsules(array, frames), '${prefix}', '${parent}')
    standalone = ET.SubElement(robot, f'{{{XACRO_NAMESPACE}}}if', value='$(arg standalone)')
    ET.SubElement(standalone, 'link', name=root)
    ET.SubElement(standalone, f'{{{XACRO_NAMESPACE}}}{MACRO_NAME}')
    return _text(robot)


def _add_frames(place: ET.Element, frames: tuple[Transform, ...], capsules: set[str], prefix: str, root: str) -> None:
    """Add a link and a fixed joint for every frame."""
    top = root_frame(frames)
    for frame in frames:
        link = ET.SubElement(place, 'link', name=f'{prefix}{frame.child}')
        if frame.child in capsules:
            _add_visual(link)
        joint = ET.SubElement(place, 'joint', name=f'{prefix}{frame.child}_joint', type='fixed')
        ET.SubElement(joint, 'parent', link=root if frame.parent == top else f'{prefix}{frame.parent}')
        ET.SubElement(joint, 'child', link=f'{prefix}{frame.child}')
        ET.SubElement(joint, 'origin', xyz=_numbers(frame.translation_m), rpy=_numbers(frame.rotation_rpy_rad))


def _add_visual(link: ET.Element) -> None:
    visual = ET.SubElement(link, 'visual')
    ET.SubElement(ET.SubElement(visual, 'geometry'), 'sphere', radius=f'{CAPSULE_RADIUS_M:g}')
    ET.SubElement(ET.SubElement(visual, 'material', name='microphone'), 'color', rgba=DARK_GREY)


def _capsules(array: MicrophoneArray, frames: tuple[Transform, ...]) -> set[str]:
    return {frame.child for frame in frames[len(frames) - len(array.microphones) :]}


def _numbers(values: tuple[float, float, float]) -> str:
    # The sum turns a negative zero into a zero.
    return ' '.join(f'{round(value, 8) + 0.0:.10g}' for value in values)


def _text(robot: ET.Element) -> str:
    ET.indent(robot)
    return '<?xml version="1.0"?>\n' + ET.tostring(robot, encoding='unicode') + '\n'
