# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A graph may refer to weights in files of its manifest only. The check does not need the package onnx."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.onnx_references import check_external_files, external_locations


def external(location: str) -> TensorProto:
    tensor = TensorProto(name='w', data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key='location', value=location)
    return tensor


def graph(**parts: object) -> onnx.GraphProto:
    return helper.make_graph(parts.pop('nodes', []), 'graph', [], [], **parts)  # type: ignore[arg-type]


def in_initializer(location: str) -> onnx.ModelProto:
    return helper.make_model(graph(initializer=[external(location)]))


def in_attribute(location: str) -> onnx.ModelProto:
    return helper.make_model(graph(nodes=[helper.make_node('Constant', [], ['c'], value=external(location))]))


def in_branch(location: str) -> onnx.ModelProto:
    branch = in_attribute(location).graph
    node = helper.make_node('If', ['x'], ['y'], then_branch=branch, else_branch=graph())
    return helper.make_model(graph(nodes=[node]))


def in_function(location: str) -> onnx.ModelProto:
    model = helper.make_model(graph())
    nodes = [helper.make_node('Constant', [], ['c'], value=external(location))]
    model.functions.append(helper.make_function('own', 'F', [], ['c'], nodes, []))
    return model


def in_sparse_tensor(location: str) -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.graph.sparse_initializer.add().values.CopyFrom(external(location))
    return model


def in_training(location: str) -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.training_info.add().algorithm.initializer.append(external(location))
    return model


PLACES = (in_initializer, in_attribute, in_branch, in_function, in_sparse_tensor, in_training)
LOCATIONS = ('../outside.bin', '/etc/passwd', './weights.safetensors', '*/_ORT_MEM_ADDR_/*', 'other/../../x', '')


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('location', LOCATIONS)
def test_weights_in_another_file_are_refused(tmp_path: Path, place: object, location: str) -> None:
    path = tmp_path / 'model.onnx'
    path.write_bytes(place(location).SerializeToString())  # type: ignore[operator]
    with pytest.raises(InferenceError, match='which its manifest does not list'):
        check_external_files(path, ['weights.safetensors'])
    check_external_files(path, [location])


def test_the_last_of_repeated_keys_and_values_is_checked() -> None:
    tensor = external('weights.safetensors')
    tensor.external_data.add(key='location', value='../outside.bin')
    assert external_locations(helper.make_model(graph(initializer=[tensor])).SerializeToString()) == {
        'weights.safetensors',
        '../outside.bin',
    }


@pytest.mark.parametrize('location', ['../outside.bin', '{outside}'])
def test_a_bundle_with_a_graph_that_reaches_outside_is_refused(bundle_copy: Path, location: str) -> None:
    outside = bundle_copy.parent / 'outside.bin'
    outside.write_bytes(bytes(10_000_000))
    model = onnx.load(bundle_copy / 'model.onnx', load_external_data=False)
    entry = next(entry for entry in model.graph.initializer[0].external_data if entry.key == 'location')
    entry.value = location.format(outside=outside)
    data = model.SerializeToString()
    (bundle_copy / 'model.onnx').write_bytes(data)
    manifest = json.loads((bundle_copy / 'manifest.json').read_text())
    manifest['files']['model.onnx'] = {'size': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    (bundle_copy / 'manifest.json').write_text(json.dumps(manifest))
    with pytest.raises(InferenceError, match='files outside the bundle are not opened'):
        Bundle.load(bundle_copy)


def test_a_damaged_or_endless_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'model.onnx'
    whole = in_branch('weights.safetensors').SerializeToString()
    node = helper.make_node('If', ['x'], ['y'])
    for _ in range(24):
        node = helper.make_node('If', ['x'], ['y'], then_branch=graph(nodes=[node]))
    deep = helper.make_model(graph(nodes=[node])).SerializeToString()
    many = b'\x08\x01' * 2_000_001
    for data in (b'', whole[:-3], b'\xff' * 100, b'\x0b\x0c', deep, many):
        path.write_bytes(data)
        start_s = time.monotonic()
        with pytest.raises(InferenceError, match='xport the bundle again'):
            check_external_files(path, ['weights.safetensors'])
        assert time.monotonic() - start_s < 30


def test_the_check_does_not_import_onnx() -> None:
    program = (
        'import sys; from audio_manifold_ros.inference.bundle.bundle import Bundle; '
        "sys.exit('onnx' in sys.modules or 'onnxruntime' in sys.modules)"
    )
    assert subprocess.run([sys.executable, '-c', program], check=False).returncode == 0
