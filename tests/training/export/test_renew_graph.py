# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Graph of a bundle that is exported again from its weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import WEIGHTS_FILE, Bundle
from training.export.changed_bundle import change_files
from training.export.onnx_graph import with_header_metadata
from training.export.renew_graph import main, renew_graph

SHIPPED = Path(__file__).parents[3] / 'models' / 'street_direct'


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle.load(shutil.copytree(SHIPPED, tmp_path / 'street_direct'))


def test_the_shipped_graph_is_the_one_of_its_weights(bundle: Bundle) -> None:
    shape = input_shape(bundle.manifest)
    features = np.random.default_rng(0).uniform(-1.2, 0.4, shape).astype(np.float32)
    before = OnnxBackend(bundle).run(features).tensors()
    graph = bundle.onnx_path.read_bytes()
    assert main([str(bundle.folder)]) == 0
    renewed = Bundle.load(bundle.folder)
    assert renewed.weights_path.read_bytes() == (SHIPPED / WEIGHTS_FILE).read_bytes()
    assert abs(len(renewed.onnx_path.read_bytes()) - len(graph)) < len(graph) // 100
    after = OnnxBackend(renewed).run(features).tensors()
    assert after.keys() == before.keys()
    for name, values in after.items():
        np.testing.assert_allclose(values, before[name], rtol=1e-5, err_msg=name)


def test_weights_of_another_form_are_refused(bundle: Bundle) -> None:
    weights = with_header_metadata(bundle.weights_path.read_bytes(), {'name': 'other'})
    other = change_files(bundle, {WEIGHTS_FILE: weights})
    with pytest.raises(TrainingError, match='export the bundle again'):
        renew_graph(other)
