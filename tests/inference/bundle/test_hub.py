# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles on the Hugging Face hub, with the real huggingface_hub and a local server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle.hub_download import MAX_BUNDLE_BYTES
from audio_manifold_ros.inference.bundle.hub_reference import HubReference
from tests.inference.bundle.fake_hub import FakeHub, running_hub

pytest.importorskip('huggingface_hub')
ROOT = Path(__file__).parents[3]
REPOSITORY = 'my-team/small'
PROGRAM = ('-m', 'audio_manifold_ros', 'model')
# Pulls every argument but the first in one process. Its status is the number of failures.
PULL_EACH = (
    '-c',
    """
import sys
from audio_manifold_ros.inference.bundle.hub_pull import main
sys.exit(sum(main([reference]) for reference in sys.argv[2:]))
""",
)


@dataclass
class Shell:
    """Runs verbs of `model` in their own process, with a hub and caches of their own."""

    hub: FakeHub
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, status: int = 0, program: Sequence[str] = PROGRAM, **variables: str) -> str:
        places = {'HF_HOME': 'hub', 'XDG_CACHE_HOME': 'cache', 'HOME': 'home'}
        environment = {
            **os.environ,
            **{name: str(self.folder / place) for name, place in places.items()},
            'HF_ENDPOINT': self.hub.url,
            'HF_TOKEN': 'hf_test',
            'HF_HUB_DISABLE_XET': '1',
            'HF_HUB_DISABLE_TELEMETRY': '1',
            'HF_HUB_DISABLE_PROGRESS_BARS': '1',
            'PYTHONPATH': str(ROOT),
            **variables,
        }
        command = [sys.executable, *program, *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout.strip() if status == 0 else done.stderr.strip()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with running_hub() as hub:
        yield Shell(hub, tmp_path)


def files_of(bundle: Bundle) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in bundle.folder.iterdir()}


def test_a_bundle_is_pushed_pulled_and_found_offline(shell: Shell, bundle: Bundle, tmp_path: Path) -> None:
    reference = shell.run('push', str(bundle.folder), REPOSITORY)
    commit = shell.hub.branches[REPOSITORY, 'main']
    assert reference == f'hf://{REPOSITORY}@{commit}'
    assert shell.hub.commits[commit] == files_of(bundle)
    # A file that the manifest does not list stays on the hub.
    shell.hub.commits[commit]['evil.py'] = b'raise SystemExit'

    copy = tmp_path / 'copy'
    assert shell.run('pull', f'hf://{REPOSITORY}@main', '--out', str(copy)) == str(copy)
    assert files_of(Bundle.load(copy)) == files_of(bundle)
    assert not [request for request in shell.hub.requests if 'evil' in request]

    # The commit is in the cache now: it needs neither the network nor huggingface_hub.
    shell.hub.requests.clear()
    assert '"name": "small"' in shell.run('info', reference, '--json', HF_ENDPOINT='http://127.0.0.1:9')
    # Offline, a branch is what it was when it was last resolved.
    cached = shell.run('pull', f'hf://{REPOSITORY}@main', HF_HUB_OFFLINE='1')
    assert Path(cached).name == commit
    assert shell.hub.requests == []


def edit_manifest(content: dict[str, bytes], change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    values = json.loads(content['manifest.json'])
    change(values['files'])
    content['manifest.json'] = json.dumps(values).encode()


def damage(content: dict[str, bytes]) -> None:
    content['weights.safetensors'] = content['weights.safetensors'][:-1] + b'\x01'


def cut(content: dict[str, bytes]) -> None:
    content['weights.safetensors'] = content['weights.safetensors'][:-1]


def climb(content: dict[str, bytes]) -> None:
    edit_manifest(content, lambda files: files.update({'../../evil.onnx': files['model.onnx']}))


def enlarge(content: dict[str, bytes]) -> None:
    edit_manifest(content, lambda files: files['model.onnx'].update(size=MAX_BUNDLE_BYTES + 1))


def fill(content: dict[str, bytes]) -> None:
    content['manifest.json'] = b' ' * 5_000_000


HOSTILE = {
    damage: 'it was changed',
    cut: 'bytes on the hub, the manifest states',
    climb: 'only names of letters',
    enlarge: 'at most 64 files',
    fill: 'manifest.json has 5000000 bytes',
}


def test_damaged_and_hostile_bundles_are_refused(shell: Shell, bundle: Bundle) -> None:
    for change in HOSTILE:
        content = files_of(bundle)
        change(content)
        shell.hub.commit(f'my-team/{change.__name__}', 'v1', content)
    references = [f'hf://my-team/{change.__name__}@v1' for change in HOSTILE]
    lines = shell.run('pull', *references, status=len(HOSTILE), program=PULL_EACH).splitlines()
    errors = [line for line in lines if not line.startswith('Downloading')]
    assert [message in error for error, message in zip(errors, HOSTILE.values(), strict=True)] == [True] * len(HOSTILE)
    assert not list((shell.folder / 'cache').rglob('manifest.json'))


def test_a_missing_repository_and_a_missing_package_are_reported(shell: Shell, tmp_path: Path) -> None:
    error = shell.run('pull', f'hf://{REPOSITORY}@v1', status=1)
    assert f'Cannot download hf://{REPOSITORY}@v1' in error
    assert 'HF_TOKEN' in error
    package = tmp_path / 'broken' / 'huggingface_hub'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text('raise ImportError("not here")\n')
    paths = f'{package.parent}:{ROOT}'
    error = shell.run('pull', f'hf://{REPOSITORY}@v1', status=1, PYTHONPATH=paths)
    assert 'pip install "audio_manifold_ros[hub]"' in error


@pytest.mark.parametrize(
    'text',
    [
        'hf://small@v1',
        'hf://my-team/small',
        'hf://my-team/small@',
        'hf://a/../b@v1',
        'hf://my-team/small@../v1',
        'hf://@',
    ],
)
def test_a_reference_names_organisation_name_and_revision(text: str) -> None:
    with pytest.raises(InferenceError, match='give'):
        find_bundle(text)


def test_a_reference_is_read_and_written() -> None:
    text = 'hf://my-team/small@refs/pr/3'
    reference = HubReference.parse(text)
    assert (reference.repository, reference.revision, str(reference)) == ('my-team/small', 'refs/pr/3', text)
    assert not reference.is_pinned
    assert HubReference.parse(f'hf://my-team/small@{"a" * 40}').is_pinned


def test_other_names_are_folders_or_shipped_bundles(tmp_path: Path) -> None:
    assert find_bundle(str(tmp_path)) == tmp_path
    assert (find_bundle('models/street') / 'manifest.json').is_file()
    with pytest.raises(InferenceError, match=r"There is no bundle '/.*models/nothing'.*hf://"):
        find_bundle('models/nothing')
