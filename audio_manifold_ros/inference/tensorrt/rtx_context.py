# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX model that holds a compiled engine: one `EPContext` node (onnxruntime, contrib operators)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from audio_manifold_ros.inference.tensorrt.rtx_compiler import RtxEngine

OPERATOR, DOMAIN = 'EPContext', 'com.microsoft'
PROVIDER = 'NvTensorRTRTXExecutionProvider'
OPSET, IR_VERSION = 17, 8
IMAGE_DTYPES = {modality.image: modality.dtype for modality in MODALITIES.values()}


def wrap_engine(engine: RtxEngine, version: str) -> bytes:
    """Return a model of ONNX Runtime whose only node is an engine.

    The engine is embedded, so that one file is hashed and loaded.

    Args:
        engine: The compiled graph.
        version: Version of TensorRT for RTX.

    Raises:
        InferenceError: The package onnx is not installed.

    """
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        msg = f'The engine cannot be written: {error}. Install the package onnx.'
        raise InferenceError(msg) from None
    attributes: dict[str, Any] = {
        # Each node holds its own engine.
        'main_context': 0,
        'embed_mode': 1,
        'ep_cache_context': engine.content,
        'source': PROVIDER,
        # An engine for several compute capabilities.
        'hardware_architecture': '',
        'ep_sdk_version': version,
        'partition_name': f'{PROVIDER}_engine',
        'onnx_model_filename': '',
    }
    node = helper.make_node(OPERATOR, [*engine.inputs], [*engine.outputs], 'engine', domain=DOMAIN, **attributes)
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in engine.inputs.items()]
    outputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(np.dtype(IMAGE_DTYPES.get(name, np.float32))), shape
        )
        for name, shape in engine.outputs.items()
    ]
    model = helper.make_model(
        helper.make_graph([node], 'engine', inputs, outputs),
        opset_imports=[helper.make_opsetid('', OPSET), helper.make_opsetid(DOMAIN, 1)],
        ir_version=IR_VERSION,
        producer_name='audio_manifold_ros',
    )
    content: bytes = model.SerializeToString(deterministic=True)
    return content
