# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The Foxglove layout names panels that exist and topics that the node publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LAYOUT = json.loads((ROOT / 'config' / 'foxglove' / 'perception.json').read_text(encoding='utf-8'))
SOURCES = ('image_outputs.py', 'publishers.py', 'robot_output_messages.py')


def panels(node: Any) -> Iterator[str]:
    """Yield the panels of a split or a leaf."""
    if isinstance(node, str):
        yield node
    else:
        assert node['direction'] in {'row', 'column'}
        yield from panels(node['first'])
        yield from panels(node['second'])


def topics() -> set[str]:
    found = {config['imageMode']['imageTopic'] for config in LAYOUT['configById'].values() if 'imageMode' in config}
    return found | set(LAYOUT['configById']['3D!scene']['topics'])


def test_every_panel_has_a_configuration_and_a_place() -> None:
    placed = list(panels(LAYOUT['layout']))
    assert sorted(placed) == sorted(LAYOUT['configById'])
    assert {name.partition('!')[0] for name in placed} == {'3D', 'Image', 'DiagnosticSummary'}


def test_the_node_publishes_the_topics() -> None:
    folder = ROOT / 'audio_manifold_ros' / 'nodes' / 'perception'
    source = ''.join((folder / name).read_text(encoding='utf-8') for name in SOURCES)
    assert len(topics()) == 8
    for topic in topics():
        assert f"'{topic.replace('/perception', '~', 1)}'" in source, topic


def test_the_fixed_frame_is_that_of_rviz() -> None:
    rviz = (ROOT / 'rviz' / 'perception.rviz').read_text(encoding='utf-8')
    assert f'Fixed Frame: {LAYOUT["configById"]["3D!scene"]["followTf"]}' in rviz
