# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision of an engine, from the report of the engine inspector on its layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import parse_json
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, Precision

# TensorRT names types `Half` and `Float`; older versions write `… FP16 format` and `… FP32 format`.
HALF = re.compile(r'\b(half|fp16|float16)\b', re.IGNORECASE)
SINGLE = re.compile(r'\b(float|fp32|float32)\b', re.IGNORECASE)
FORMAT_KEY = 'Format/Datatype'
MIN_HALF_RATIO = 0.5


@dataclass(frozen=True)
class LayerTypes:
    """Numbers of layers with outputs in half and in single precision. Other layers are not counted."""

    half: int
    single: int


def layer_types(infos: Iterable[str]) -> LayerTypes:
    """Count the layers of engines by the precision of their outputs.

    Args:
        infos: JSON report of the inspector of each engine.

    Raises:
        InferenceError: There is no engine, or no report names a type.

    """
    texts = list(infos)
    if not texts:
        msg = 'The compiled program holds no TensorRT engine: nothing was compiled.'
        raise InferenceError(msg)
    output_types = [_output_types(layer) for text in texts for layer in _layers(text)]
    half, single = (sum(bool(kind.search(types)) for types in output_types) for kind in (HALF, SINGLE))
    if not half + single:
        msg = 'The engine does not report the precision of its layers, so that it cannot be checked: it is not used.'
        raise InferenceError(msg)
    return LayerTypes(half, single)


def check_precision(types: LayerTypes, precision: Precision) -> None:
    """Refuse an engine with another precision than the requested one.

    A half precision engine still has single precision in the normalisation of the input and the search for codes.

    Raises:
        InferenceError: The engine has another precision.

    """
    half_ratio = types.half / (types.half + types.single)
    is_valid = half_ratio >= MIN_HALF_RATIO if precision == FP16 else half_ratio == 0
    if not is_valid:
        msg = (
            f'The engine should compute in {precision}, but {types.half} of its layers are half and {types.single} '
            'single precision: the compiler ignored the option.'
        )
        raise InferenceError(msg)


def _layers(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        parsed = parse_json(text, 'The report of the engine inspector', InferenceError, 'Use another TensorRT.')
    except InferenceError:
        return
    layers = parsed.get('Layers', []) if isinstance(parsed, dict) else parsed
    yield from (layer for layer in layers if isinstance(layer, dict))


def _output_types(layer: Mapping[str, Any]) -> str:
    """Return the names of the types of the outputs of a layer."""
    outputs = layer.get('Outputs', [])
    return ' '.join(str(output.get(FORMAT_KEY, '')) for output in outputs if isinstance(output, dict))
