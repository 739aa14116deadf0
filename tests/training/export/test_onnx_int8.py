# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import onnx
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, Bundle, write_bundle
from training.export.onnx_int8 import quantize_graph

WINDOWS = 6


@pytest.fixture(scope='module')
def features() -> np.ndarray:
    """Return random features (window, mic, height, width) in the range of real ones, with coarse structure."""
    rng = np.random.default_rng(3)
    coarse = rng.uniform(-1.2, 0.4, (WINDOWS, 8, 8, 8))
    return (np.kron(coarse, np.ones((1, 1, 16, 16))) + rng.normal(0, 0.05, (WINDOWS, 8, 128, 128))).astype(np.float32)


@pytest.fixture(scope='module')
def quantised(features: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return the shipped bundle with an int8 graph calibrated on random features."""
    bundle = Bundle.load(resource_path('models/paper_8x8'))
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    files[INT8_FILE] = quantize_graph(bundle.onnx_path, features)
    return write_bundle(tmp_path_factory.mktemp('models') / 'street', bundle.manifest, files)


def test_predictions_are_nearly_equal(quantised: Bundle, features: np.ndarray) -> None:
    exact = open_backend(quantised, 'onnx')
    int8 = open_backend(quantised, 'auto', precision='int8')
    assert 'int8' in int8.reason
    for window in features:
        expected, found = exact.run(window), int8.run(window)
        assert np.mean(found.labels == expected.labels) > 0.9
        assert np.median(np.abs(found.depth_m / expected.depth_m - 1)) < 0.05


def test_only_tolerant_convolutions_are_quantised(quantised: Bundle) -> None:
    graph = onnx.load(quantised.int8_path).graph
    onnx.checker.check_model(str(quantised.int8_path))
    rounded = {name for node in graph.node if node.op_type == 'DequantizeLinear' for name in node.output}
    convolutions = [node for node in graph.node if node.op_type == 'Conv']
    int8 = {node.name for node in convolutions if set(node.input[:2]) <= rounded}
    exact = {node.name for node in convolutions} - int8
    last = {f'/at_nets.0/{head}/{head}.20/Conv' for head in ('depth', 'segmentation')}
    first = {f'/at_nets.0/trunk/trunk.{layer}/Conv' for layer in (0, 1)}
    assert exact == first | last, 'the first layers and the layers before the codebook search'
    assert not [node.name for node in graph.node if node.op_type == 'ConvTranspose' and rounded & set(node.input[1:])]


def test_weights_have_seven_bits(quantised: Bundle) -> None:
    """Without VNNI two int8 products are added in 16 bits, which 7-bit weights cannot overflow."""
    graph = onnx.load(quantised.int8_path).graph
    weights = [onnx.numpy_helper.to_array(t) for t in graph.initializer if t.data_type == onnx.TensorProto.INT8]
    weights = [values for values in weights if values.ndim == 4]
    assert len(weights) > 20
    assert max(int(np.abs(values.astype(int)).max()) for values in weights) <= 64


def test_it_is_smaller_than_the_graph_in_single_precision(quantised: Bundle) -> None:
    assert quantised.int8_path.stat().st_size < 0.8 * quantised.weights_path.stat().st_size
