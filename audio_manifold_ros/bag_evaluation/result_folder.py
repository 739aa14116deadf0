# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folder for the results of an evaluation."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from audio_manifold_ros.common.errors import EvaluationError, reraise_file_errors
from audio_manifold_ros.common.files import write_text_atomic

REMEDY = 'Check disk space and permissions, or give another folder (--out).'


class ResultFolder:
    """A folder that is checked to be writable before the evaluation starts."""

    def __init__(self, path: Path) -> None:
        """Create the folder if it does not exist.

        Raises:
            EvaluationError: The folder cannot be created or written.

        """
        self._path = path
        with reraise_file_errors(EvaluationError, 'write', path, REMEDY):
            path.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=path):
                pass

    def write(self, name: str, text: str) -> None:
        """Write a text file atomically.

        Raises:
            EvaluationError: The file cannot be written.

        """
        path = self._path / name
        with reraise_file_errors(EvaluationError, 'write', path, REMEDY):
            write_text_atomic(path, text)
