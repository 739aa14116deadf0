# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the simulator and the list of its assumptions agree."""

from __future__ import annotations

from pathlib import Path

from audio_manifold_ros.simulation.assumptions import ASSUMPTIONS

PAGE = Path(__file__).parents[2] / 'docs' / 'simulator.md'


def test_the_page_of_the_simulator_states_every_assumption() -> None:
    text = ' '.join(PAGE.read_text(encoding='utf-8').split())
    missing = [assumption for assumption in ASSUMPTIONS if assumption not in text]
    assert not missing
