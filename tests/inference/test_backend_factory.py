# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file, save

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference import backend_factory
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.rig.rig import MicrophoneArray
from training.export.onnx_graph import export_network

# Both backends compute in single precision from the same weights: only the order of sums differs.
SAME_RELATIVE = 1e-4
# Half precision keeps 11 bits; what the random networks of these tests make of that.
HALF_RELATIVE = 5e-3
# A class may change where two logits are equal within rounding.
SAME_LABELS = 0.999


def assert_agree(first: np.ndarray, second: np.ndarray, relative: float) -> None:
    if first.dtype == np.uint8:
        assert (first == second).mean() >= SAME_LABELS
    else:
        np.testing.assert_allclose(first, second, rtol=relative, atol=relative)


GIVEN = {'depth': {'depth_m', 'depth_distance'}, 'segmentation': {'labels', 'segmentation_distance'}}


@pytest.mark.parametrize('modalities', [('depth',), ('segmentation',), ('depth', 'segmentation')])
def test_backends_agree(
    array: MicrophoneArray,
    windows: np.ndarray,
    tmp_path: Path,
    network_of: Callable[..., PerceptionNetwork],
    write_small: Callable[..., Bundle],
    modalities: tuple[str, ...],
) -> None:
    bundle = write_small(tmp_path / 'bundle', network_of(modalities), array)
    pair = open_backend(bundle, 'onnx'), open_backend(bundle, 'torch')
    for window in windows:
        first, second = (backend.run(window).tensors() for backend in pair)
        assert first.keys() == second.keys() == set().union(*(GIVEN[modality] for modality in modalities))
        for name in first:
            assert_agree(first[name], second[name], SAME_RELATIVE)


def test_backends_agree_on_a_system_without_a_manifold(
    array: MicrophoneArray, windows: np.ndarray, tmp_path: Path, write_small: Callable[..., Bundle]
) -> None:
    torch.manual_seed(0)
    sizes = {'width': 0.125, 'fused': [8, 12], 'depth': [16, 24], 'segmentation': [12, 20]}
    values = {'omninet': {'mics': 2, 'modalities': ['depth', 'segmentation'], **sizes}, 'microphones': [6, 1]}
    system = SingleStageNetwork(SingleStageConfig.from_dict(values)).eval()
    bundle = write_small(tmp_path / 'bundle', PerceptionNetwork.from_trained([], {}, direct=[system]), array)
    pair = open_backend(bundle, 'onnx'), open_backend(bundle, 'torch')
    for window in windows:
        first, second = (backend.run(window).tensors() for backend in pair)
        for name in first:
            assert_agree(first[name], second[name], SAME_RELATIVE)
        assert (first['depth_distance'] == 1).all()
        confidence = bundle.manifest.confidence.image(pair[0].run(window), 128, 128)
        assert np.isfinite(confidence).all()


def test_the_shipped_bundle_and_its_graph_agree(windows: np.ndarray) -> None:
    bundle = Bundle.load(resource_path('models/paper_8x8'))
    pair = open_backend(bundle, 'onnx'), open_backend(bundle, 'torch')
    for window in windows:
        first, second = (backend.run(window).tensors() for backend in pair)
        for name in first:
            assert_agree(first[name], second[name], SAME_RELATIVE)


def test_half_precision_changes_little(bundle: Bundle, network: PerceptionNetwork, windows: np.ndarray) -> None:
    backend = open_backend(bundle, 'onnx')
    with torch.inference_mode():
        expected = [tensor.numpy() for tensor in network(torch.from_numpy(windows))]
    for index, window in enumerate(windows):
        output = backend.run(window).tensors()
        for name, tensor in zip(network.config.output_names, expected, strict=True):
            same = np.isclose(output[name], tensor[index], rtol=HALF_RELATIVE, atol=HALF_RELATIVE)
            # Where two codes are equally near, a cell (1/64 of an image) may take the other one.
            assert same.mean() > 0.95, name


def test_the_weights_are_stored_once(bundle: Bundle) -> None:
    graph = onnx.load(bundle.onnx_path, load_external_data=False)
    assert bundle.onnx_path.stat().st_size < 100_000
    assert all(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.graph.initializer)
    places = {
        entry.value for tensor in graph.graph.initializer for entry in tensor.external_data if entry.key == 'location'
    }
    assert places == {'weights.safetensors'}
    stored = load_file(bundle.weights_path)
    halves = sum(values.nbytes for values in stored.values() if values.dtype == np.float16)
    assert halves > 0.8 * sum(values.nbytes for values in stored.values())


def test_the_graph_is_valid_onnx(bundle: Bundle) -> None:
    onnx.checker.check_model(str(bundle.onnx_path), full_check=True)


def test_outputs_belong_to_the_caller(bundle: Bundle, windows: np.ndarray) -> None:
    for name in ('onnx', 'torch'):
        backend = open_backend(bundle, name)
        first = backend.run(windows[0])
        before = first.depth_m.copy()
        backend.run(windows[1])
        np.testing.assert_array_equal(first.depth_m, before)


@pytest.mark.parametrize('name', ['onnx', 'torch'])
def test_foreign_features_are_refused(bundle: Bundle, windows: np.ndarray, name: str) -> None:
    backend = open_backend(bundle, name)
    for wrong in (windows[0][:4], windows[0].astype(np.float64), windows):
        with pytest.raises(InferenceError, match=r'the bundle takes float32 \(8, 128, 128\)'):
            backend.run(wrong)
    with pytest.raises(InferenceError, match='is not finite'):
        backend.run(np.full_like(windows[0], np.nan))
    assert np.isfinite(backend.run(windows[0]).depth_m).all(), 'a refusal does not prevent the next prediction'


REFUSED = [
    ({'name': 'tensorrt', 'engine_policy': 'off'}, "the engine policy is 'off'"),
    ({'name': 'tensorrt', 'engine_policy': 'perhaps'}, "'perhaps': give one of require, build, load_only, off"),
    ({'name': 'tensorflow'}, r"'tensorflow': give one of \['auto', 'onnx', 'tensorrt', 'tensorrt_rtx', 'torch'\]"),
    ({'name': 'onnx', 'device': 'cuda:x'}, "device is 'cuda:x'"),
    ({'name': 'torch', 'device': 'abacus'}, "device is 'abacus'"),
    ({'name': 'torch', 'device': 'cuda:99'}, "'cuda:99', but PyTorch finds"),
    ({'name': 'onnx', 'threads': 0}, '0 threads'),
    ({'name': 'onnx', 'precision': 'int4'}, "precision is 'int4': give one of float32, int8"),
    ({'name': 'onnx', 'precision': 'int8'}, r'has no model.int8.onnx: make it with audio-manifold train quantize'),
    ({'name': 'torch', 'precision': 'int8'}, "'torch' chooses its own precision, not 'int8'"),
    ({'name': 'onnx', 'cores': (0, 0)}, r'cores are \[0, 0\]: give some of'),
    ({'name': 'onnx', 'cores': (9999,)}, r'cores are \[9999\]: give some of'),
]


@pytest.mark.parametrize(('choice', 'message'), REFUSED)
def test_a_wrong_choice_is_refused_by_name(bundle: Bundle, choice: dict[str, object], message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        open_backend(bundle, **choice)


def test_auto_gives_its_reason(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_factory, 'cuda_devices', lambda: 0)
    chosen = open_backend(bundle)
    assert chosen.name == 'onnx'
    assert 'there is no CUDA device' in chosen.reason


@pytest.mark.skipif('CUDAExecutionProvider' in onnxruntime.get_available_providers(), reason='ONNX Runtime has CUDA')
def test_onnx_does_not_fall_back_from_cuda_silently(bundle: Bundle) -> None:
    with pytest.raises(InferenceError, match=r"'cuda', but ONNX Runtime .* has no CUDAExecutionProvider"):
        open_backend(bundle, 'onnx', device='cuda')


def test_auto_without_torch_gives_its_reason(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_factory, 'cuda_devices', lambda: 1)
    monkeypatch.setattr(backend_factory, 'find_spec', lambda _name: None)
    chosen = open_backend(bundle, warn=pytest.fail)
    assert chosen.name == 'onnx'
    assert 'torch is not installed' in chosen.reason


@pytest.mark.skipif(torch.cuda.is_available(), reason='torch can use the CUDA device of this machine')
def test_auto_falls_back_when_torch_cannot_use_the_device(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_factory, 'cuda_devices', lambda: 1)
    chosen = open_backend(bundle, warn=pytest.fail)
    assert chosen.name == 'onnx'
    assert "torch on CUDA: The device is 'cuda', but PyTorch finds 0 CUDA devices" in chosen.reason


ORDER = ['tensorrt', 'tensorrt_rtx', 'torch on CUDA', 'onnx on CUDA', 'onnx on the CPU']


class Ladder:
    """Ladder of which only selected entries work. It records the order of the attempts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, works: set[str]) -> None:
        self.tried: list[str] = []
        self._works = works
        monkeypatch.setattr(backend_factory, 'cuda_devices', lambda: 1)
        monkeypatch.setattr(backend_factory, 'LADDER', {name: self._entry(name) for name in backend_factory.LADDER})
        monkeypatch.setattr(backend_factory, '_open_engine', self._entry('tensorrt'))
        monkeypatch.setattr(backend_factory, '_open_cpu', self._entry('onnx on the CPU'))

    def _entry(self, name: str) -> Callable[..., object]:
        def start(_bundle: Bundle, _request: object, reason: str) -> object:
            self.tried.append(name)
            if name not in self._works:
                msg = f'no {name} here'
                raise InferenceError(msg)
            return SimpleNamespace(name=name, reason=reason)

        return start


@pytest.mark.parametrize('first', range(len(ORDER)))
def test_auto_takes_the_fastest_that_works_and_gives_reasons(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    ladder = Ladder(monkeypatch, set(ORDER[first:]))
    chosen = open_backend(bundle, warn=pytest.fail)
    assert chosen.name == ORDER[first]
    assert ladder.tried == ORDER[: first + 1]
    assert all(f'no {name} here' in chosen.reason for name in ORDER[:first])


@pytest.mark.parametrize('policy', ['build', 'load_only'])
def test_without_its_engine_tensorrt_warns_once_and_the_next_best_serves(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    ladder, warnings = Ladder(monkeypatch, set(ORDER[1:])), []
    chosen = open_backend(bundle, 'tensorrt', engine_policy=policy, warn=warnings.append)
    assert chosen.name == 'tensorrt_rtx'
    assert ladder.tried == ORDER[:2]
    assert warnings == ['no tensorrt here. The next best backend is used.']
    assert 'no tensorrt here' in chosen.reason


@pytest.mark.parametrize('name', ['auto', 'tensorrt'])
def test_a_required_engine_is_not_replaced(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    ladder = Ladder(monkeypatch, set(ORDER[1:]))
    with pytest.raises(InferenceError, match='no tensorrt here'):
        open_backend(bundle, name, engine_policy='require', warn=pytest.fail)
    assert ladder.tried == ['tensorrt']


def test_without_a_gpu_tensorrt_warns_and_the_cpu_serves(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_factory, 'cuda_devices', lambda: 0)
    warnings: list[str] = []
    chosen = open_backend(bundle, 'tensorrt', warn=warnings.append)
    assert chosen.name == 'onnx'
    assert warnings == ['TensorRT cannot be used: there is no CUDA device. The next best backend is used.']


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device that torch can use')
def test_auto_takes_cuda(bundle: Bundle, windows: np.ndarray) -> None:
    chosen = open_backend(bundle)
    assert chosen.name == 'torch'
    expected = open_backend(bundle, 'onnx').run(windows[0])
    assert 'half precision' in chosen.reason
    # Half precision keeps 11 bits; where two codes are equally near, a cell may take the other one.
    assert np.isclose(chosen.run(windows[0]).depth_m, expected.depth_m, rtol=2e-2).mean() > 0.95


def test_weights_of_other_networks_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    weights = load_file(bundle.weights_path)
    weights.pop('codebooks.depth.codebook')
    lacking = write_bundle(tmp_path / 'lacking', bundle.manifest, {**files, 'weights.safetensors': save(weights)})
    with pytest.raises(InferenceError, match=r"lacks \['codebooks\.depth\.codebook'\]"):
        open_backend(lacking, 'torch')
    with pytest.raises(InferenceError, match=r'weights\.safetensors'):
        write_bundle(tmp_path / 'garbage', bundle.manifest, {**files, 'weights.safetensors': b'garbage'})
    # A header without tensors is readable, but neither backend finds its weights.
    bare = write_bundle(tmp_path / 'bare', bundle.manifest, {**files, 'weights.safetensors': save({})})
    for name in ('onnx', 'torch'):
        with pytest.raises(InferenceError, match=r'model\.onnx|lacks|too small'):
            open_backend(bare, name)


def test_a_damaged_or_different_graph_is_refused(
    bundle: Bundle, network_of: Callable[..., PerceptionNetwork], tmp_path: Path
) -> None:
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    with pytest.raises(InferenceError, match=r'model\.onnx is not a valid ONNX graph'):
        write_bundle(tmp_path / 'broken', bundle.manifest, {**files, 'model.onnx': b'no graph'})
    # The header of a graph without nodes: its references are valid, but the runtime rejects it.
    empty = write_bundle(tmp_path / 'empty', bundle.manifest, {**files, 'model.onnx': b'\x08\x08'})
    with pytest.raises(InferenceError, match=r'cannot load .*model\.onnx'):
        open_backend(empty, 'onnx')
    other = export_network(network_of(('depth',)), (8, 128, 128))
    swapped = write_bundle(
        tmp_path / 'swapped', bundle.manifest, {**files, 'model.onnx': other.onnx, 'weights.safetensors': other.weights}
    )
    with pytest.raises(InferenceError, match='its manifest states'):
        open_backend(swapped, 'onnx')


def test_networks_that_cannot_be_built_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    manifest = replace(bundle.manifest, networks={'at_nets': []})
    wrong = write_bundle(tmp_path / 'wrong', manifest, files)
    with pytest.raises(InferenceError, match='networks: '):
        open_backend(wrong, 'torch')


NODE_SIDE = """
import json, sys
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle
import audio_manifold_ros.inference.pipeline
backend = open_backend(Bundle.load(sys.argv[1]), 'auto')
print(json.dumps([backend.name, sorted({'torch', 'onnx', 'lightning', 'rclpy', 'training'} & set(sys.modules))]))
"""


@pytest.mark.skipif(backend_factory.cuda_devices() > 0, reason='auto takes torch where there is a CUDA device')
def test_the_node_side_never_imports_torch_and_runs_from_any_folder(bundle: Bundle, tmp_path: Path) -> None:
    root = str(Path(backend_factory.__file__).parents[2])
    result = subprocess.run(
        [sys.executable, '-c', NODE_SIDE, str(bundle.folder)],
        cwd=tmp_path,
        env={'PYTHONPATH': root, 'PATH': ''},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(result.stdout) == ['onnx', []]


def test_the_small_network_predicts(bundle: Bundle, windows: np.ndarray) -> None:
    first, second = (open_backend(bundle, 'onnx').run(window) for window in windows[:2])
    assert first.depth_m.std() > 1.0
    assert (first.depth_m != second.depth_m).mean() > 0.1, 'comparisons of constants would prove nothing'
    assert (first.labels != second.labels).any()


def test_threads_are_pinned_to_the_given_cores(bundle: Bundle, windows: np.ndarray) -> None:
    """Pin the calling thread by the first prediction, and no other thread of the process."""
    cores = sorted(os.sched_getaffinity(0))
    before = {thread: os.sched_getaffinity(thread) for thread in own_threads()}
    backend = open_backend(bundle, 'onnx', cores=tuple(cores[:2]))
    assert {thread: os.sched_getaffinity(thread) for thread in before} == before
    started = own_threads() - set(before)
    assert {frozenset(os.sched_getaffinity(thread)) for thread in started} <= {frozenset(cores[1:2])}
    found: list[set[int]] = []

    def predict() -> None:
        backend.run(windows[0])
        found.append(os.sched_getaffinity(0))

    worker = threading.Thread(target=predict)
    worker.start()
    worker.join()
    assert found == [{cores[0]}]
    assert os.sched_getaffinity(0) == set(cores)
    assert f'on the cores {", ".join(map(str, cores[:2]))}' in backend.reason


def own_threads() -> set[int]:
    return {int(path.name) for path in Path('/proc/self/task').iterdir()}
