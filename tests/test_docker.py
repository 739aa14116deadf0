# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dockerfiles name files that exist and are sent to the builder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCKERFILES = sorted(path for path in (ROOT / 'docker').glob('Dockerfile.*') if path.suffix != '.dockerignore')
WORKDIR = '/opt/audio_manifold_ros/'


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return keyword and arguments of each instruction."""
    lines = [line for line in path.read_text(encoding='utf-8').splitlines() if not line.startswith('#')]
    text = '\n'.join(lines).replace('\\\n', ' ')
    return [(words[0], words[1]) for line in text.splitlines() if (words := line.split(maxsplit=1))]


def sent_to_the_builder(path: Path) -> list[str]:
    ignore = path.with_name(f'{path.name}.dockerignore').read_text(encoding='utf-8').split()
    assert ignore[0] == '*'
    return [line[1:] for line in ignore if line.startswith('!')]


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.name)
def test_every_named_file_exists_and_is_sent_to_the_builder(path: Path) -> None:
    sent = sent_to_the_builder(path)
    assert all((ROOT / name).exists() for name in sent)
    steps = instructions(path)
    assert steps[0][0] == 'FROM'
    assert ':' in steps[0][1], 'the base image needs a tag'
    named = [name for keyword, text in steps if keyword == 'COPY' for name in text.split()[:-1]]
    named += [
        name for keyword, text in steps if keyword == 'RUN' for name in re.findall(r'-r (requirements/\S+)', text)
    ]
    for keyword in ('ENTRYPOINT', 'CMD'):
        (words,) = [json.loads(text) for found, text in steps if found == keyword]
        inside = [word.partition(':=')[2] or word for word in words]
        named += [word.removeprefix(WORKDIR) for word in inside if word.startswith(WORKDIR)]
        named += [f'launch/{word}' for word in words if '.launch.' in word]
    assert len(named) >= 4
    for name in named:
        assert (ROOT / name).exists(), name
        assert name == '.' or name.partition('/')[0] in sent, name


@pytest.mark.parametrize('path', DOCKERFILES, ids=lambda path: path.name)
def test_package_lists_are_removed_in_the_layer_that_made_them(path: Path) -> None:
    runs = [text for keyword, text in instructions(path) if keyword == 'RUN' and 'apt-get update' in text]
    assert runs
    for text in runs:
        assert text.rstrip().endswith('rm -rf /var/lib/apt/lists/*')
        assert all(
            '--no-install-recommends' in part or '.deb' in part
            for part in text.split('&&')
            if 'apt-get install' in part
        )


def test_the_image_of_a_robot_needs_neither_gpu_nor_torch() -> None:
    text = (ROOT / 'docker' / 'Dockerfile.robot').read_text(encoding='utf-8')
    assert 'FROM ros:jazzy-ros-base' in text
    assert 'torch' not in text.replace('no torch', '')
