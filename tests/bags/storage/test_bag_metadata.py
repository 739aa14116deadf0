# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading of `metadata.yaml`: damaged and hostile files are refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audio_manifold_ros.bags.storage.bag_metadata import FILE_NAME, StoredMetadata, read_metadata
from audio_manifold_ros.common.errors import BagError

TEXT = """rosbag2_bagfile_information:
  topics_with_message_count:
    - topic_metadata: {name: /audio, type: std_msgs/msg/String}
      message_count: 3
  relative_file_paths: [bag_0.mcap]
  custom_data: {day: 2026-11-28, number: 010}
"""


def test_counts_files_and_custom_data_are_read(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(TEXT)
    custom = {'day': '2026-11-28', 'number': '010'}
    assert read_metadata(path) == StoredMetadata(('bag_0.mcap',), {('/audio', 'std_msgs/msg/String'): 3}, custom)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'a: 1',
        '[' * 100_000,
        TEXT.replace('3', '.inf'),
        TEXT.replace('3', '9' * 10_000),
        TEXT.replace('[bag_0.mcap]', '&a [*a]'),
        TEXT.replace('[bag_0.mcap]', '3'),
        TEXT.replace('[bag_0.mcap]', '[[0, 0, 0]]'),
        TEXT.replace('bag_0.mcap', 'a' * 5_000),
        TEXT.replace('bag_0.mcap', r'"a\0b"'),
        TEXT + TEXT,
    ],
)
def test_damaged_metadata_are_refused_by_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(text)
    with pytest.raises(BagError, match=r'metadata\.yaml.*Run recover_bag, or delete this file\.'):
        read_metadata(path)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE_NAME)
    with pytest.raises(BagError, match='not a regular file'):
        read_metadata(tmp_path / FILE_NAME)
