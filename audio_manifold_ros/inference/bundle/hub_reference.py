# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Name of a bundle on the Hugging Face hub: `hf://ORGANISATION/NAME@REVISION`."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.common.errors import InferenceError

SCHEME = 'hf://'
FORM = f'{SCHEME}ORGANISATION/NAME@REVISION'
NAME = r'[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?'
REPOSITORY = re.compile(f'{NAME}/{NAME}')
REVISION = re.compile(r'[A-Za-z0-9][A-Za-z0-9._/-]{0,127}')
COMMIT = re.compile(r'[0-9a-f]{40}')
EXTRA = 'pip install "audio_manifold_ros[hub]", or in a checkout ./run exec pip install -r requirements/hub.txt'


@dataclass(frozen=True)
class HubReference:
    """A bundle on the hub at one revision.

    Attributes:
        repository: Organisation and name, separated by a slash.
        revision: Commit, tag or branch. A commit always names the same files.

    """

    repository: str
    revision: str

    @classmethod
    def parse(cls, text: str) -> HubReference:
        """Read `hf://ORGANISATION/NAME@REVISION`.

        Raises:
            InferenceError: The text has another form, or no revision.

        """
        repository, _, revision = text.removeprefix(SCHEME).partition('@')
        check_repository(repository)
        if not REVISION.fullmatch(revision) or '..' in revision:
            msg = (
                f'{text!r} has the revision {revision!r}: give {FORM} with a commit or a tag, so that the robot always '
                'runs the same model.'
            )
            raise InferenceError(msg)
        return cls(repository, revision)

    @property
    def is_pinned(self) -> bool:
        """True if the revision is a commit, which cannot change."""
        return COMMIT.fullmatch(self.revision) is not None

    def __str__(self) -> str:
        """Return the reference as the user gives it."""
        return f'{SCHEME}{self.repository}@{self.revision}'


def check_repository(name: str) -> None:
    """Refuse a name that is not `ORGANISATION/NAME`.

    Raises:
        InferenceError: It is not.

    """
    if not REPOSITORY.fullmatch(name) or '--' in name or '..' in name:
        msg = f'{name!r} is not the name of a repository on the hub: give ORGANISATION/NAME, for example {FORM}.'
        raise InferenceError(msg)


def is_hub_reference(text: str) -> bool:
    """Return whether a text names a bundle on the hub."""
    return text.startswith(SCHEME)


def import_hub() -> Any:
    """Return the module huggingface_hub, with its modules `constants` and `errors`.

    Raises:
        InferenceError: The package is not installed.

    """
    try:
        for name in ('constants', 'errors'):
            importlib.import_module(f'huggingface_hub.{name}')
        return importlib.import_module('huggingface_hub')
    except ImportError as error:
        msg = f'Bundles on the hub need the package huggingface_hub ({error}): {EXTRA}.'
        raise InferenceError(msg) from None
