# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common import resource_paths
from audio_manifold_ros.common.resource_paths import resource_path


def test_finds_files_of_the_checkout() -> None:
    assert (resource_path('calibration/roof_octagon') / 'mic_array.yaml').is_file()


def test_a_missing_resource_is_reported_with_a_remedy() -> None:
    with pytest.raises(FileNotFoundError, match=r'models/nothing.*build and source the workspace'):
        resource_path('models/nothing')


def test_finds_files_of_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = pytest.importorskip('ament_index_python.packages')
    share = tmp_path / 'share' / resource_paths.PACKAGE
    (share / 'models' / 'mine').mkdir(parents=True)
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / resource_paths.PACKAGE).touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert packages.get_package_share_directory(resource_paths.PACKAGE) == str(share)
    assert resource_path('models/mine') == share / 'models' / 'mine'
