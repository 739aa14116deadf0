# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual microphone array for the tests of the device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulse_array import PulseArray, running_array


@pytest.fixture(scope='module')
def pulse_array() -> Iterator[PulseArray]:
    """Yield a running virtual array."""
    with running_array() as array:
        yield array
