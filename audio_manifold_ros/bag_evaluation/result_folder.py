# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder that an evaluation leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from audio_manifold_ros.common.errors import EvaluationError


class ResultFolder:
    """A folder that can be written, proved before hours are spent."""

    def __init__(self, path: Path) -> None:
        """Make the folder, unless it is there.

        Raises:
            EvaluationError: It cannot be made, or cannot be written.

        """
        self._path = path
        with _as_evaluation_error(path):
            path.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=path):
                pass

    def write(self, name: str, text: str) -> None:
        """Write a file that appears under its name only when it is complete.

        Raises:
            EvaluationError: It cannot be written.

        """
        partial = self._path / f'.{name}.partial'
        with _as_evaluation_error(self._path / name):
            try:
                partial.write_text(text, encoding='utf-8')
                partial.replace(self._path / name)
            finally:
                partial.unlink(missing_ok=True)


@contextmanager
def _as_evaluation_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = (
            f'Cannot write {str(path)!r}: {error.strerror or error}. Check the space and the rights, or name another '
            'folder (--out).'
        )
        raise EvaluationError(msg) from None
