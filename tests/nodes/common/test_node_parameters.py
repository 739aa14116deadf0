# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of a running node: equal values are accepted at any time, as `ros2 param load` sends them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import GetParameters, ListParameters, SetParameters
from rclpy.parameter import Parameter

from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros


def call(peer: Peer, kind: type, service: str, request: object) -> object:
    client = peer.node.create_client(kind, f'/perception/{service}')
    peer.wait(client.service_is_ready, 20, service)
    future = client.call_async(request)
    peer.wait(future.done, 20, f'answer of {service}')
    return future.result()


def test_an_unchanged_dump_is_accepted_by_an_active_node(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    names = call(peer, ListParameters, 'list_parameters', ListParameters.Request()).result.names  # type: ignore[attr-defined]
    assert {'autostart', 'use_sim_time', 'source.file'} <= set(names)
    assert any(name.startswith('qos_overrides.') for name in names)
    values = call(peer, GetParameters, 'get_parameters', GetParameters.Request(names=names)).values  # type: ignore[attr-defined]
    dump = [ParameterMessage(name=name, value=value) for name, value in zip(names, values, strict=True)]
    results = call(peer, SetParameters, 'set_parameters', SetParameters.Request(parameters=dump)).results  # type: ignore[attr-defined]
    assert not [(name, result.reason) for name, result in zip(names, results, strict=True) if not result.successful]
    for name, value in (('autostart', True), ('source.file', 'other.wav'), ('bundle', 'other')):
        change = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        result = call(peer, SetParameters, 'set_parameters', change).results[0]  # type: ignore[attr-defined]
        assert not result.successful
        assert name in result.reason
    assert node.end() == 0, node.output
