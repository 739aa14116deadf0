# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from setuptools import find_packages, setup
from setuptools.command.develop import develop

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = 'audio_manifold_ros'
PACKAGE_XML = ET.parse(Path(__file__).resolve().parent / 'package.xml').getroot()  # noqa: S314 # our own file
MAINTAINER = PACKAGE_XML.find('maintainer')
INTERPRETER_LINE = '#!/usr/bin/env python3'  # as [build_scripts] in setup.cfg
SHARED_FOLDERS = ('launch', 'config', 'rviz', 'models', 'calibration')
# Packages that rosdep installs from package.xml on a machine with ROS. `requirements/robot.txt` lists the others.
ROSDEP_PACKAGES = (
    'h5py>=3.6',
    'jinja2>=3.0',
    'numpy>=1.21',
    'opencv-python-headless>=4.5',
    'psutil>=5.9',
    'pyyaml>=5.4',
    'rich>=11',
    'scipy>=1.8',
    'soundfile>=0.10',
)
EXTRAS = {
    # ROS 2 Jazzy as wheels. audio_manifold_msgs is built from ros2_ws with colcon, as `./run` does.
    'ros': ['ros-jazzy-rclpy', 'ros-jazzy-rmw-fastrtps-cpp', 'ros-jazzy-common-interfaces'],
    # The torch backend, and the verbs of a checkout that fit networks, export them and write datasets.
    'train': [
        'lightning>=2.5',
        'onnx>=1.16',
        'pyarrow>=15',
        'tensorboard>=2.16',
        'torch>=2.6',
        'transformers>=4.50',
    ],
    'view': ['rerun-sdk>=0.41'],
    'hub': ['huggingface_hub>=1.0'],
    # Proprietary libraries of NVIDIA: never installed without being requested.
    'trt-rtx': [
        'onnx>=1.16',
        'onnxruntime>=1.24',
        'onnxruntime-ep-nv-tensorrt-rtx-cu13>=0.5',
        'tensorrt-rtx-cu13-bindings>=1.7',
        'tensorrt-rtx-cu13-libs>=1.7',
    ],
}


class Develop(develop):
    """The command that `colcon build --symlink-install` runs. It ignores [build_scripts] of setup.cfg."""

    def write_script(self, script_name: str, contents: str, *options: Any) -> None:
        """Write a script with the Python of the shell in its first line, as an installation without links does."""
        first, end, rest = contents.partition('\n')
        super().write_script(
            script_name, (INTERPRETER_LINE if first.startswith('#!') else first) + end + rest, *options
        )


def core_requirements() -> list[str]:
    """Return the packages of the node, the demo and the bag tools: all of `run.txt` but the build tools of ROS."""
    lines = (Path(__file__).resolve().parent / 'requirements' / 'robot.txt').read_text(encoding='utf-8').splitlines()
    listed = [line.partition('#')[0].strip() for line in lines]
    return [*filter(None, listed), *ROSDEP_PACKAGES]


def data_files() -> Iterator[tuple[str, list[str]]]:
    """Return (folder under the prefix, files) for all files that are installed in addition to the Python modules."""
    yield 'share/ament_index/resource_index/packages', [f'resource/{NAME}']
    yield f'share/{NAME}', ['package.xml', 'LICENSE']
    for top in SHARED_FOLDERS:
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if name != '__pycache__']
            if files:
                yield f'share/{NAME}/{folder}', [f'{folder}/{name}' for name in sorted(files)]


setup(
    name=NAME,
    cmdclass={'develop': Develop},
    version='0.1.0',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={
        NAME: ['py.typed', 'bags/storage/definitions/*/*/*.msg', '*/templates/*.j2', '*/*/templates/*.j2'],
    },
    data_files=list(data_files()),
    # colcon installs none of them. On a robot with builds of its own, use colcon or `pip install --no-deps`.
    install_requires=core_requirements(),
    extras_require=EXTRAS,
    python_requires='>=3.10',
    zip_safe=False,
    author=MAINTAINER.text,
    maintainer=MAINTAINER.text,
    maintainer_email=MAINTAINER.get('email'),
    url=PACKAGE_XML.findtext("url[@type='repository']"),
    description='Depth and segmentation images from the sound of eight microphones.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            f'audio-manifold = {NAME}.cli.dispatch:main',
            f'perception_node = {NAME}.nodes.perception.perception_node:main',
            f'simulated_drive = {NAME}.nodes.simulator.simulated_drive:main',
            f'replay = {NAME}.nodes.replay.replay:main',
            f'evaluate_bag = {NAME}.nodes.evaluation.evaluate_bag:main',
            f'record = {NAME}.nodes.recorder.recorder:main',
            f'rig_frames = {NAME}.nodes.rig.rig_frames:main',
            f'rig_to_urdf = {NAME}.rig.rig_to_urdf:main',
            f'check_bag = {NAME}.bags.conversion.check_bag:main',
            f'recover_bag = {NAME}.bags.recovery.recover:main',
            f'bag_to_dataset = {NAME}.bags.conversion.bag_to_dataset:main',
            f'calibrate = {NAME}.calibration.commands.cli:main',
            f'build_engine = {NAME}.inference.tensorrt.build_engine:main',
        ],
    },
)
