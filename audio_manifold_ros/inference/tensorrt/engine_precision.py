# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""In which precision an engine computes, by what the engine itself says of its layers."""

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
    """How many layers give half and how many single precision; those that give neither are left out."""

    half: int
    single: int


def layer_types(infos: Iterable[str]) -> LayerTypes:
    """Count the layers of engines by what they give.

    Args:
        infos: What the inspector of each engine says, JSON.

    Raises:
        InferenceError: There is no engine, or an inspector says nothing of types.

    """
    texts = list(infos)
    if not texts:
        msg = 'The compiled program holds no TensorRT engine: nothing was compiled.'
        raise InferenceError(msg)
    output_types = [_output_types(layer) for text in texts for layer in _layers(text)]
    half, single = (sum(bool(kind.search(types)) for types in output_types) for kind in (HALF, SINGLE))
    if not half + single:
        msg = 'The engine does not say in which precision its layers compute, and without that it is not believed.'
        raise InferenceError(msg)
    return LayerTypes(half, single)


def check_precision(types: LayerTypes, precision: Precision) -> None:
    """Refuse an engine of another precision than the one asked for.

    In half precision the normalisation of the input and the search for codes still are single precision.

    Raises:
        InferenceError: It is another.

    """
    half_ratio = types.half / (types.half + types.single)
    is_valid = half_ratio >= MIN_HALF_RATIO if precision == FP16 else half_ratio == 0
    if not is_valid:
        msg = (
            f'The engine was to compute in {precision}, but {types.half} of its layers are half and {types.single} '
            'single precision: the compiler did not do what it was told.'
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
    """Return the types of a layer's outputs, in words."""
    outputs = layer.get('Outputs', [])
    return ' '.join(str(output.get(FORMAT_KEY, '')) for output in outputs if isinstance(output, dict))
