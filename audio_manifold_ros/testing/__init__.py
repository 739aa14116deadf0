# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Test data with known ground truth: simulated rigs, claps, faults, calibration boards, weather and bags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.testing.clap_arc import ClapArc
    from audio_manifold_ros.testing.clap_bag import ClapBag
    from audio_manifold_ros.testing.clapped_rig import ClappedRig, ClapRecording
    from audio_manifold_ros.testing.microphone_faults import break_microphone
    from audio_manifold_ros.testing.rig_faults import (
        inject_clipping,
        inject_dead,
        inject_duplicate,
        inject_noise,
        inject_stuck_bit,
        inject_unplugged,
    )
    from audio_manifold_ros.testing.simulated_bag import SimulatedRecording, write_simulated_bag
    from audio_manifold_ros.testing.simulated_rig import RigGroundTruth, SimulatedRig, make_array
    from audio_manifold_ros.testing.weather_noise import WeatherNoise

__all__ = [
    'ClapArc',
    'ClapBag',
    'ClapRecording',
    'ClappedRig',
    'RigGroundTruth',
    'SimulatedRecording',
    'SimulatedRig',
    'WeatherNoise',
    'break_microphone',
    'inject_clipping',
    'inject_dead',
    'inject_duplicate',
    'inject_noise',
    'inject_stuck_bit',
    'inject_unplugged',
    'make_array',
    'write_simulated_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'clap_arc': 'ClapArc',
        'clap_bag': 'ClapBag',
        'clapped_rig': 'ClapRecording ClappedRig',
        'microphone_faults': 'break_microphone',
        'rig_faults': 'inject_clipping inject_dead inject_duplicate inject_noise inject_stuck_bit inject_unplugged',
        'simulated_bag': 'SimulatedRecording write_simulated_bag',
        'simulated_rig': 'RigGroundTruth SimulatedRig make_array',
        'weather_noise': 'WeatherNoise',
    },
)
