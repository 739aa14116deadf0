# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.fitting.precision import resolve_precision


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2 avx512_bf16 sse\n', 'bf16-mixed'),
        ('processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu avx2 avx512_bf16 sse\n', '32-true'),
        ('processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu avx512_bf16 amx_bf16\n', 'bf16-mixed'),
        ('Features\t: fp asimd bf16\n', 'bf16-mixed'),
        ('flags\t\t: fpu avx2\n', '32-true'),
        ('', '32-true'),
    ],
)
def test_auto_is_half_precision_where_the_processor_is_faster_with_it(tmp_path: Path, text: str, expected: str) -> None:
    cpu_file = tmp_path / 'cpuinfo'
    cpu_file.write_text(text)
    assert resolve_precision('auto', 'cpu', cpu_file) == expected
    assert resolve_precision('16-mixed', 'cpu', cpu_file) == '16-mixed'


def test_auto_without_a_description_of_the_processor_is_single_precision(tmp_path: Path) -> None:
    assert resolve_precision('auto', 'cpu', tmp_path / 'none') == '32-true'


def test_auto_on_a_gpu_asks_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda: True)
    assert resolve_precision('auto', 'gpu') == 'bf16-mixed'
