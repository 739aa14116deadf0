# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio input: blocks, sources, resampling, preprocessing, ring buffer, sample clock and microphone health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.audio.delivered_rate import DeliveredRate
    from audio_manifold_ros.audio.dependent_channels import (
        ChannelCovariance,
        DependentChannel,
        describe_dependent_channels,
        find_dependent_channels,
    )
    from audio_manifold_ros.audio.file_source import FileSource
    from audio_manifold_ros.audio.levels import ChannelLevel, LevelMeter
    from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth
    from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
    from audio_manifold_ros.audio.realtime_pacer import RealtimePacer, SteppedClock
    from audio_manifold_ros.audio.resampler import Resampler, resample
    from audio_manifold_ros.audio.ring_buffer import RingBuffer
    from audio_manifold_ros.audio.sample_clock import SampleClock
    from audio_manifold_ros.audio.simulator_source import SimulatorSource
    from audio_manifold_ros.audio.sound_file import SoundFile
    from audio_manifold_ros.audio.source import AudioSource, SourceState, SourceStatus
    from audio_manifold_ros.audio.stream_run import StreamRun

__all__ = [
    'AudioBlock',
    'AudioPreprocessor',
    'AudioSource',
    'ChannelCovariance',
    'ChannelLevel',
    'DeliveredRate',
    'DependentChannel',
    'Fault',
    'FileSource',
    'LevelMeter',
    'MicrophoneHealth',
    'RealtimePacer',
    'Resampler',
    'RingBuffer',
    'SampleClock',
    'SimulatorSource',
    'SoundFile',
    'SourceState',
    'SourceStatus',
    'SteppedClock',
    'StreamRun',
    'describe_dependent_channels',
    'find_dependent_channels',
    'resample',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'block': 'AudioBlock',
        'delivered_rate': 'DeliveredRate',
        'dependent_channels': (
            'ChannelCovariance DependentChannel describe_dependent_channels find_dependent_channels'
        ),
        'file_source': 'FileSource',
        'levels': 'ChannelLevel LevelMeter',
        'microphone_health': 'Fault MicrophoneHealth',
        'preprocessor': 'AudioPreprocessor',
        'realtime_pacer': 'RealtimePacer SteppedClock',
        'resampler': 'Resampler resample',
        'ring_buffer': 'RingBuffer',
        'sample_clock': 'SampleClock',
        'simulator_source': 'SimulatorSource',
        'sound_file': 'SoundFile',
        'source': 'AudioSource SourceState SourceStatus',
        'stream_run': 'StreamRun',
    },
)
