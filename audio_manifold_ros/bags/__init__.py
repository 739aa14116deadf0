# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS bags: storage, recovery, decoding, statistics, and conversion into drive files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
    from audio_manifold_ros.bags.conversion.check_bag import BagCheck, Verdict, check_bag
    from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions, ConversionResult
    from audio_manifold_ros.bags.decoding.audio_blocks import audio_blocks
    from audio_manifold_ros.bags.recovery.recover import Recovery, recover_bag
    from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
    from audio_manifold_ros.bags.storage.bag_reader import BagReader
    from audio_manifold_ros.bags.storage.bag_writer import BagWriter

__all__ = [
    'BagCheck',
    'BagMessage',
    'BagReader',
    'BagTopic',
    'BagWriter',
    'ConversionOptions',
    'ConversionResult',
    'Recovery',
    'Verdict',
    'audio_blocks',
    'check_bag',
    'convert_bag',
    'recover_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'conversion.bag_conversion': 'convert_bag',
        'conversion.check_bag': 'BagCheck Verdict check_bag',
        'conversion.conversion_record': 'ConversionOptions ConversionResult',
        'decoding.audio_blocks': 'audio_blocks',
        'recovery.recover': 'Recovery recover_bag',
        'storage.bag_message': 'BagMessage BagTopic',
        'storage.bag_reader': 'BagReader',
        'storage.bag_writer': 'BagWriter',
    },
)
