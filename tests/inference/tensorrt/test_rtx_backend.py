# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backend of TensorRT for RTX: what it refuses where there is no GPU, no plug-in, no engine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.inference.tensorrt import rtx_backend
from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, METADATA_FILE, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_metadata import FORMAT_VERSION, EngineMetadata
from audio_manifold_ros.inference.tensorrt.rtx_backend import RtxBackend
from audio_manifold_ros.inference.tensorrt.rtx_build import rtx_key

VERSION = '1.7.1'


class CpuSession:
    """Session with the interface of an engine: the graph of the bundle on the CPU, with an offset of the depth."""

    def __init__(self, bundle: Bundle, depth_factor: float) -> None:
        self._backend = OnnxBackend(bundle)
        self._depth_factor = depth_factor

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        output: NetworkOutput = self._backend.run(inputs['features'][0])
        tensors = output.tensors()
        arrays = {name: np.asarray(tensors[name])[None] for name in names}
        arrays['depth_m'] = arrays['depth_m'] * np.float32(self._depth_factor)
        return [arrays[name] for name in names]


@pytest.fixture
def cache(tmp_path: Path, bundle: Bundle) -> EngineCache:
    """Return a cache with an engine that no GPU has compared with the network."""
    cache = EngineCache(tmp_path / 'engines')
    key = rtx_key(bundle, 'fp32', VERSION)
    with cache.lock(key, pytest.fail), cache.scratch(key) as scratch:
        engine = scratch / ENGINE_FILE
        engine.write_bytes(b'engine')
        digest = hashlib.sha256(b'engine').hexdigest()
        metadata = EngineMetadata(FORMAT_VERSION, bundle.manifest.name, key, 6, digest, '2026-11-29', 1.0, None)
        cache.store(key, engine, metadata)
    return cache


def use_session(monkeypatch: pytest.MonkeyPatch, bundle: Bundle, depth_factor: float = 1.0) -> None:
    """Let the backend use a session on the CPU in place of the plug-in, which needs a GPU."""
    monkeypatch.setattr(rtx_backend, '_open_device', lambda _: (SimpleNamespace(), VERSION))
    monkeypatch.setattr(rtx_backend, '_open_session', lambda *_: CpuSession(bundle, depth_factor))


def test_an_engine_is_compared_once_and_then_used(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle, cache: EngineCache
) -> None:
    use_session(monkeypatch, bundle)
    backend = RtxBackend(bundle, pytest.fail, cache=cache)
    assert 'TensorRT for RTX 1.7.1, fp32' in backend.reason
    stored = cache.metadata(rtx_key(bundle, 'fp32', VERSION))
    assert stored.check.changes['depth'] == 0.0
    monkeypatch.setattr(rtx_backend, 'OnnxBackend', None)  # a second comparison would call it
    features = np.zeros((8, 128, 128), np.float32)
    output = RtxBackend(bundle, pytest.fail, cache=cache).run(features)
    np.testing.assert_array_equal(output.depth_m, OnnxBackend(bundle).run(features).depth_m)


def test_an_engine_that_differs_is_set_aside(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle, cache: EngineCache
) -> None:
    use_session(monkeypatch, bundle, depth_factor=1.1)
    warnings: list[str] = []
    with pytest.raises(InferenceError, match=r'changes depth by 10\.000%'):
        RtxBackend(bundle, warnings.append, cache=cache)
    assert 'set aside' in warnings[0]
    with pytest.raises(InferenceError, match=r'has no engine.*--toolchain tensorrt-rtx'):
        RtxBackend(bundle, warnings.append, cache=cache)


def test_a_changed_engine_is_not_used(monkeypatch: pytest.MonkeyPatch, bundle: Bundle, cache: EngineCache) -> None:
    use_session(monkeypatch, bundle)
    folder = cache.folder(rtx_key(bundle, 'fp32', VERSION))
    (folder / ENGINE_FILE).write_bytes(b'enginE')
    assert json.loads((folder / METADATA_FILE).read_text())['check'] is None
    warnings: list[str] = []
    with pytest.raises(InferenceError, match='has no engine'):
        RtxBackend(bundle, warnings.append, cache=cache)
    assert 'truncated or was changed' in warnings[0]


def test_without_a_gpu_the_reason_is_stated(bundle: Bundle) -> None:
    with pytest.raises(InferenceError, match='TensorRT for RTX cannot be used'):
        open_backend(bundle, 'tensorrt_rtx')


def test_an_old_onnx_runtime_is_named(monkeypatch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    monkeypatch.delattr(rtx_backend.onnxruntime, 'register_execution_provider_library')
    with pytest.raises(InferenceError, match=r'takes no plug-ins: install version 1\.24'):
        RtxBackend(bundle, pytest.fail)
