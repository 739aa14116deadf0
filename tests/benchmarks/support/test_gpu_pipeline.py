# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of a GPU, and the report if there is none."""

from __future__ import annotations

import pytest
import torch

from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.support.bundles import PAPER_8X8
from benchmarks.support.gpu_pipeline import measure_on_gpu


@pytest.mark.skipif(torch.cuda.is_available(), reason='torch sees a CUDA device')
def test_without_a_gpu_the_reason_is_reported_with_the_targets() -> None:
    figures = measure_on_gpu('street', Bundle.load(PAPER_8X8))
    assert [figure.target for figure in figures] == ['at most 0.2', 'at most 0.6', '']
    assert {figure.alternative for figure in figures} == {'not measured: torch sees no CUDA device'}
    assert {(figure.value, figure.met) for figure in figures} == {(None, None)}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device that torch can use')
def test_on_a_gpu_every_stage_is_measured() -> None:
    figures = measure_on_gpu('street', Bundle.load(PAPER_8X8))
    assert all(figure.value is not None and figure.value > 0 for figure in figures)
    assert [figure.met is None for figure in figures] == [False, False, True]
