# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`metadata.yaml` of a rosbag2 bag: writes version 8, which Humble and Jazzy read, and reads any version."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.files import write_text_atomic
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.common.yaml_file import read_yaml

FILE_NAME = 'metadata.yaml'
ROOT_KEY = 'rosbag2_bagfile_information'
VERSION = 8
REMEDY = 'Run recover_bag, or delete this file.'
# File systems allow 255 bytes, which may end with the suffix of a compression.
MAX_NAME_BYTES = 240
NO_TIME_NS = 2**63 - 1  # start time that rosbag2 writes for a bag without messages


@dataclass(frozen=True)
class FileSpan:
    """Time span of a storage file.

    Attributes:
        name: File name in the folder.
        start_ns: Time of its earliest message, None without messages.
        end_ns: Time of its latest message.
        messages: Number of messages.

    """

    name: str
    start_ns: int | None
    end_ns: int
    messages: int

    def to_dict(self) -> dict[str, object]:
        """Return the entry of `metadata.yaml`."""
        empty = self.start_ns is None
        return {
            'starting_time': {'nanoseconds_since_epoch': NO_TIME_NS if empty else self.start_ns},
            'duration': {'nanoseconds': 0 if self.start_ns is None else self.end_ns - self.start_ns},
            'message_count': self.messages,
        }


@dataclass(frozen=True)
class StoredMetadata:
    """Content of a `metadata.yaml`.

    Attributes:
        files: Names of the storage files, in order.
        counts: Number of messages of each (topic, type).
        custom: Custom data.

    """

    files: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
    custom: Mapping[str, str]


def describe(
    files: Sequence[FileSpan], topics: Sequence[BagTopic], hashes: Sequence[str], custom: Mapping[str, str]
) -> dict[str, object]:
    """Return the metadata of a bag of mcap files in version 8.

    Args:
        files: Storage files, in order.
        topics: Topics with their counts.
        hashes: RIHS01 hash of the type of each topic, or an empty string.
        custom: Custom data.

    """
    starts = [span.start_ns for span in files if span.start_ns is not None]
    total = FileSpan(
        '', min(starts, default=None), max((span.end_ns for span in files), default=0), sum(s.messages for s in files)
    )
    return {
        'version': VERSION,
        'storage_identifier': 'mcap',
        **total.to_dict(),
        'topics_with_message_count': [
            {
                'topic_metadata': {
                    'name': topic.name,
                    'type': topic.type,
                    'serialization_format': 'cdr',
                    'offered_qos_profiles': topic.qos_profiles,
                    'type_description_hash': type_hash,
                },
                'message_count': topic.count,
            }
            for topic, type_hash in zip(topics, hashes, strict=True)
        ],
        'compression_format': '',
        'compression_mode': '',
        'relative_file_paths': [span.name for span in files],
        'files': [{'path': span.name, **span.to_dict()} for span in files],
        'custom_data': dict(custom) or None,
        'ros_distro': os.environ.get('ROS_DISTRO', ''),
    }


def write_metadata(folder: Path, description: Mapping[str, Any]) -> None:
    """Write `metadata.yaml` atomically, and wait until it is on the disk.

    Raises:
        OSError: It cannot be written.

    """
    text = yaml.safe_dump({ROOT_KEY: dict(description)}, sort_keys=False, allow_unicode=True)
    write_text_atomic(folder / FILE_NAME, text, sync=True)


def read_metadata(path: Path) -> StoredMetadata:
    """Read a `metadata.yaml`.

    Raises:
        BagError: The file is missing or damaged.

    """
    try:
        root = read_yaml(path, BagError, REMEDY)[ROOT_KEY]
        counts: dict[tuple[str, str], int] = {}
        for entry in root['topics_with_message_count']:
            key = (str(entry['topic_metadata']['name']), str(entry['topic_metadata']['type']))
            counts[key] = counts.get(key, 0) + int(entry['message_count'])
        custom = {str(key): str(value) for key, value in (root.get('custom_data') or {}).items()}
        names = tuple(_file_name(name) for name in root['relative_file_paths'])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        msg = f'{path}: cannot be read as metadata of a bag ({shorten(error)}). {REMEDY}'
        raise BagError(msg) from None
    return StoredMetadata(files=names, counts=counts, custom=custom)


def _file_name(value: object) -> str:
    """Return the name of a storage file without its folder."""
    name = Path(value).name if isinstance(value, str) else ''
    if not name or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        msg = f'relative_file_paths contains {shorten(value)}, which is not the name of a file'
        raise ValueError(msg)
    return name
