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
    return Finding(Severity.OK, 'middleware', f'{probe.stdout.strip()} loads.')


def check_domain() -> Finding:
    """Check that the domain id is valid and its ports are free of collisions."""
    text = os.environ.get('ROS_DOMAIN_ID', '') or '0'
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_DOMAIN):
        return Finding(Severity.ERROR, 'domain', f'ROS_DOMAIN_ID is {text!r}: give a number from 0 to {MAX_DOMAIN}.')
    if int(text) > MAX_SAFE_DOMAIN:
        reason = f'above {MAX_SAFE_DOMAIN} its ports may be taken by other programs on Linux'
        return Finding(Severity.WARNING, 'domain', f'ROS_DOMAIN_ID is {text}: {reason}. Choose a lower number.')
    return Finding(Severity.OK, 'domain', f'ROS_DOMAIN_ID is {text}.')
