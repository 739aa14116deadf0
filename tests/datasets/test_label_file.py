# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from audio_manifold_ros.datasets.label_file import exclude_label_folders, label_folder


def test_label_folders_are_excluded_from_recordings(tmp_path: Path) -> None:
    recordings = [tmp_path / name for name in ('monday', 'tuesday')]
    for recording in recordings:
        label_folder(recording).mkdir()
    assert exclude_label_folders([*recordings, *map(label_folder, recordings)]) == recordings


def test_label_folders_alone_are_kept_for_the_caller_to_refuse(tmp_path: Path) -> None:
    labels = label_folder(tmp_path / 'monday')
    labels.mkdir()
    assert exclude_label_folders([labels]) == [labels]
    assert exclude_label_folders([]) == []


def test_a_recording_file_may_end_like_a_label_folder(tmp_path: Path) -> None:
    named = tmp_path / 'street.labels'
    named.write_bytes(b'')
    assert exclude_label_folders([named, tmp_path / 'other']) == [named, tmp_path / 'other']
