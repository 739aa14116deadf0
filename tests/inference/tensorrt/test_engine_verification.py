# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import network_output, output_names
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend, load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.engine_compiler import LoadedEngine
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey
from audio_manifold_ros.inference.tensorrt.engine_metadata import VerificationResult
from audio_manifold_ros.inference.tensorrt.engine_verification import require_equal_outputs, simulate_windows
from audio_manifold_ros.inference.tensorrt.tensorrt_backend import make_engine_runner
from audio_manifold_ros.networks.compiled_core import CompilableNetwork
from tests.inference.spatial_bundle import write_spatial_bundle
from tests.inference.tensorrt.cpu_compiler import CpuToolchain


@pytest.mark.parametrize('change', [{'depth': 0.02}, {'segmentation': 0.02}, {'depth': float('nan')}])
def test_an_engine_with_other_outputs_is_refused(change: dict[str, float]) -> None:
    same = VerificationResult(16, {'depth': 0.0, 'segmentation': 0.0}, 40, 9, 1.0, 1.0)
    require_equal_outputs(same, 'fp16')
    with pytest.raises(InferenceError, match=r'more than 1\.0%: it is not used'):
        require_equal_outputs(replace(same, changes={**same.changes, **change}), 'fp16')


def test_the_windows_are_streets_recorded_by_the_array_of_the_bundle(bundle: Bundle) -> None:
    windows = simulate_windows(bundle.manifest, 2)
    assert windows.shape == (2, 8, 128, 128)
    assert windows.dtype == np.float32
    np.testing.assert_array_equal(windows, simulate_windows(bundle.manifest, 2))
    assert windows[0].std() > 0.01
    assert (windows[0] != windows[1]).any()


def test_an_engine_of_spatial_features_equals_the_network(tmp_path: Path) -> None:
    """The windows are of an array and a camera in the middle of the ranges of the bundle."""
    bundle = write_spatial_bundle(tmp_path / 'spatial')
    size = bundle.manifest.features.input_shape(8)[0]
    windows = simulate_windows(bundle.manifest, 2)
    assert windows.shape == (2, size)
    assert (windows[0] != windows[1]).mean() > 0.99
    core = CompilableNetwork(load_network(bundle))
    runner = make_engine_runner(bundle, LoadedEngine(core, ()), torch.device('cpu'))
    names, network = output_names(bundle.manifest), TorchBackend(bundle, threads=1)
    for window in windows:
        found, expected = network_output(names, runner.run(window)), network.run(window)
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=1e-4)
        assert (found.labels == expected.labels).mean() > 0.999
    key = EngineKey.for_bundle(bundle, 'fp32', {}, CpuToolchain().platform())
    assert key.input_shape == (size,)
