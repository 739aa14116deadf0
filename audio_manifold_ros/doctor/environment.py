# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Description of the software and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from audio_manifold_ros.common.machine import processor_name

PACKAGES = (
    'numpy',
    'scipy',
    'onnxruntime',
    'onnxruntime-gpu',
    'torch',
    'torch-tensorrt',
    'sounddevice',
    'mcap',
    'rclpy',
)
ROS_VARIABLES = (
    'ROS_DISTRO',
    'RMW_IMPLEMENTATION',
    'ROS_DOMAIN_ID',
    'ROS_AUTOMATIC_DISCOVERY_RANGE',
    'FASTDDS_BUILTIN_TRANSPORTS',
)
OS_RELEASE = Path('/etc/os-release')
GIB = 1 << 30


def describe_environment() -> Mapping[str, str]:
    """Return versions, processor, memory and the variables of ROS. Nothing identifies the machine or its user."""
    packages = {name: found for name in PACKAGES if (found := _version(name))}
    machine = {
        'audio_manifold_ros': _version('audio_manifold_ros') or 'checkout',
        'Python': platform.python_version(),
        'system': f'{_system_name()}, {platform.machine()}',
        'processor': f'{processor_name()}, {len(os.sched_getaffinity(0))} cores',
        'memory': f'{psutil.virtual_memory().total / GIB:.1f} GiB',
    }
    return {**machine, **packages, **{name: os.environ.get(name, 'not set') for name in ROS_VARIABLES}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ''


def _system_name() -> str:
    try:
        lines = OS_RELEASE.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return platform.system()
    names = [line.partition('=')[2].strip('"') for line in lines if line.startswith('PRETTY_NAME=')]
    return names[0] if names else platform.system()
