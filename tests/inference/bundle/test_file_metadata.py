# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Weights and graph describe the bundle that they belong to."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import onnxruntime
import pytest
from safetensors import safe_open

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.file_metadata import describe_files, read_metadata
from training.export.onnx_graph import set_metadata, with_header_metadata


def test_tools_find_the_description_in_both_files(bundle: Bundle) -> None:
    described = describe_files(bundle.manifest)
    assert described['name'] == 'small'
    assert described['licence'] == 'Apache-2.0'
    assert len(described['features_sha256']) == 64
    graph = onnx.load(bundle.onnx_path, load_external_data=False)
    assert {entry.key: entry.value for entry in graph.metadata_props} == described
    assert onnxruntime.InferenceSession(bundle.onnx_path).get_modelmeta().custom_metadata_map == described
    with safe_open(bundle.weights_path, framework='numpy') as weights:
        assert weights.metadata() == described
    for path in (bundle.onnx_path, bundle.weights_path):
        assert read_metadata(path) == described


def test_the_tensors_keep_their_place_and_the_file_is_always_the_same(bundle: Bundle) -> None:
    data = bundle.weights_path.read_bytes()
    bare = with_header_metadata(data, {'only': 'this'})
    restored = with_header_metadata(bare, dict(reversed(describe_files(bundle.manifest).items())))
    assert restored == data
    assert with_header_metadata(data, {}) == data


@pytest.mark.parametrize('name', ['model.onnx', 'weights.safetensors'])
def test_files_of_another_bundle_are_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    files = {file: (bundle.folder / file).read_bytes() for file in bundle.manifest.files}
    other = {**describe_files(bundle.manifest), 'features_sha256': '0' * 64}
    if name == 'model.onnx':
        graph = onnx.load_model_from_string(files[name])
        set_metadata(graph, other)
        files[name] = graph.SerializeToString()
    else:
        files[name] = with_header_metadata(files[name], other)
        # The graph must find the tensors, so the header keeps its length.
        assert len(files[name]) == (bundle.folder / name).stat().st_size
    with pytest.raises(InferenceError, match=rf"{name} states features_sha256 '000.*belong to different bundles"):
        write_bundle(tmp_path / 'mixed', bundle.manifest, files)


def test_a_damaged_header_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    path = Path(shutil.copy(bundle.weights_path, tmp_path))
    path.write_bytes(b'\xff' * 8 + b'{}')
    with pytest.raises(InferenceError, match='its header has'):
        read_metadata(path)
    for header, reason in (
        (b'{"a": 1', 'is not valid JSON'),
        (b'[' * 200_000, 'levels deep'),
        (b'\xff', "can't decode"),
    ):
        path.write_bytes(len(header).to_bytes(8, 'little') + header)
        with pytest.raises(InferenceError, match=f'{reason}.*Copy the bundle again'):
            read_metadata(path)
