# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rewritten graphs: the same results with other operators."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.export.rewriting import rewrite_graph
from training.export.rewriting.interpolated_images import interpolation

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 2e-5
CLASSES = 5


def normalised(channels: int) -> nn.BatchNorm2d:
    """Return batch normalisation with statistics and factors other than 0 and 1."""
    layer = nn.BatchNorm2d(channels)
    for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
        assert values is not None
        nn.init.uniform_(values, 0.5, 1.5)
    return layer


class ClassesOfInterpolatedMaps(nn.Module):
    def __init__(self, *, is_doubled: bool) -> None:
        super().__init__()
        size = 16 if is_doubled else 32
        doubled = [nn.Upsample(scale_factor=2.0), nn.Conv2d(3, 8, 3, padding=1), normalised(8), nn.ReLU()]
        self.maps = nn.Sequential(*(doubled if is_doubled else []), nn.Conv2d(8 if is_doubled else 3, CLASSES, 1))
        self.register_buffer('prior', torch.randn(1, CLASSES, 64, 64))
        self.register_buffer('bias', torch.randn(1, CLASSES, 1, 1))
        self.shape = (1, 3, size, size)

    def forward(self, x: Tensor) -> Tensor:
        enlarged = functional.interpolate(self.maps(x), size=(64, 64), mode='bilinear', align_corners=False)
        return (enlarged + self.prior + self.bias).argmax(dim=1).to(torch.uint8)


class ClassesOfMaps(nn.Module):
    shape = (1, CLASSES, 16, 12)

    def forward(self, x: Tensor) -> Tensor:
        return (2 * x).argmax(dim=1)


class DepthOfInterpolatedMap(nn.Module):
    shape = (1, 1, 16, 16)

    def forward(self, x: Tensor) -> Tensor:
        enlarged: Tensor = functional.interpolate(x, size=(64, 48), mode='bilinear', align_corners=False)
        return 0.5 * 80.0 ** enlarged.clip(0.0, 1.0)


class InterpolatedColumns(nn.Module):
    shape = (1, 6, 1, 64)

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(x[..., 8:56], size=(1, 32), mode='bilinear', align_corners=False)


class DoubledMaps(nn.Module):
    shape = (1, 4, 16, 20)

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), normalised(6), nn.ReLU())
        self.narrow = nn.Sequential(nn.Conv2d(4, 6, 1, bias=False), normalised(6))

    def forward(self, x: Tensor) -> Tensor:
        doubled = functional.interpolate(x, scale_factor=2.0)
        result: Tensor = self.wide(doubled) + self.narrow(doubled)
        return result


class ClosedCircle(nn.Module):
    shape = (1, 2, 9, 24)

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2, 2, (3, 5), stride=(1, 2), padding=(0, 2)), normalised(2), nn.ReLU())
            for _ in range(3)
        )
        self.columns = nn.Conv2d(2 * 3, 4, (1, 5), padding=(0, 2))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(torch.cat([x[:, :, -1:], x, x[:, :, :1]], dim=2))
        result: Tensor = self.columns(x.transpose(2, 3).flatten(1, 2)[:, :, None])
        return result


class FlattenedMaps(nn.Module):
    shape = (1, 3, 8, 6)

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.dense = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4 * 4 * 3, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.dense(self.maps(x).flatten(1)[:, :, None, None])
        return result


class NormalisedSum(nn.Module):
    shape = (1, 4, 1, 10)

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer('place', torch.randn(1, 4, 8, 10))
        self.joined = nn.Sequential(normalised(4), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.joined(self.place + x + x.mean(dim=(2, 3), keepdim=True))
        return result


# Network, operators that the rewritten graph lacks, and those that it has instead.
CASES: dict[str, tuple[nn.Module, tuple[str, ...], dict[str, int]]] = {
    'classes of interpolated maps': (
        ClassesOfInterpolatedMaps(is_doubled=False),
        ('Resize',),
        {'ArgMax': 4, 'Gemm': 4},
    ),
    'classes of doubled and interpolated maps': (
        ClassesOfInterpolatedMaps(is_doubled=True),
        ('Resize', 'DepthToSpace'),
        {'Conv': 8, 'Gemm': 4},
    ),
    'classes': (ClassesOfMaps(), (), {'Transpose': 1, 'ArgMax': 1}),
    'depth of an interpolated map': (DepthOfInterpolatedMap(), ('Resize', 'Pow'), {'MatMul': 2, 'Exp': 1}),
    'interpolated columns': (InterpolatedColumns(), ('Resize', 'Slice'), {'MatMul': 1}),
    'doubled maps': (DoubledMaps(), (), {'Conv': 5, 'DepthToSpace': 1, 'Resize': 1}),
    'closed circle': (ClosedCircle(), ('Reshape',), {'Concat': 1, 'Slice': 2}),
    'flattened maps': (FlattenedMaps(), ('Flatten', 'Unsqueeze'), {'Conv': 2}),
    'normalised sum': (NormalisedSum(), ('BatchNormalization', 'ReduceMean'), {'GlobalAveragePool': 1, 'Conv': 1}),
}


def traced(network: nn.Module, shape: tuple[int, ...], folder: Path) -> onnx.ModelProto:
    path = folder / 'graph.onnx'
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(shape),),
            path,
            dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            opset_version=17,
            input_names=['x'],
        )
    return onnx.load(path)


def run(model: onnx.ModelProto, values: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    result: np.ndarray = session.run(None, {'x': values})[0]
    return result


@pytest.mark.parametrize('name', CASES)
def test_a_rewritten_graph_computes_the_same_with_other_operators(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, absent, present = CASES[name]
    shape = network.eval().shape
    assert isinstance(shape, tuple)
    features = torch.randn(shape)
    model = rewrite_graph(traced(network, shape, tmp_path))
    onnx.checker.check_model(model)
    found = run(model, features.numpy())
    with torch.inference_mode():
        expected = network(features).numpy()
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert np.ptp(expected) > 0
    # Weights are changed by operators that ONNX Runtime computes when it loads the graph.
    weights = {weight.name for weight in model.graph.initializer}
    operators: Counter[str] = Counter()
    for node in model.graph.node:
        if weights.issuperset(node.input):
            weights |= set(node.output)
        else:
            operators[node.op_type] += 1
    assert not operators.keys() & set(absent)
    # TensorRT refuses slices of maps without their axes.
    assert all(len(node.input) > 3 for node in model.graph.node if node.op_type == 'Slice')
    assert {operator: operators[operator] for operator in present} == present


def test_a_graph_without_patterns_stays_as_it_is(tmp_path: Path) -> None:
    model = traced(nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU()), (1, 3, 9, 9), tmp_path)
    before = [(node.op_type, tuple(node.input)) for node in model.graph.node]
    assert [(node.op_type, tuple(node.input)) for node in rewrite_graph(model).graph.node] == before


@pytest.mark.parametrize(('known', 'wanted'), [(32, 128), (48, 32), (8, 8), (16, 24)])
def test_the_interpolation_is_that_of_torch(known: int, wanted: int) -> None:
    values = torch.randn(1, 1, 1, known)
    expected = functional.interpolate(values, size=(1, wanted), mode='bilinear', align_corners=False)
    found = values.numpy()[0, 0, 0] @ interpolation(known, wanted).T
    np.testing.assert_allclose(found, expected.numpy()[0, 0, 0], atol=TOLERANCE)
