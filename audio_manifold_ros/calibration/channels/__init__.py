# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Estimation per channel: TDOAs, delays, clock drift, gains, polarity, channel order and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.channels.channel_check import (
        ArrayCheckResult,
        ChannelCheckResult,
        check_channels,
    )
    from audio_manifold_ros.calibration.channels.channel_clock_drift import (
        estimate_ambient_drift,
        find_drifting_channels,
    )
    from audio_manifold_ros.calibration.channels.channel_delays import (
        ChannelDelays,
        estimate_acoustic_delays,
        estimate_wired_delays,
    )
    from audio_manifold_ros.calibration.channels.channel_gains import (
        ChannelGains,
        estimate_ambient_gains,
        estimate_loudspeaker_gains,
    )
    from audio_manifold_ros.calibration.channels.channel_identification import ChannelOrder, TapEvent, identify_channels
    from audio_manifold_ros.calibration.channels.channel_polarity import ChannelPolarity, estimate_polarity
    from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra
    from audio_manifold_ros.calibration.channels.impulsive_events import ImpulsiveEvents, detect_events
    from audio_manifold_ros.calibration.channels.onset_detection import detect_onsets
    from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments, find_stationary_segments
    from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates, estimate_tdoas

__all__ = [
    'ArrayCheckResult',
    'ChannelCheckResult',
    'ChannelDelays',
    'ChannelGains',
    'ChannelOrder',
    'ChannelPolarity',
    'CrossSpectra',
    'ImpulsiveEvents',
    'StationarySegments',
    'TapEvent',
    'TdoaEstimates',
    'check_channels',
    'detect_events',
    'detect_onsets',
    'estimate_acoustic_delays',
    'estimate_ambient_drift',
    'estimate_ambient_gains',
    'estimate_loudspeaker_gains',
    'estimate_polarity',
    'estimate_tdoas',
    'estimate_wired_delays',
    'find_drifting_channels',
    'find_stationary_segments',
    'identify_channels',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'channel_check': 'ArrayCheckResult ChannelCheckResult check_channels',
        'channel_clock_drift': 'estimate_ambient_drift find_drifting_channels',
        'channel_delays': 'ChannelDelays estimate_acoustic_delays estimate_wired_delays',
        'channel_gains': 'ChannelGains estimate_ambient_gains estimate_loudspeaker_gains',
        'channel_identification': 'ChannelOrder TapEvent identify_channels',
        'channel_polarity': 'ChannelPolarity estimate_polarity',
        'cross_spectra': 'CrossSpectra',
        'impulsive_events': 'ImpulsiveEvents detect_events',
        'onset_detection': 'detect_onsets',
        'stationary_segments': 'StationarySegments find_stationary_segments',
        'tdoa': 'TdoaEstimates estimate_tdoas',
    },
)
