# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of bags into drive files, and the check that precedes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
    from audio_manifold_ros.bags.conversion.bag_scan import BagScan
    from audio_manifold_ros.bags.conversion.bag_to_dataset import convert_bag
    from audio_manifold_ros.bags.conversion.camera_images import CameraImages, ImageSet
    from audio_manifold_ros.bags.conversion.check_bag import BagCheck, Verdict
    from audio_manifold_ros.bags.conversion.conversion import ConversionOptions, ConversionResult
    from audio_manifold_ros.bags.conversion.conversion_pool import ConversionOutcome, convert_bags
    from audio_manifold_ros.bags.conversion.drive_conversion import DriveConversion
    from audio_manifold_ros.bags.conversion.simulated_bag import SimulatedRecording, write_simulated_bag

__all__ = [
    'AudioTrack',
    'BagCheck',
    'BagScan',
    'CameraImages',
    'ConversionOptions',
    'ConversionOutcome',
    'ConversionResult',
    'DriveConversion',
    'ImageSet',
    'SimulatedRecording',
    'Verdict',
    'convert_bag',
    'convert_bags',
    'write_simulated_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_track': 'AudioTrack',
        'bag_scan': 'BagScan',
        'bag_to_dataset': 'convert_bag',
        'camera_images': 'CameraImages ImageSet',
        'check_bag': 'BagCheck Verdict',
        'conversion': 'ConversionOptions ConversionResult',
        'conversion_pool': 'ConversionOutcome convert_bags',
        'drive_conversion': 'DriveConversion',
        'simulated_bag': 'SimulatedRecording write_simulated_bag',
    },
)
