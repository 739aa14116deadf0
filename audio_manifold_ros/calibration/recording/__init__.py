# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Input of the calibration commands: audio, clips of audio and video, board images, and usable channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.recording.audio_video_clip import AudioVideoClip
    from audio_manifold_ros.calibration.recording.board_images import BoardPictures
    from audio_manifold_ros.calibration.recording.raw_recording import RawRecording, collect_blocks
    from audio_manifold_ros.calibration.recording.recording_sources import RecordingSource, open_recording_source
    from audio_manifold_ros.calibration.recording.usable_channels import UsableChannels, select_usable_channels

__all__ = [
    'AudioVideoClip',
    'BoardPictures',
    'RawRecording',
    'RecordingSource',
    'UsableChannels',
    'collect_blocks',
    'open_recording_source',
    'select_usable_channels',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_video_clip': 'AudioVideoClip',
        'board_images': 'BoardPictures',
        'raw_recording': 'RawRecording collect_blocks',
        'recording_sources': 'RecordingSource open_recording_source',
        'usable_channels': 'UsableChannels select_usable_channels',
    },
)
