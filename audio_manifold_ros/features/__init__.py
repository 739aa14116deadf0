# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features of audio windows, mel and spatial: one definition in batch, streaming and torch form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.batch_features import rig_geometry, window_features
    from audio_manifold_ros.features.kinds import AnyFeatureSpec, feature_spec_from_dict, require_mel
    from audio_manifold_ros.features.mel_batch import mel_features, mel_spectrogram
    from audio_manifold_ros.features.mel_streaming import StreamingMel
    from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
    from audio_manifold_ros.features.presets import omninet_features, reference_features
    from audio_manifold_ros.features.sliding_windows import SlidingWindows
    from audio_manifold_ros.features.spatial_batch import spatial_features
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
    from audio_manifold_ros.features.spatial_streaming import StreamingSpatialFeatures
    from audio_manifold_ros.features.spatial_torch import GeometryTensors, SpatialFeatures
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.features.spectrograms import level_spectrograms, spectrogram_channels
    from audio_manifold_ros.features.streaming_features import StreamingFeatures

__all__ = [
    'AnyFeatureSpec',
    'ArrayGeometry',
    'FeatureSpec',
    'GeometryTensors',
    'MelFeatureExtractor',
    'SlidingWindows',
    'SpatialFeatureSpec',
    'SpatialFeatures',
    'StreamingFeatures',
    'StreamingMel',
    'StreamingSpatialFeatures',
    'feature_spec_from_dict',
    'level_spectrograms',
    'mel_features',
    'mel_spectrogram',
    'omninet_features',
    'reference_features',
    'require_mel',
    'rig_geometry',
    'spatial_features',
    'spectrogram_channels',
    'window_features',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'array_geometry': 'ArrayGeometry',
        'batch_features': 'rig_geometry window_features',
        'kinds': 'AnyFeatureSpec feature_spec_from_dict require_mel',
        'mel_batch': 'mel_features mel_spectrogram',
        'mel_streaming': 'StreamingMel',
        'mel_torch': 'MelFeatureExtractor',
        'presets': 'omninet_features reference_features',
        'sliding_windows': 'SlidingWindows',
        'spatial_batch': 'spatial_features',
        'spatial_spec': 'SpatialFeatureSpec',
        'spatial_streaming': 'StreamingSpatialFeatures',
        'spatial_torch': 'GeometryTensors SpatialFeatures',
        'spec': 'FeatureSpec',
        'spectrograms': 'level_spectrograms spectrogram_channels',
        'streaming_features': 'StreamingFeatures',
    },
)
