# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the project: one base class, and one subclass for each package.

Each message states the failure, the value and the remedy. A command line catches `AudioManifoldError`,
prints the message and exits with a non-zero status.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audio_manifold_ros.common.printable_text import escape_control_characters

MAX_MESSAGE_LENGTH = 2_000
KEPT_LENGTH = MAX_MESSAGE_LENGTH // 2 - 10


class AudioManifoldError(Exception):
    """Base class of every error that this project raises on purpose.

    Messages quote names and values of files, which others wrote. Control characters are therefore escaped, and the
    middle of a message longer than `MAX_MESSAGE_LENGTH` is left out.
    """

    def __init__(self, message: object = '') -> None:
        """Make the message safe to show."""
        text = escape_control_characters(str(message))
        if len(text) > MAX_MESSAGE_LENGTH:
            text = f'{text[:KEPT_LENGTH]} [...] {text[-KEPT_LENGTH:]}'
        super().__init__(text)


class AudioError(AudioManifoldError):
    """Audio cannot be captured, read or preprocessed."""


class BagError(AudioManifoldError):
    """A bag cannot be read, written or used. The message names the file."""


class CalibrationError(AudioManifoldError):
    """A measurement of the rig cannot be made or applied."""


class DatasetError(AudioManifoldError):
    """A drive cannot be written, read or used. The message names the file."""


class DemoError(AudioManifoldError):
    """The demo cannot continue."""


class DrawingError(AudioManifoldError):
    """An image cannot be drawn or saved."""


class EvaluationError(AudioManifoldError):
    """Images or scores cannot be compared."""


class FeatureError(AudioManifoldError):
    """A feature specification or a window cannot be used."""


class InferenceError(AudioManifoldError):
    """A bundle or a backend cannot be used."""


class NetworkError(AudioManifoldError):
    """A network cannot be built or run."""


class NodeError(AudioManifoldError):
    """A node cannot use a parameter, a message or a source."""


class ViewerError(AudioManifoldError):
    """The live view cannot be shown."""


class ProcessError(AudioManifoldError):
    """A child process has ended with an error."""


class RigError(AudioManifoldError):
    """A rig file cannot be used. The message names file, key and value."""


class SimulationError(AudioManifoldError):
    """A street cannot be simulated."""


class TrainingError(AudioManifoldError):
    """A configuration, a dataset or a checkpoint cannot be used for training."""


@contextmanager
def reraise_file_errors(
    error_class: type[AudioManifoldError], action: str, path: Path | str, remedy: str
) -> Iterator[None]:
    """Turn an `OSError` into an error of the project.

    Args:
        error_class: The error to raise.
        action: Failed action in the infinitive, for example `write`.
        path: The file or folder.
        remedy: A sentence with the remedy.

    Raises:
        AudioManifoldError: `error_class`, if the block raises `OSError`.

    """
    try:
        yield
    except OSError as error:
        msg = f'Cannot {action} {str(path)!r}: {error.strerror or error}. {remedy}'
        raise error_class(msg) from None
