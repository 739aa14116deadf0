# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of recorded messages: audio, images, labels, rig and run metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat, IndexedChunk
    from audio_manifold_ros.bags.decoding.audio_decoder import AudioDecoder
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics, find_topics
    from audio_manifold_ros.bags.decoding.image_messages import decode_depth_m, decode_labels, decode_rgb
    from audio_manifold_ros.bags.decoding.image_stream import TimedImage, topic_images
    from audio_manifold_ros.bags.decoding.nearest_image import NearestImage
    from audio_manifold_ros.bags.decoding.pcm_decoding import decode_pcm
    from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
    from audio_manifold_ros.bags.decoding.run_metadata import RunMetadata

__all__ = [
    'AudioChunk',
    'AudioDecoder',
    'AudioFormat',
    'DatasetTopics',
    'IndexedChunk',
    'NearestImage',
    'RecordedAudio',
    'RunMetadata',
    'TimedImage',
    'decode_depth_m',
    'decode_labels',
    'decode_pcm',
    'decode_rgb',
    'find_topics',
    'topic_images',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_chunk': 'AudioChunk AudioFormat IndexedChunk',
        'audio_decoder': 'AudioDecoder',
        'dataset_topics': 'DatasetTopics find_topics',
        'image_messages': 'decode_depth_m decode_labels decode_rgb',
        'image_stream': 'TimedImage topic_images',
        'nearest_image': 'NearestImage',
        'pcm_decoding': 'decode_pcm',
        'recorded_audio': 'RecordedAudio',
        'run_metadata': 'RunMetadata',
    },
)
