# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.tensorrt.engine_precision import LayerTypes, check_precision, layer_types


def layer(*types: str, kind: str = 'CaskConvolution') -> dict[str, object]:
    tensors = [{'Name': 'y', 'Dimensions': [1, 8], 'Format/Datatype': text} for text in types]
    return {'Name': 'conv', 'LayerType': kind, 'Inputs': [{'Format/Datatype': 'Float'}], 'Outputs': tensors}


def info(*layers: object) -> str:
    return json.dumps({'Layers': list(layers), 'Bindings': ['features', 'output0']})


# How versions of TensorRT write it.
HALVES = ['Half', 'Channel major FP16 format where channel % 8 == 0', 'Row major linear FP16 format']
SINGLES = ['Float', 'Row major linear FP32', 'Row major linear FP32 format']


@pytest.mark.parametrize('half', HALVES)
@pytest.mark.parametrize('single', SINGLES)
def test_layers_are_counted_by_what_they_give(half: str, single: str) -> None:
    text = info(layer(half), layer(half), layer(single), layer('Int64'), layer(kind='NoOp'))
    assert layer_types([text]) == LayerTypes(half=2, single=1)


def test_a_half_engine_may_search_codes_in_single_precision() -> None:
    check_precision(LayerTypes(half=40, single=9), 'fp16')
    check_precision(LayerTypes(half=0, single=49), 'fp32')


@pytest.mark.parametrize(
    ('types', 'precision'),
    [
        (LayerTypes(half=0, single=49), 'fp16'),  # what TensorRT 11 gives where flags ask for half precision
        (LayerTypes(half=10, single=39), 'fp16'),  # a cast before the end makes no half engine
        (LayerTypes(half=1, single=48), 'fp32'),
    ],
)
def test_another_precision_than_asked_for_is_refused(types: LayerTypes, precision: str) -> None:
    with pytest.raises(InferenceError, match=f'should compute in {precision}, but {types.half} of its layers'):
        check_precision(types, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize('text', [info('conv1 + relu1', 'conv2'), info(layer('Int8')), info(), 'no json', '[]'])
def test_an_engine_that_does_not_report_its_types_is_refused(text: str) -> None:
    with pytest.raises(InferenceError, match='does not report the precision'):
        layer_types([text])


def test_a_program_without_an_engine_is_refused() -> None:
    with pytest.raises(InferenceError, match='nothing was compiled'):
        layer_types([])
