# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import inspect

import pytest

from audio_manifold_ros.common import errors
from audio_manifold_ros.common.errors import AudioManifoldError, DatasetError, reraise_file_errors


def test_every_error_has_the_common_base_class() -> None:
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass) if value.__module__ == errors.__name__]
    assert len(classes) > 10
    assert all(issubclass(error, AudioManifoldError) for error in classes)


def test_a_file_error_names_action_path_reason_and_remedy() -> None:
    with (
        pytest.raises(DatasetError, match=r"Cannot read 'drive\.h5': No space left on device\. Free some space\."),
        reraise_file_errors(DatasetError, 'read', 'drive.h5', 'Free some space.'),
    ):
        raise OSError(28, 'No space left on device')


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), reraise_file_errors(DatasetError, 'read', 'drive.h5', ''):
        raise KeyError
