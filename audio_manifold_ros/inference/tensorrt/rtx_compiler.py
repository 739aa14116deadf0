# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compiler of TensorRT for RTX: engines for desktop GPUs, built ahead of time on any machine, without a GPU."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    from pathlib import Path

# The wheel of the bindings alone, and the package that depends on it.
MODULES = ('tensorrt_rtx', 'tensorrt_rtx_bindings')
EXTRA = 'pip install "audio_manifold_ros[trt-rtx]"'
# Compute capabilities of the builder, by their names in the bindings. 7.5 is refused: it has no GEMM in single
# precision.
CAPABILITIES: Mapping[str, str] = {'8.0': 'SM80', '8.6': 'SM86', '8.9': 'SM89', '12.0': 'SM120', '12.1': 'SM121'}
SUPPORTED = ', '.join(CAPABILITIES)


@dataclass(frozen=True)
class RtxEngine:
    """A compiled graph.

    Attributes:
        content: The serialised engine.
        layers: Number of layers of the parsed network. All of them are in the engine.
        inputs: Shape of each input by name.
        outputs: Shape of each output by name.

    """

    content: bytes
    layers: int
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]


class RtxCompiler:
    """Builder of engines.

    Attributes:
        version: Version of TensorRT for RTX.

    Raises:
        InferenceError: The bindings are not installed or do not load.

    """

    def __init__(self) -> None:
        """Import the bindings."""
        self._trt = _import_bindings()
        self.version = str(self._trt.__version__)

    def compile(self, graph: Path | bytes, capabilities: Sequence[str]) -> RtxEngine:
        """Compile a whole graph. An operation that the parser does not support is an error: nothing is left to a CPU.

        Args:
            graph: Path of a graph, with its external data next to it, or a graph with all of its weights.
            capabilities: Compute capabilities of the GPUs, for example `('8.6',)`.

        Raises:
            InferenceError: A capability is unknown, or the graph is refused.

        """
        trt, log = self._trt, _Log(self._trt)
        unknown = [name for name in capabilities if name not in CAPABILITIES]
        if unknown or not capabilities:
            msg = f'The compute capabilities are {list(capabilities)}: give some of {SUPPORTED}.'
            raise InferenceError(msg)
        builder = trt.Builder(log.logger)
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, log.logger)
        parsed = parser.parse(graph) if isinstance(graph, bytes) else parser.parse_from_file(str(graph))
        if not parsed or not network.num_outputs:
            errors = '; '.join(str(parser.get_error(index).desc()) for index in range(parser.num_errors))
            msg = f'TensorRT for RTX {self.version} refuses the graph: {errors or log.text()}'
            raise InferenceError(msg)
        config = builder.create_builder_config()
        # The search for the nearest code needs single precision. TF32 has 10 bits.
        config.clear_flag(trt.BuilderFlag.TF32)
        config.num_compute_capabilities = len(capabilities)
        for index, name in enumerate(capabilities):
            config.set_compute_capability(getattr(trt.ComputeCapability, CAPABILITIES[name]), index)
        content = builder.build_serialized_network(network, config)
        if content is None:
            msg = f'TensorRT for RTX {self.version} cannot compile the graph: {log.text()}'
            raise InferenceError(msg)
        inputs = [network.get_input(index) for index in range(network.num_inputs)]
        outputs = [network.get_output(index) for index in range(network.num_outputs)]
        return RtxEngine(bytes(content), int(network.num_layers), _shapes(inputs), _shapes(outputs))


class _Log:
    """Errors that the builder logs. Its functions return None without a reason."""

    def __init__(self, trt: Any) -> None:
        errors: list[str] = []

        class Logger(trt.ILogger):  # type: ignore[misc]
            """Logger that keeps the errors."""

            def __init__(self) -> None:
                super().__init__()

            def log(self, severity: Any, message: str) -> None:
                """Keep an error."""
                if severity in {trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR}:
                    errors.append(message)

        self.logger = Logger()
        self._errors = errors

    def text(self) -> str:
        """Return the errors as one line."""
        return '; '.join(self._errors) or 'it states no reason'


def _shapes(tensors: Sequence[Any]) -> dict[str, tuple[int, ...]]:
    return {str(tensor.name): tuple(tensor.shape) for tensor in tensors}


def _import_bindings() -> Any:
    name = next((name for name in MODULES if find_spec(name) is not None), None)
    if name is None:
        msg = f'TensorRT for RTX is not installed: {EXTRA}'
        raise InferenceError(msg)
    try:
        return importlib.import_module(name)
    # If a library is missing, the bindings raise ImportError, OSError or a bare Exception.
    except Exception as error:  # noqa: BLE001
        msg = f'TensorRT for RTX does not load ({name}: {error}): {EXTRA}'
        raise InferenceError(msg) from None
