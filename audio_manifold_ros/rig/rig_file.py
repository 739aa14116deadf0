# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Base of the dataclasses that are the content of one YAML file of a rig, and the types of their values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.common.schema_rules import Decimals, numbers, text
from audio_manifold_ros.common.yaml_file import parse_yaml, read_yaml_text

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_DISTANCE_M = 100
# Rigs also come in messages and bags. An array of 256 microphones has 64 kilobytes.
MAX_RIG_BYTES = 1 << 18
SCHEMA_VERSION = ('schema_version', 1)
VECTOR = numbers(3, limit=MAX_DISTANCE_M, noun=f'a list of three numbers up to {MAX_DISTANCE_M} m')

Name = Annotated[str, text('a name')]
FrameName = Annotated[str, text('the name of a frame')]
PositionM = Annotated[tuple[float, float, float], VECTOR, Decimals(6)]


class RigFile:
    """Content of a YAML file of a rig.

    Attributes:
        FILE_NAME: Name of the file in the folder of a rig.

    """

    FILE_NAME: ClassVar[str]

    @classmethod
    def from_yaml(cls, path: Path | str) -> Self:
        """Read the file.

        Raises:
            RigError: The file cannot be read, is not YAML, or holds a wrong key or value.

        """
        return cls.from_text(read_yaml_text(path, RigError, _remedy(cls.FILE_NAME)), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> Self:
        """Read the text of the file.

        Args:
            text: The text.
            path: Name of the text in messages.

        Raises:
            RigError: The text is not YAML, or holds a wrong key or value.

        """
        return from_plain(cls, parse_rig_yaml(text, path, cls.FILE_NAME), path, RigError)


def read_rig_yaml(path: Path | str, file_name: str) -> Any:
    """Return the plain values of a file of a rig.

    Raises:
        RigError: The file cannot be read or is not YAML.

    """
    return parse_rig_yaml(read_yaml_text(path, RigError, _remedy(file_name)), str(path), file_name)


def parse_rig_yaml(text: str, path: str, file_name: str) -> Any:
    """Return the plain values of the text of a file of a rig.

    Raises:
        RigError: The text is not YAML.

    """
    return parse_yaml(text, path, RigError, _remedy(file_name), max_bytes=MAX_RIG_BYTES)


def _remedy(file_name: str) -> str:
    return f'Give a {file_name} as docs/rig_files.md describes it.'
