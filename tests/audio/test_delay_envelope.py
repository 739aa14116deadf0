# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The delay envelope against the minimum over all stamps of its span."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.audio.delay_envelope import DelayEnvelope
from audio_manifold_ros.common.units import NS_PER_S

RATE_HZ = 1000
SPAN = 50


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_it_is_the_least_delay_of_the_span(steps: list[tuple[int, int]]) -> None:
    envelope, stamps, sample = DelayEnvelope(RATE_HZ, SPAN / RATE_HZ), [], 0
    for step, delay_ns in steps:
        sample += step
        stamps.append((sample, delay_ns))
        envelope.add(sample, sample * NS_PER_S // RATE_HZ + delay_ns)
        least_ns = min(delay for index, delay in stamps if index >= sample - SPAN)
        assert envelope.time_ns(sample + 7) == (sample + 7) * NS_PER_S // RATE_HZ + least_ns


def test_it_fills_and_is_cleared() -> None:
    envelope = DelayEnvelope(RATE_HZ, SPAN / RATE_HZ)
    assert envelope.is_empty
    for sample in (100, 120, 140):
        envelope.add(sample, 0)
    assert envelope.fill_ratio == 0.8
    envelope.add(190, 0)
    assert envelope.fill_ratio == 1.0
    envelope.add(190 + SPAN + 1, 0)
    assert envelope.fill_ratio == 0.0, 'all older stamps are dropped'
    envelope.clear()
    assert envelope.is_empty
