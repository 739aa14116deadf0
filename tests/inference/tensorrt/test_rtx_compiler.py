# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT for RTX compiles the graphs of shipped bundles and of all systems as a whole, on a machine without a GPU."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime
import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.batch_features import window_features
from audio_manifold_ros.inference.backends.backend import INPUT_NAME, input_shape, output_names
from audio_manifold_ros.inference.bundle.bundle import WEIGHTS_FILE, Bundle
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from audio_manifold_ros.inference.tensorrt.rtx_build import build_rtx_engine, rtx_key
from audio_manifold_ros.inference.tensorrt.rtx_compiler import CAPABILITIES, RtxCompiler, RtxEngine
from audio_manifold_ros.inference.tensorrt.rtx_context import OPERATOR, wrap_engine
from audio_manifold_ros.inference.tensorrt.rtx_int8 import to_symmetric_int8
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.simulation.drive import Drive
from tests.inference.tensorrt.image_changes import Images, print_changes
from training.config.experiment_configuration import TrainingConfig
from training.export.onnx_graph import export_network

ROOT = Path(__file__).parents[3]
BUNDLES = sorted(path.parent for path in (ROOT / 'models').glob('*/manifest.json'))
SYSTEMS = sorted(
    path for path in (ROOT / 'training' / 'configs' / 'systems').glob('*.yaml') if path.stem not in {'base', 'omninet'}
)
MIN_CONVOLUTION_LAYERS = 5
MICROPHONES = 8
# Seeds of streets that no training has.
STREETS = range(900_000, 900_008)
# Columns of the table in docs/jetson.md.
SHOWN_CAPABILITIES = ('8.0', '8.6', '8.9', '12.0')


def is_installed() -> bool:
    try:
        RtxCompiler()
    except InferenceError:
        return False
    return True


def _print_engine(name: str, capabilities: tuple[str, ...], engine: RtxEngine) -> None:
    """Print a cell of the table in docs/jetson.md."""
    print(f'{name} {" ".join(capabilities)}: {engine.layers} layers {len(engine.content) / 1e6:.1f} MB')


needs_rtx = pytest.mark.skipif(
    not is_installed(),
    reason='needs TensorRT for RTX: pip install "audio_manifold_ros[trt-rtx]" (proprietary, optional)',
)


@pytest.fixture(scope='module')
def compiler() -> RtxCompiler:
    return RtxCompiler()


@needs_rtx
@pytest.mark.parametrize('folder', BUNDLES, ids=lambda folder: folder.name)
def test_the_graph_of_a_shipped_bundle_compiles_as_a_whole(folder: Path, compiler: RtxCompiler) -> None:
    bundle = Bundle.load(folder)
    expected = {INPUT_NAME: (1, *input_shape(bundle.manifest))}
    for capabilities in (*((one,) for one in SHOWN_CAPABILITIES), tuple(CAPABILITIES)):
        engine = compiler.compile(bundle.onnx_path, capabilities)
        assert engine.inputs == expected
        assert set(engine.outputs) == set(output_names(bundle.manifest))
        assert engine.layers > MIN_CONVOLUTION_LAYERS
        # The weights are in the engine: in single precision, so up to twice the size of the stored ones.
        assert len(engine.content) > bundle.weights_path.stat().st_size
        _print_engine(folder.name, capabilities, engine)


@needs_rtx
@pytest.mark.slow
@pytest.mark.parametrize('path', SYSTEMS, ids=lambda path: path.stem)
def test_the_graph_of_a_system_compiles_as_a_whole(path: Path, compiler: RtxCompiler, tmp_path: Path) -> None:
    config = TrainingConfig.from_yaml(path)
    network = PerceptionNetwork(
        PerceptionConfig(at_nets=config.at_nets, manifolds=config.manifolds, direct=config.direct)
    )
    spec = config.data.features
    exported = export_network(network, (MICROPHONES, spec.height, spec.width))
    (tmp_path / 'model.onnx').write_bytes(exported.onnx)
    (tmp_path / WEIGHTS_FILE).write_bytes(exported.weights)
    for capability in SHOWN_CAPABILITIES:
        engine = compiler.compile(tmp_path / 'model.onnx', (capability,))
        assert engine.inputs == {INPUT_NAME: (1, MICROPHONES, spec.height, spec.width)}
        assert set(engine.outputs) == set(network.config.output_names)
        assert engine.layers > MIN_CONVOLUTION_LAYERS
        _print_engine(path.stem, (capability,), engine)


@needs_rtx
def test_the_int8_graph_is_refused_as_it_is_and_accepted_when_derived(compiler: RtxCompiler) -> None:
    path = Bundle.load(ROOT / 'models' / 'paper_8x8').int8_path
    with pytest.raises(InferenceError, match=r'(?s)refuses the graph.*Int32'):
        compiler.compile(path, ('8.6',))
    derived = to_symmetric_int8(onnx.load(path))
    engine = compiler.compile(derived.SerializeToString(), ('8.6',))
    assert engine.inputs == {INPUT_NAME: (1, 8, 128, 128)}


@needs_rtx
def test_an_unknown_capability_and_a_damaged_graph_are_refused(compiler: RtxCompiler, tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match=r"\['9\.0'\]: give some of 8\.0"):
        compiler.compile(tmp_path / 'model.onnx', ('9.0',))
    (tmp_path / 'model.onnx').write_bytes(b'damaged')
    with pytest.raises(InferenceError, match='refuses the graph'):
        compiler.compile(tmp_path / 'model.onnx', ('8.6',))


@needs_rtx
def test_an_engine_is_built_once_and_is_unusable_until_it_is_compared(tmp_path: Path, compiler: RtxCompiler) -> None:
    bundle, cache, lines = Bundle.load(ROOT / 'models' / 'street'), EngineCache(tmp_path / 'engines'), []
    built = build_rtx_engine(bundle, compiler, cache=cache, report=lines.append)
    assert build_rtx_engine(bundle, compiler, cache=cache, report=lines.append) == built
    assert 'The engine exists' in lines[-1]
    key = rtx_key(bundle, 'fp32', compiler.version)
    assert cache.find(key, pytest.fail, unchecked=True) == built
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'has not been compared with the network' in warnings[0]


@needs_rtx
def test_the_context_model_is_valid_onnx_with_the_interface_of_the_graph(compiler: RtxCompiler) -> None:
    bundle = Bundle.load(ROOT / 'models' / 'street')
    engine = compiler.compile(bundle.onnx_path, ('8.6',))
    model = onnx.load_from_string(wrap_engine(engine, compiler.version))
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == [OPERATOR]
    original = onnx.load(bundle.onnx_path, load_external_data=False)
    types = {value.name: value.type for value in original.graph.output}
    assert {value.name: value.type.tensor_type.elem_type for value in model.graph.output} == {
        name: kind.tensor_type.elem_type for name, kind in types.items()
    }


def test_both_int8_graphs_predict_nearly_what_the_graph_in_single_precision_predicts() -> None:
    bundle = Bundle.load(ROOT / 'models' / 'paper_8x8')
    derived = to_symmetric_int8(onnx.load(bundle.int8_path))
    onnx.checker.check_model(derived)
    kinds = {tensor.name: tensor.data_type for tensor in derived.graph.initializer}
    for node in derived.graph.node:
        if node.op_type in {'QuantizeLinear', 'DequantizeLinear'}:
            assert kinds[node.input[2]] == onnx.TensorProto.INT8
    sessions = [
        onnxruntime.InferenceSession(graph.SerializeToString(), providers=['CPUExecutionProvider'])
        for graph in (onnx.load(bundle.onnx_path), onnx.load(bundle.int8_path), derived)
    ]
    spec, outputs = bundle.manifest.features, []
    for seed in STREETS:
        audio = Drive(seed, ROOT / 'calibration' / 'roof_octagon', 1.0).audio(0, spec.window_samples)
        features = window_features(audio, spec)[None]
        outputs.append([Images(*session.run(['depth_m', 'labels'], {INPUT_NAME: features})) for session in sessions])
    for index, name in ((1, 'int8'), (2, 'derived int8')):
        depth_change, labels_changed = print_changes(name, ((found[0], found[index]) for found in outputs))
        assert depth_change < 0.03
        assert labels_changed < 0.04
