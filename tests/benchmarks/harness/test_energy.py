# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Energy counters in the layout of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.energy import EnergyCounter, EnergyMeter


def write_zone(powercap: Path, name: str, energy_uj: int) -> Path:
    folder = powercap / name
    folder.mkdir(exist_ok=True)
    (folder / 'energy_uj').write_text(f'{energy_uj}\n', encoding='ascii')
    (folder / 'max_energy_range_uj').write_text('9999999\n', encoding='ascii')
    return folder


@pytest.fixture(autouse=True)
def no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('benchmarks.harness.energy._gpus', lambda: iter([]))


def test_adds_the_packages_and_handles_a_counter_that_wraps(tmp_path: Path) -> None:
    write_zone(tmp_path, 'intel-rapl:0', 1_000_000)
    write_zone(tmp_path, 'intel-rapl:1', 9_000_000)
    write_zone(tmp_path, 'intel-rapl:0:0', 0)
    meter = EnergyMeter(tmp_path)
    write_zone(tmp_path, 'intel-rapl:0', 3_500_000)
    write_zone(tmp_path, 'intel-rapl:1', 1_000_000)
    write_zone(tmp_path, 'intel-rapl:0:0', 700_000)
    assert meter.joules() == pytest.approx(2.5 + 2.0)
    assert meter.joules() == 0.0


def test_returns_none_without_counters(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path / 'missing').joules() is None
    (write_zone(tmp_path, 'intel-rapl:0', 0) / 'energy_uj').unlink()
    assert EnergyMeter(tmp_path).joules() is None


def test_counts_gpus_with_the_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    millijoules = iter([5_000, 7_500])
    monkeypatch.setattr(
        'benchmarks.harness.energy._gpus', lambda: iter([EnergyCounter(lambda: next(millijoules), 1e-3)])
    )
    write_zone(tmp_path, 'intel-rapl:0', 0)
    meter = EnergyMeter(tmp_path)
    write_zone(tmp_path, 'intel-rapl:0', 1_000_000)
    assert meter.joules() == pytest.approx(3.5)
