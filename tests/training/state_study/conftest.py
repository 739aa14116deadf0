# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.inference.bundle.bundle import Bundle
from training.data.simulate import write_drive

STREET = Path(__file__).parents[3] / 'models/street'


@pytest.fixture(scope='session')
def street_bundle() -> Bundle:
    return Bundle.load(STREET)


@pytest.fixture(scope='session')
def state_drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of twelve drives of five seconds."""
    folder = tmp_path_factory.mktemp('drives')
    for seed in range(20, 32):
        write_drive(folder, seed, 5)
    return folder
