# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual microphone array for the tests of the device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulse_array import PulseArray, missing_part


@pytest.fixture(scope='module')
def pulse_array() -> Iterator[PulseArray]:
    """Yield a running virtual array that this process and its children find as `micarray`."""
    if reason := missing_part():
        pytest.skip(reason)
    array = PulseArray()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in array.environment.items():
            patch.setenv(name, value)
        try:
            array.start()
            yield array
        finally:
            array.close()
