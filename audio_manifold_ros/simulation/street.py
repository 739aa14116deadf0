# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random streets from a seed."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.random_street import sample_street
from audio_manifold_ros.simulation.mirrored_street import mirrored_street
from audio_manifold_ros.simulation.scene import Street

DURATION_S = 60.0


def make_street(seed: int, duration_s: float = DURATION_S) -> Street:
    """Build the street of a seed. The same seed and duration give the same street on every machine.

    Args:
        seed: Seed of the street.
        duration_s: Time for which the traffic is simulated. After it all motion is uniform.

    Raises:
        SimulationError: The seed is negative or not an integer, or the duration is not from 0 to `DURATION_S`.

    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        msg = f'seed is {seed!r}: give an integer from 0.'
        raise SimulationError(msg)
    if not 0 < duration_s <= DURATION_S:
        msg = f'duration_s is {duration_s!r}: give a number of seconds up to {DURATION_S:g}.'
        raise SimulationError(msg)
    rng = np.random.default_rng([seed, 0x57EE7])
    street = sample_street(rng, int(seed), duration_s)
    return mirrored_street(street) if rng.random() < statistics.LEFT_HAND_SHARE else street
