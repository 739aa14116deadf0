# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scan and detections of the shipped bundle against the true images."""

from __future__ import annotations

import pytest

from benchmarks.benches import obstacles


def test_the_shipped_bundle_is_compared_with_the_true_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, 'STREETS', 1)
    monkeypatch.setattr(obstacles, 'SECONDS', 3.0)
    values = {figure.what: figure.value for figure in obstacles.measure()}
    near = 'scan.min_confidence 0: obstacles within 10 m'
    unknown = [value for what, value in values.items() if what.endswith(': unknown beams')]
    assert len(unknown) >= 3
    assert unknown == sorted(unknown), 'a higher limit leaves more beams unknown'
    assert unknown[0] == 0 < unknown[-1]
    assert sum(values[f'{near}: {part}'] for part in ('reported', 'unknown', 'missed')) == pytest.approx(100)
