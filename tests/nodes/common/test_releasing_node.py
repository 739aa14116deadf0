# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node releases the resources that it has, also after its constructor has raised."""

from __future__ import annotations

import pytest
import rclpy
from rclpy.context import Context

from audio_manifold_ros.nodes.common.releasing_node import ReleasingNode
from audio_manifold_ros.nodes.recorder.recorder import Recorder
from audio_manifold_ros.nodes.replay.replay import Replay
from audio_manifold_ros.nodes.simulator.simulated_drive import SimulatedDrive

pytestmark = pytest.mark.ros


class Refusing(ReleasingNode):
    def __init__(self, made: list[ReleasingNode], released: list[str], context: Context) -> None:
        super().__init__('refusing', context=context)
        made.append(self)
        self.resources.callback(released.append, 'file')
        self.resources.callback(released.append, 'thread')
        msg = 'no device'
        raise ValueError(msg)


def test_resources_are_released_once_and_the_newest_first() -> None:
    context = Context()
    rclpy.init(context=context)
    made: list[ReleasingNode] = []
    released: list[str] = []
    with pytest.raises(ValueError, match='no device'):
        Refusing(made, released, context)
    made[0].destroy_node()
    assert released == ['thread', 'file']
    rclpy.shutdown(context=context)
    assert released == ['thread', 'file']


@pytest.mark.parametrize(
    ('kind', 'parameter'), [(SimulatedDrive, 'seed:=-1'), (Recorder, 'rig:=/no/such'), (Replay, 'bag:=/no/such')]
)
def test_a_refused_node_can_be_destroyed(kind: type[ReleasingNode], parameter: str) -> None:
    context = Context()
    rclpy.init(args=['test', '--ros-args', '-p', parameter], context=context)
    made: list[ReleasingNode] = []

    class Kept(kind):
        def __init__(self) -> None:
            made.append(self)
            super().__init__(context=context)

    with pytest.raises(Exception, match=parameter.partition(':=')[0]):
        Kept()
    made[0].destroy_node()
    rclpy.shutdown(context=context)
