# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Storage of bags: reading and writing rosbag2 folders, MCAP files and SQLite files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.storage.bag_file import BagFile
    from audio_manifold_ros.bags.storage.bag_folder import BagFolder, find_bag
    from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
    from audio_manifold_ros.bags.storage.bag_reader import BagReader
    from audio_manifold_ros.bags.storage.bag_writer import BagWriter
    from audio_manifold_ros.bags.storage.content_hash import bag_sha256
    from audio_manifold_ros.bags.storage.disk_space import DiskReserve
    from audio_manifold_ros.bags.storage.mcap_file_writer import McapFileWriter

__all__ = [
    'BagFile',
    'BagFolder',
    'BagMessage',
    'BagReader',
    'BagTopic',
    'BagWriter',
    'DiskReserve',
    'McapFileWriter',
    'bag_sha256',
    'find_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'bag_file': 'BagFile',
        'bag_folder': 'BagFolder find_bag',
        'bag_message': 'BagMessage BagTopic',
        'bag_reader': 'BagReader',
        'bag_writer': 'BagWriter',
        'content_hash': 'bag_sha256',
        'disk_space': 'DiskReserve',
        'mcap_file_writer': 'McapFileWriter',
    },
)
