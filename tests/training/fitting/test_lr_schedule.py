# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time

import pytest

from training.fitting.lr_schedule import TrainingBudget, rate_factor


def test_one_cycle_rises_and_falls_once() -> None:
    factors = [rate_factor('one_cycle', place / 100) for place in range(101)]
    top = factors.index(max(factors))
    assert factors[top] == pytest.approx(1.0)
    assert top == 10
    assert factors == sorted(factors[:top]) + sorted(factors[top:], reverse=True)
    assert factors[-1] < 0.01


def test_constant_is_constant() -> None:
    assert {rate_factor('constant', place / 10) for place in range(11)} == {1.0}


def test_progress_counts_steps_without_a_time_limit() -> None:
    budget = TrainingBudget(None)
    assert [budget.progress(step, 10) for step in (0, 5, 10, 20)] == [0.0, 0.5, 1.0, 1.0]


def test_progress_follows_the_clock_with_a_time_limit() -> None:
    budget = TrainingBudget(1 / 600)
    time.sleep(0.12)
    assert budget.progress(0, float('inf')) == 1.0


def test_a_resumption_counts_earlier_time_without_the_pause() -> None:
    budget = TrainingBudget(10.0)
    budget.load_state_dict({'elapsed_s': 300.0})
    assert 0.5 <= budget.progress(0, 1) < 0.51
