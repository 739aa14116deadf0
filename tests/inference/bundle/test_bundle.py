# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.rig.rig import MicrophoneArray


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / 'manifest.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def cut(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-10])


def flip(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def relist(folder: Path, old: str, new: str | None) -> None:
    files = json.loads((folder / 'manifest.json').read_text())['files']
    entry = files.pop(old)
    edit_manifest(folder, files={**files, **({} if new is None else {new: entry})})


def link_outside(folder: Path) -> None:
    outside = folder.parent / 'elsewhere.onnx'
    (folder / 'model.onnx').rename(outside)
    (folder / 'model.onnx').symlink_to(outside)


FAULTS = {
    'no manifest': (lambda f: (f / 'manifest.json').unlink(), 'manifest.json'),
    'manifest of no text': (lambda f: (f / 'manifest.json').write_bytes(b'\xff\xfe'), 'manifest.json'),
    'manifest cut': (lambda f: cut(f, 'manifest.json'), 'not valid JSON'),
    'manifest too large': (lambda f: (f / 'manifest.json').write_bytes(b' ' * 5_000_000), '5000000 bytes'),
    'weights missing': (lambda f: (f / 'weights.safetensors').unlink(), r'weights\.safetensors is missing'),
    'weights truncated': (lambda f: cut(f, 'weights.safetensors'), r'weights\.safetensors has \d+ bytes'),
    'weights changed': (lambda f: flip(f, 'weights.safetensors'), r'weights\.safetensors has the SHA-256'),
    'graph changed': (lambda f: flip(f, 'model.onnx'), r'model\.onnx has the SHA-256'),
    'card changed': (lambda f: flip(f, 'README.md'), r'README\.md has the SHA-256'),
    'file too many': (lambda f: (f / 'evil.py').write_text('1'), r"contains \['evil\.py'\]"),
    'folder too many': (lambda f: (f / 'cache').mkdir(), r"contains \['cache'\]"),
    'graph is a folder': (
        lambda f: ((f / 'model.onnx').unlink(), (f / 'model.onnx').mkdir()),
        r'model\.onnx is missing',
    ),
    'link out of the bundle': (link_outside, r'model\.onnx is a link'),
    'name that climbs': (lambda f: relist(f, 'README.md', '../README.md'), r"\['\.\./README\.md'\]"),
    'absolute name': (lambda f: relist(f, 'README.md', '/etc/hostname'), r"\['/etc/hostname'\]"),
    'hidden name': (lambda f: relist(f, 'README.md', '.README.md'), r"\['\.README\.md'\]"),
    'manifest lists itself': (lambda f: relist(f, 'README.md', 'manifest.json'), r"\['manifest\.json'\]"),
    'weights not listed': (lambda f: relist(f, 'weights.safetensors', None), r"not list \['weights\.safetensors'\]"),
    'card not listed': (lambda f: relist(f, 'README.md', None), r"contains \['README\.md'\]"),
}


def test_load_returns_what_was_written(bundle: Bundle) -> None:
    loaded = Bundle.load(bundle.folder)
    assert loaded == bundle
    assert set(loaded.manifest.files) == {'model.onnx', 'weights.safetensors', 'README.md'}
    assert loaded.manifest.files['README.md'].size == 8


@pytest.mark.parametrize('fault', FAULTS)
def test_a_damaged_bundle_is_refused_by_name(bundle_copy: Path, fault: str) -> None:
    damage, message = FAULTS[fault]
    Bundle.load(bundle_copy)
    damage(bundle_copy)
    with pytest.raises(InferenceError, match=message):
        Bundle.load(bundle_copy)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match='There is no bundle'):
        Bundle.load(tmp_path / 'nowhere')


def test_a_bundle_of_links_to_one_folder_loads(bundle_copy: Path, tmp_path: Path) -> None:
    installed = tmp_path / 'share'
    installed.mkdir()
    for path in bundle_copy.iterdir():
        (installed / path.name).symlink_to(path)
    assert Bundle.load(installed).folder == bundle_copy


def test_write_replaces_a_bundle_atomically(bundle_copy: Path, bundle: Bundle) -> None:
    files = {name: (bundle.folder / name).read_bytes() for name in ('model.onnx', 'weights.safetensors')}
    written = write_bundle(bundle_copy, replace(bundle.manifest, name='other'), files)
    assert written.manifest.name == 'other'
    assert sorted(path.name for path in bundle_copy.iterdir()) == ['manifest.json', 'model.onnx', 'weights.safetensors']
    assert [path.name for path in bundle_copy.parent.iterdir()] == [bundle_copy.name]


@pytest.mark.parametrize('files', [{'model.onnx': b''}, {'model.onnx': b'', 'weights.safetensors': b'', '../x': b''}])
def test_write_keeps_the_old_bundle_if_the_new_one_is_invalid(
    bundle_copy: Path, bundle: Bundle, files: dict[str, bytes]
) -> None:
    with pytest.raises(InferenceError):
        write_bundle(bundle_copy, bundle.manifest, files)
    assert Bundle.load(bundle_copy).manifest == bundle.manifest
    assert [path.name for path in bundle_copy.parent.iterdir()] == [bundle_copy.name]


def test_the_array_of_the_bundle_does_not_differ(bundle: Bundle, array: MicrophoneArray) -> None:
    assert bundle.describe_array_difference(array) is None


def test_another_geometry_is_reported(bundle: Bundle, array: MicrophoneArray) -> None:
    first, *others = array.microphones
    moved = replace(array, microphones=(replace(first, position_m=(0.6, 0.0, 0.0)), *others))
    assert 'up to 10.0 cm away from its place. Expect' in str(bundle.describe_array_difference(moved))
    turned = replace(array, microphones=(replace(first, facing=(0.0, 0.6, 0.8)), *others))
    assert 'a facing is turned by up to 90.0°' in str(bundle.describe_array_difference(turned))


def test_another_number_of_microphones_is_refused(bundle: Bundle, array: MicrophoneArray) -> None:
    fewer = replace(array, microphones=array.microphones[:4])
    with pytest.raises(InferenceError, match=r'has 4 microphones, .* 4 microphones are missing'):
        bundle.describe_array_difference(fewer)
