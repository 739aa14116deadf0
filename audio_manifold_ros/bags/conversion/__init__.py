# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of bags into drive files, and the check that precedes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
    from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
    from audio_manifold_ros.bags.conversion.bag_scan import BagScan
    from audio_manifold_ros.bags.conversion.camera_images import CameraImages, ImageSet
    from audio_manifold_ros.bags.conversion.check_bag import BagCheck, Verdict
    from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions, ConversionResult
    from audio_manifold_ros.bags.conversion.drive_builder import DriveBuilder
    from audio_manifold_ros.bags.conversion.parallel_conversion import ConversionOutcome, convert_bags

__all__ = [
    'AudioTrack',
    'BagCheck',
    'BagScan',
    'CameraImages',
    'ConversionOptions',
    'ConversionOutcome',
    'ConversionResult',
    'DriveBuilder',
    'ImageSet',
    'Verdict',
    'convert_bag',
    'convert_bags',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_track': 'AudioTrack',
        'bag_scan': 'BagScan',
        'bag_conversion': 'convert_bag',
        'camera_images': 'CameraImages ImageSet',
        'check_bag': 'BagCheck Verdict',
        'conversion_record': 'ConversionOptions ConversionResult',
        'parallel_conversion': 'ConversionOutcome convert_bags',
        'drive_builder': 'DriveBuilder',
    },
)
