# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The private parts of rclpy that the nodes depend on exist in the installed version."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.parameter import Parameter

from audio_manifold_ros.nodes.perception.perception_node import PerceptionNode

pytestmark = pytest.mark.ros
CHANGE_STATE = '_LifecycleNodeMixin__on_change_state'


@pytest.fixture(scope='module', autouse=True)
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.shutdown()


def test_rclpy_has_the_method_that_changes_the_state() -> None:
    original = getattr(LifecycleNode, CHANGE_STATE, None)
    assert original is not None, f'rclpy has no {CHANGE_STATE}: find the callback of the change_state service'
    assert len(inspect.signature(original).parameters) == 3, 'the callback takes the node, a request and a response'
    assert getattr(PerceptionNode, CHANGE_STATE) is not original


def test_the_change_state_service_calls_the_overridden_method() -> None:
    node = PerceptionNode()
    try:
        services = [service for service in node.services if service.srv_name.endswith('/change_state')]
        assert [service.callback for service in services] == [getattr(node, CHANGE_STATE)]
        request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_ACTIVATE))
        assert services[0].callback(request, ChangeState.Response(success=True)).success is False
    finally:
        node.destroy_node()


def test_rclpy_keeps_undeclared_start_values() -> None:
    node = Node('hooks', parameter_overrides=[Parameter('undeclared', value=3)])
    try:
        overrides = getattr(node, '_parameter_overrides', None)
        assert overrides is not None, 'rclpy has no Node._parameter_overrides: find the start values of a node'
        assert overrides['undeclared'].value == 3
    finally:
        node.destroy_node()
