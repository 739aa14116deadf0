# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurement with a loudspeaker that is carried around the array: its places, delays of the channels, clock drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_manifold_ros.calibration.channels.channel_delays import ChannelDelays, estimate_acoustic_delays
from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments, find_stationary_segments
from audio_manifold_ros.calibration.channels.tdoa import estimate_tdoas
from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels

MAX_DELAY_S = 0.02
LOUDSPEAKER_HELP = (
    'Park away from walls, with the engine off and no noticeable wind. Play pink or white noise from a loudspeaker '
    'that reaches down to 150 Hz, clearly louder than the street. Carry it around the array at three to five metres, '
    'at the height of the microphones. Hold it still for three seconds at each of eight to twelve places on all sides. '
    'The exact places need not be known.'
)


def find_loudspeaker_segments(usable: UsableChannels) -> StationarySegments:
    """Return the spans in which the loudspeaker stands still, and the lags of the channels.

    Raises:
        CalibrationError: There is no clear, stationary sound.

    """
    aperture_s = float(np.linalg.norm(np.ptp(usable.positions_m, axis=0))) / usable.array.sound_mps
    tdoas = estimate_tdoas(usable.samples, usable.sample_rate_hz, aperture_s + MAX_DELAY_S)
    return find_stationary_segments(tdoas, aperture_s * usable.sample_rate_hz)


def locate_loudspeaker(usable: UsableChannels) -> tuple[StationarySegments, ChannelDelays]:
    """Return the places of the loudspeaker and the delays of the channels.

    Raises:
        CalibrationError: There is no clear sound, the places are too few, or they leave a side of the array open.

    """
    places = find_loudspeaker_segments(usable)
    return places, estimate_acoustic_delays(places, usable.positions_m, usable.sample_rate_hz, usable.array.sound_mps)


def clock_drift_warning(names: Sequence[str], drifting: Sequence[int], delays: ChannelDelays) -> str:
    """Return a warning that names the channels with another clock, with the difference and the remedy."""
    others = [channel for channel in range(len(names)) if channel not in drifting]
    worst = abs(float(np.median(delays.drift_ppm[list(drifting)]) - np.median(delays.drift_ppm[others])))
    return (
        f'{", ".join(names[channel] for channel in drifting)}: another clock than the other channels, by {worst:.1f} '
        'ppm. Two sound devices have no fixed delay between them: connect all microphones to one device, or give both '
        'devices a common word clock.'
    )
