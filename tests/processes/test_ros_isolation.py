# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Isolation of the ROS environment in each distribution."""

from __future__ import annotations

import pytest

from audio_manifold_ros.processes.ros_isolation import isolated_environment


@pytest.mark.parametrize('distribution', ['humble', 'jazzy', None])
def test_each_distribution_gets_its_own_variable(monkeypatch: pytest.MonkeyPatch, distribution: str | None) -> None:
    monkeypatch.delenv('ROS_DISTRO', raising=False)
    if distribution is not None:
        monkeypatch.setenv('ROS_DISTRO', distribution)
    environment = isolated_environment()
    assert environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert environment.get('ROS_LOCALHOST_ONLY') == ('1' if distribution == 'humble' else None)


def test_a_given_domain_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', '77')
    assert isolated_environment()['ROS_DOMAIN_ID'] == '77'
    monkeypatch.delenv('ROS_DOMAIN_ID')
    assert 1 <= int(isolated_environment()['ROS_DOMAIN_ID']) <= 100
