# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from audio_manifold_ros.nodes.perception.perception_parameters import SOURCE_KINDS
from audio_manifold_ros.nodes.perception.source_factory import SOURCES

ROOT = Path(__file__).parents[3]


def test_each_kind_of_the_parameter_has_a_factory() -> None:
    assert tuple(SOURCES) == SOURCE_KINDS


def test_readme_glossary_and_launch_argument_name_each_kind() -> None:
    row = next(line for line in (ROOT / 'README.md').read_text().splitlines() if '`source.kind`' in line)
    entry = next(
        line for line in (ROOT / 'docs' / 'glossary.md').read_text().splitlines() if line.startswith('| source |')
    )
    # The module needs launch, which wheels do not have. Its text is read.
    launch = (ROOT / 'audio_manifold_ros' / 'nodes' / 'common' / 'launch_arguments.py').read_text()
    help_text = next(line for line in launch.splitlines() if 'Kind of audio source' in line)
    for kind in SOURCE_KINDS:
        assert kind in row
        assert kind in entry
        assert kind in help_text
