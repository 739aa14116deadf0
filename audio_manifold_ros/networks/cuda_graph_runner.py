# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Repeated execution of a function on one window: persistent buffers and one synchronisation per result."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

WARM_UP_RUNS = 3


class CudaGraphRunner:
    """Runner of a function for successive windows, from host memory to host memory.

    On CUDA, host buffers are pinned and everything runs on a separate stream. With `captured`, both transfers and the
    computation are one CUDA graph: no memory is allocated on the device, and there is one synchronisation per window.
    On a CPU the same steps run without a graph.

    Attributes:
        captured: True if a CUDA graph was recorded.
        input_buffer: float32 `shape`, persistent memory of the input window. It may be filled for `run_buffered`.

    """

    def __init__(
        self,
        function: Callable[[Tensor], Sequence[Tensor]],
        shape: tuple[int, ...],
        device: torch.device,
        *,
        captured: bool = False,
    ) -> None:
        """Allocate all buffers and run the function on zeros.

        Args:
            function: Maps float32 (1, *shape) on the device to tensors on the device with constant shapes and types.
            shape: Shape of one window.
            device: Device of the function.
            captured: Record a CUDA graph. On a CPU, or if the function cannot be recorded, there is no graph.

        Raises:
            RuntimeError: The function fails.

        """
        self._function = function
        self._device = device
        cuda = device.type == 'cuda'
        self._stream: Any = torch.cuda.Stream(device) if cuda else None
        self._host_input = torch.zeros((1, *shape), pin_memory=cuda)
        self._input = torch.zeros((1, *shape), device=device) if cuda else self._host_input
        with torch.inference_mode(), self._device_context():
            outputs = function(self._input)
            self._host_outputs = [torch.zeros(each.shape, dtype=each.dtype, pin_memory=cuda) for each in outputs]
        self.input_buffer: NDArray[np.float32] = self._host_input.numpy()[0]
        self._graph: Any = None
        for _ in range(WARM_UP_RUNS):
            self.run_buffered()
        if cuda and captured:
            self._graph = self._capture_graph()
        self.captured = self._graph is not None

    def run(self, window: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Return the result of the function for a window float32 `shape`: arrays (1, …) owned by the caller.

        Raises:
            RuntimeError: The device fails.

        """
        self.input_buffer[...] = window
        return self.run_buffered()

    def run_buffered(self) -> list[NDArray[Any]]:
        """Return the result of the function for the window in `input_buffer` (see `run`).

        Raises:
            RuntimeError: The device fails.

        """
        with torch.inference_mode(), self._device_context():
            if self._graph is None:
                self._run_once()
            else:
                self._graph.replay()
            if self._stream is not None:
                self._stream.synchronize()
        return [tensor.numpy().copy() for tensor in self._host_outputs]

    def _run_once(self) -> None:
        if self._input is not self._host_input:
            self._input.copy_(self._host_input, non_blocking=True)
        for buffer, tensor in zip(self._host_outputs, self._function(self._input), strict=True):
            buffer.copy_(tensor, non_blocking=True)

    def _device_context(self) -> Any:
        """Return the context of the device. The default device of the current thread may be a different one."""
        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)

    def _capture_graph(self) -> Any:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.inference_mode(), torch.cuda.graph(graph, stream=self._stream):
                self._run_once()
        except RuntimeError:
            torch.cuda.synchronize(self._device)
            return None
        return graph
