# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bench can be limited to one device."""

from __future__ import annotations

import pytest
import torch

from benchmarks.benches import streams
from benchmarks.harness.device_choice import CPU, CUDA, DEVICE_VARIABLE, measures_on


@pytest.mark.parametrize(('choice', 'measured'), [(None, [CPU, CUDA]), (CPU, [CPU]), (CUDA, [CUDA])])
def test_without_a_choice_all_devices_are_measured(
    choice: str | None, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEVICE_VARIABLE, raising=False)
    if choice is not None:
        monkeypatch.setenv(DEVICE_VARIABLE, choice)
    assert [device for device in (CPU, CUDA) if measures_on(device)] == measured


def test_a_bench_on_the_gpu_only_measures_nothing_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE_VARIABLE, CUDA)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    figures = streams.measure()
    assert len(figures) == 2
    assert all(' on a GPU' in figure.what and figure.value is None for figure in figures)
