# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests that need a GPU with torch-tensorrt. Exact pixels are not asserted: kernels differ between GPUs."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.build_engine import build_engine
from audio_manifold_ros.inference.tensorrt.engine_cache import METADATA_FILE, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata
from audio_manifold_ros.inference.tensorrt.engine_verification import simulate_windows
from audio_manifold_ros.inference.tensorrt.tensorrt_backend import TensorRtBackend
from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain

LACKING = (
    'needs a CUDA device that torch can use'
    if not torch.cuda.is_available()
    else 'needs torch-tensorrt'
    if find_spec('torch_tensorrt') is None
    else ''
)
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(LACKING), reason=LACKING),
]
SECOND_START_S = 30.0


@pytest.fixture(scope='module')
def street() -> Bundle:
    return Bundle.load(resource_path('models/street'))


@pytest.fixture(scope='module')
def toolchain() -> TensorRtToolchain:
    return TensorRtToolchain('cuda')


@pytest.fixture(scope='module')
def cache(street: Bundle, toolchain: TensorRtToolchain, tmp_path_factory: pytest.TempPathFactory) -> EngineCache:
    cache = EngineCache(tmp_path_factory.mktemp('engines'))
    for precision in ('fp16', 'fp32'):
        build_engine(street, toolchain, precision=precision, cache=cache, report=print)
    return cache


@pytest.mark.parametrize(('precision', 'limit'), [('fp16', 0.01), ('fp32', 0.001)])
def test_the_engine_predicts_the_same_as_the_network(
    street: Bundle, toolchain: TensorRtToolchain, cache: EngineCache, precision: str, limit: float
) -> None:
    backend = TensorRtBackend(street, toolchain, pytest.fail, precision=precision, cache=cache)
    network = TorchBackend(street)
    for window in simulate_windows(street.manifest, 4):
        found, expected = backend.run(window), network.run(window)
        assert np.mean(np.abs(found.depth_m / expected.depth_m - 1)) < limit
        assert (found.labels != expected.labels).mean() < limit


def test_the_engines_compute_in_the_precision_asked_for(cache: EngineCache) -> None:
    sidecars = [EngineMetadata.from_json(path.read_text()) for path in cache.root.glob(f'*/{METADATA_FILE}')]
    halves = {metadata.key.precision: metadata.check.half_layers for metadata in sidecars}
    sizes = {metadata.key.precision: metadata.size for metadata in sidecars}
    assert halves['fp16'] > 0 == halves['fp32']
    assert sizes['fp16'] < 0.8 * sizes['fp32']


def test_a_second_start_takes_seconds(street: Bundle, toolchain: TensorRtToolchain, cache: EngineCache) -> None:
    began_s = time.monotonic()
    build_engine(street, toolchain, cache=cache, report=print)
    TensorRtBackend(street, toolchain, pytest.fail, cache=cache)
    assert time.monotonic() - began_s < SECOND_START_S


def test_windows_that_are_not_contiguous_are_not_corrupted(
    street: Bundle, toolchain: TensorRtToolchain, cache: EngineCache
) -> None:
    backend = TensorRtBackend(street, toolchain, pytest.fail, cache=cache)
    for window in simulate_windows(street.manifest, 4):
        turned = np.asfortranarray(window)
        assert not turned.flags.c_contiguous
        np.testing.assert_array_equal(backend.run(turned).depth_m, backend.run(window).depth_m)


def test_the_engine_hears_sound_through_the_features(
    street: Bundle, toolchain: TensorRtToolchain, cache: EngineCache
) -> None:
    backend = TensorRtBackend(street, toolchain, pytest.fail, cache=cache)
    network, spec = backend.waveform_network, street.manifest.features
    for seed in range(3):
        waveform = 0.1 * np.random.default_rng(seed).standard_normal((street.manifest.microphones, spec.window_samples))
        network.waveform[...] = waveform
        found, features = network.run(), network.features()
        np.testing.assert_allclose(features, mel_features(waveform.astype(np.float32), spec), rtol=0, atol=1e-4)
        np.testing.assert_array_equal(found.depth_m, backend.run(features).depth_m)


def test_the_command_finds_what_was_built(street: Bundle, cache: EngineCache, tmp_path: Path) -> None:
    (tmp_path / 'audio_manifold_ros').mkdir()
    (tmp_path / 'audio_manifold_ros' / 'engines').symlink_to(cache.root)
    command = [sys.executable, '-m', 'audio_manifold_ros', 'model', 'build-engine', str(street.folder)]
    root = Path(__file__).parents[3]
    environment = {'XDG_CACHE_HOME': str(tmp_path), 'PYTHONPATH': str(root), 'PATH': '/usr/bin:/bin'}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 'The engine exists' in done.stdout
    assert 'TensorRT' in done.stdout


def test_torch_predicts_the_same_on_cuda_and_cpu(street: Bundle) -> None:
    cuda, cpu = TorchBackend(street, 'cuda'), TorchBackend(street)
    for window in simulate_windows(street.manifest, 4):
        found, expected = cuda.run(window), cpu.run(window)
        assert np.mean(np.abs(found.depth_m / expected.depth_m - 1)) < 0.01
        assert (found.labels != expected.labels).mean() < 0.01
