# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the ROS environment that need no node: packages, messages and domain."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity

# Highest domain id of DDS, and the highest whose ports are below the ephemeral ports of Linux.
MAX_DOMAIN, MAX_SAFE_DOMAIN = 232, 101
PROBE_TIMEOUT_S = 30.0
FAST_DDS = 'rmw_fastrtps'
# Where Fast DDS reads its transports, and the values of the first variable with shared memory. When discovery is
# restricted to one machine, rmw_fastrtps adds shared memory to any of them.
TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'
PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
SHARED_MEMORY = ('', 'DEFAULT', 'DEFAULTv6', 'SHM', 'LARGE_DATA', 'LARGE_DATAv6')
PROBE = (
    sys.executable,
    '-c',
    'import rclpy; from rclpy.utilities import get_rmw_implementation_identifier as name; print(name())',
)
REMEDIES = {
    'rclpy': 'source the setup.bash of the ROS installation, or start the command with ./run exec.',
    'audio_manifold_msgs': 'build the workspace ros2_ws and source its install/setup.bash.',
}


def check_packages() -> list[Finding]:
    """Check that rclpy and the messages of this project can be imported."""
    missing = [name for name in REMEDIES if find_spec(name) is None]
    if missing:
        return [Finding(Severity.ERROR, 'ROS', f'{name} is not installed: {REMEDIES[name]}') for name in missing]
    return [Finding(Severity.OK, 'ROS', 'rclpy and the messages of this project are installed.')]


def check_middleware() -> Finding:
    """Check in a child process that rclpy loads the selected middleware: rcl ends the process where it cannot."""
    name = os.environ.get('RMW_IMPLEMENTATION', '') or 'the default middleware'
    remedy = 'install it, or set RMW_IMPLEMENTATION to an installed one, for example rmw_fastrtps_cpp.'
    try:
        probe = subprocess.run(PROBE, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return Finding(Severity.ERROR, 'middleware', f'{name} did not load in {PROBE_TIMEOUT_S:.0f} s: {remedy}')
    if probe.returncode:
        reason = (probe.stderr.strip().splitlines() or ['no message'])[-1]
        return Finding(Severity.ERROR, 'middleware', f'{name} does not load ({reason}): {remedy}')
    loaded = probe.stdout.strip()
    if loaded.startswith(FAST_DDS) and _has_shared_memory():
        risk = f'{loaded} loads, with shared memory: a program that is killed may end the others'
        return Finding(Severity.WARNING, 'middleware', f'{risk}. See docs/doctor.md, section Fast DDS.')
    return Finding(Severity.OK, 'middleware', f'{loaded} loads.')


def _has_shared_memory() -> bool:
    """Return whether Fast DDS sends through shared memory. A file of profiles is taken to be a deliberate choice."""
    if os.environ.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == 'LOCALHOST' or os.environ.get('ROS_LOCALHOST_ONLY') == '1':
        return True
    transports = os.environ.get(TRANSPORTS, '').partition('?')[0]
    return transports in SHARED_MEMORY and not any(os.environ.get(name) for name in PROFILES)


def check_domain() -> Finding:
    """Check that the domain id is valid and its ports are free of collisions."""
    text = os.environ.get('ROS_DOMAIN_ID', '') or '0'
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_DOMAIN):
        return Finding(Severity.ERROR, 'domain', f'ROS_DOMAIN_ID is {text!r}: give a number from 0 to {MAX_DOMAIN}.')
    if int(text) > MAX_SAFE_DOMAIN:
        reason = f'above {MAX_SAFE_DOMAIN} its ports may be taken by other programs on Linux'
        return Finding(Severity.WARNING, 'domain', f'ROS_DOMAIN_ID is {text}: {reason}. Choose a lower number.')
    return Finding(Severity.OK, 'domain', f'ROS_DOMAIN_ID is {text}.')
