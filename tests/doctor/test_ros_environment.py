# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the ROS environment."""

from __future__ import annotations

import pytest

from audio_manifold_ros.bags.statistics.preflight import Severity
from audio_manifold_ros.doctor import ros_environment
from audio_manifold_ros.doctor.ros_environment import check_middleware

VARIABLES = (
    'FASTDDS_BUILTIN_TRANSPORTS',
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'ROS_AUTOMATIC_DISCOVERY_RANGE',
    'ROS_LOCALHOST_ONLY',
)


@pytest.mark.parametrize(
    ('middleware', 'environment', 'severity'),
    [
        ('rmw_fastrtps_cpp', {}, Severity.WARNING),
        ('rmw_fastrtps_dynamic_cpp', {'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA?max_msg_size=1MB'}, Severity.WARNING),
        ('rmw_fastrtps_cpp', {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}, Severity.OK),
        ('rmw_fastrtps_cpp', {'FASTRTPS_DEFAULT_PROFILES_FILE': 'udp.xml'}, Severity.OK),
        ('rmw_cyclonedds_cpp', {}, Severity.OK),
        (
            'rmw_fastrtps_cpp',
            {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
            Severity.WARNING,
        ),
    ],
)
def test_fast_dds_with_shared_memory_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, middleware: str, environment: dict[str, str], severity: Severity
) -> None:
    # The middleware of a robot need not be installed here. The probe prints its name.
    monkeypatch.setattr(ros_environment, 'PROBE', ('echo', middleware))
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    finding = check_middleware()
    assert finding.level is severity
    assert middleware in finding.text


def test_a_middleware_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros_environment, 'PROBE', ('false',))
    assert check_middleware().level is Severity.ERROR
