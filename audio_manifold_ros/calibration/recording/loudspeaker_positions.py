# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A loudspeaker that is carried around the array: where it stood, and what follows for the channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_manifold_ros.calibration.channels.channel_delays import ChannelDelays, delays_from_places
from audio_manifold_ros.calibration.channels.stationary_segments import Places, find_places
from audio_manifold_ros.calibration.channels.tdoa import find_arrivals
from audio_manifold_ros.calibration.recording.usable_channels import LiveChannels

LONGEST_DELAY_S = 0.02
WALK = (
    'Park away from walls, engine off, no wind to speak of. Play pink or white noise from a loudspeaker that reaches '
    'down to 150 Hz, clearly louder than the street. Carry it around the array at three to five metres, as high as '
    'the microphones, and hold it still for three seconds at each of eight to twelve places on all sides; how far and '
    'where exactly need not be known.'
)


def hear_places(live: LiveChannels) -> Places:
    """Return when a loudspeaker stood still, and how late each channel heard it.

    Raises:
        CalibrationError: There is no clear sound.

    """
    across_s = float(np.linalg.norm(np.ptp(live.positions_m, axis=0))) / live.array.sound_mps
    arrivals = find_arrivals(live.samples, live.sample_rate_hz, across_s + LONGEST_DELAY_S)
    return find_places(arrivals, across_s * live.sample_rate_hz)


def stand_places(live: LiveChannels) -> tuple[Places, ChannelDelays]:
    """Return where and when the loudspeaker stood, and the delays of the channels.

    Raises:
        CalibrationError: There is no clear sound, or the places are too few or on one side.

    """
    places = hear_places(live)
    return places, delays_from_places(places, live.positions_m, live.sample_rate_hz, live.array.sound_mps)


def drift_said(names: Sequence[str], drifting: Sequence[int], delays: ChannelDelays) -> str:
    """Say that some channels have another clock."""
    others = [channel for channel in range(len(names)) if channel not in drifting]
    worst = abs(float(np.median(delays.drift_ppm[list(drifting)]) - np.median(delays.drift_ppm[others])))
    return (
        f'{", ".join(names[channel] for channel in drifting)}: another clock than the rest, {worst:.1f} ppm apart: '
        'two sound devices have no fixed delay to each other. Put all microphones on one device, or give both one '
        'word clock.'
    )
