# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of a perception network as an ONNX graph whose weights are external data in a safetensors file."""

from __future__ import annotations

import json
import struct
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from safetensors.numpy import save

from audio_manifold_ros.inference.backends.backend import INPUT_NAME
from audio_manifold_ros.inference.backends.onnx_backend import PRIOR_WEIGHTS
from audio_manifold_ros.inference.backends.torch_backend import TRAINING_ONLY
from audio_manifold_ros.inference.bundle.bundle import WEIGHTS_FILE
from training.export.rewriting import rewrite_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.networks.perception_network import PerceptionNetwork

OPSET = 17
HALF_SUFFIX = '.half'
# Smaller tensors (biases, statistics of batch normalisation, codebooks) stay in single precision. Together they are
# below 1 % of the file, and the nearest code must not depend on rounding.
MIN_HALF_ELEMENTS = 8192
MAX_INLINE_BYTES = 65_536
ONNX_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16}


@dataclass(frozen=True)
class ExportedNetwork:
    """Content of the graph file and its weight file."""

    onnx: bytes
    weights: bytes


def export_network(
    network: PerceptionNetwork,
    shape: tuple[int, ...],
    *,
    half: bool = True,
    batch: int = 1,
    metadata: Mapping[str, str] | None = None,
    rewrite: bool = True,
) -> ExportedNetwork:
    """Return graph and weights of a network.

    Batch normalisation is not folded here, so that the graph's weights are those of the state dict. ONNX Runtime
    folds it, and the casts from half precision, when it loads the graph.

    Args:
        network: Network in evaluation mode.
        shape: Shape of the features of one window: (mic, height, width), or (size,) of spatial features.
        half: Store large tensors in half precision.
        batch: Batch size of the graph. It is 1 in a bundle.
        metadata: Description that both files contain.
        rewrite: Rewrite the graph for a processor (`rewrite_graph`). Without, it has the operators of the networks.

    Raises:
        ValueError: The graph contains weights that are not in the state dict.

    """
    model = _trace(network, (batch, *shape))
    if rewrite:
        model = rewrite_graph(model)
    tensors = _tensors(network, model, half=half)
    weights = with_header_metadata(save(tensors), metadata or {})
    set_metadata(model, metadata or {})
    _externalize_initializers(model, tensors, _tensor_locations(weights))
    return ExportedNetwork(model.SerializeToString(deterministic=True), weights)


def set_metadata(model: onnx.ModelProto, metadata: Mapping[str, str]) -> None:
    """Replace the description in a graph."""
    del model.metadata_props[:]
    for key, value in sorted(metadata.items()):
        model.metadata_props.add(key=key, value=value)


def with_header_metadata(weights: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return a safetensors file with a description. The library writes one in an order that differs between processes.

    Args:
        weights: Content of the file.
        metadata: The description. Nothing is changed if it is empty.

    """
    if not metadata:
        return weights
    (length,) = struct.unpack('<Q', weights[:8])
    tensors = {key: value for key, value in json.loads(weights[8 : 8 + length]).items() if key != '__metadata__'}
    header = json.dumps({'__metadata__': dict(sorted(metadata.items())), **tensors}, separators=(',', ':')).encode()
    header += b' ' * (-len(header) % 8)
    return struct.pack('<Q', len(header)) + header + weights[8 + length :]


def _trace(network: PerceptionNetwork, shape: tuple[int, ...]) -> onnx.ModelProto:
    """Export with TorchScript: it keeps the names of the state dict and needs no other package."""
    example = torch.zeros(shape)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter('ignore', DeprecationWarning)
        path = Path(folder) / 'graph.onnx'
        torch.onnx.export(
            network,
            (example,),
            path,
            dynamo=False,
            # PRESERVE with a network in evaluation mode: no dropout, but no folding of batch normalisation either.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            opset_version=OPSET,
            input_names=[INPUT_NAME],
            output_names=list(network.config.output_names),
        )
        return onnx.load(path)


def _tensors(network: PerceptionNetwork, model: onnx.ModelProto, *, half: bool) -> dict[str, NDArray[np.floating]]:
    state = network.state_dict()
    names = [initializer.name for initializer in model.graph.initializer]
    unknown_names = sorted(set(names) - set(state))
    if unknown_names:
        msg = f'The weights {unknown_names} of the graph are not in the state dict: keep the names in the exporter.'
        raise ValueError(msg)
    large = [
        node.name for node in model.graph.node if node.op_type == 'Constant' and node.ByteSize() > MAX_INLINE_BYTES
    ]
    if large:
        msg = f'The graph contains large constants {large}: register them as buffers of the network.'
        raise ValueError(msg)
    # The exporter merges weights of equal value, so the graph may name fewer tensors than torch needs.
    needed = [name for name in state if not name.endswith(TRAINING_ONLY)]
    # A backend replaces the prior by that of another camera, in single precision.
    return {
        name: _stored(state[name].detach().cpu().numpy(), half=half and not name.startswith(PRIOR_WEIGHTS))
        for name in needed
    }


def _stored(values: NDArray[np.float32], *, half: bool) -> NDArray[np.floating]:
    fits = values.size >= MIN_HALF_ELEMENTS and float(np.abs(values).max()) < float(np.finfo(np.float16).max)
    # numpy.ascontiguousarray would give a single number another shape.
    return np.asarray(values, dtype=np.float16 if half and fits else np.float32, order='C')


def _tensor_locations(weights: bytes) -> dict[str, tuple[int, int]]:
    """Return offset and length in bytes of each tensor from the header of the safetensors file."""
    (length,) = struct.unpack('<Q', weights[:8])
    header = json.loads(weights[8 : 8 + length])
    return {
        name: (8 + length + entry['data_offsets'][0], entry['data_offsets'][1] - entry['data_offsets'][0])
        for name, entry in header.items()
        if name != '__metadata__'
    }


def _externalize_initializers(
    model: onnx.ModelProto, tensors: dict[str, NDArray[np.floating]], locations: dict[str, tuple[int, int]]
) -> None:
    """Replace each initializer by a reference to the safetensors file, and a cast if it is in half precision."""
    externalized, casts = [], []
    for name in [initializer.name for initializer in model.graph.initializer]:
        values = tensors[name]
        half = values.dtype == np.float16
        stored = name + HALF_SUFFIX if half else name
        externalized.append(_external(stored, values, locations[name]))
        if half:
            casts.append(helper.make_node('Cast', [stored], [name], name=f'{name}.cast', to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(externalized)
    model.graph.node.extend([*casts, *nodes])


def _external(name: str, values: NDArray[np.floating], place: tuple[int, int]) -> TensorProto:
    tensor = TensorProto(
        name=name, data_type=ONNX_TYPES[values.dtype], dims=values.shape, data_location=TensorProto.EXTERNAL
    )
    for key, value in (('location', WEIGHTS_FILE), ('offset', place[0]), ('length', place[1])):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
