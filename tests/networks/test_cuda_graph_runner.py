# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device that torch can use')
DEVICES = [
    pytest.param('cpu', False, id='cpu'),
    pytest.param('cpu', True, id='cpu, graph asked for'),
    pytest.param('cuda', False, id='cuda', marks=[pytest.mark.gpu, CUDA]),
    pytest.param('cuda', True, id='cuda graph', marks=[pytest.mark.gpu, CUDA]),
]


def double_and_count(window: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return 2 * window, (window > 0).sum(dim=-1).to(torch.uint8)


@pytest.mark.parametrize(('device', 'captured'), DEVICES)
def test_every_window_has_its_own_result(device: str, captured: bool) -> None:  # noqa: FBT001
    resident = CudaGraphRunner(double_and_count, (2, 3), torch.device(device), captured=captured)
    assert resident.captured == (captured and device == 'cuda')
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((5, 2, 3)).astype(np.float32)
    answers = [resident.run(window) for window in windows]
    for window, (doubled, count) in zip(windows, answers, strict=True):
        np.testing.assert_array_equal(doubled, 2 * window[None])
        np.testing.assert_array_equal(count, (window[None] > 0).sum(axis=-1))
        assert count.dtype == np.uint8


@pytest.mark.parametrize(('device', 'captured'), DEVICES)
def test_the_input_is_one_persistent_contiguous_buffer(device: str, captured: bool) -> None:  # noqa: FBT001
    """Check contiguity, because engine runtimes before 2.12 read freed memory for a non-contiguous input."""
    processed: list[tuple[int, bool]] = []

    def look(window: torch.Tensor) -> tuple[torch.Tensor]:
        processed.append((window.data_ptr(), window.is_contiguous()))
        return (window.sum(dim=-1),)

    resident = CudaGraphRunner(look, (4, 6), torch.device(device), captured=captured)
    turned = np.arange(24, dtype=np.float32).reshape(6, 4).T
    np.testing.assert_array_equal(resident.run(turned)[0][0], turned.sum(axis=-1))
    resident.run(np.ones((4, 6), dtype=np.float32))
    assert len(set(processed)) == 1
    assert processed[0][1]


def test_errors_of_the_function_are_raised() -> None:
    def fail(_window: torch.Tensor) -> tuple[torch.Tensor]:
        msg = 'out of memory'
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match='out of memory'):
        CudaGraphRunner(fail, (1,), torch.device('cpu'))


@pytest.mark.gpu
@CUDA
def test_nothing_is_allocated_on_the_device() -> None:
    resident = CudaGraphRunner(double_and_count, (8, 128), torch.device('cuda'), captured=True)
    window = np.ones((8, 128), dtype=np.float32)
    resident.run(window)
    before = torch.cuda.memory_stats()['allocation.all.allocated']
    for _ in range(10):
        resident.run(window)
    assert torch.cuda.memory_stats()['allocation.all.allocated'] == before
