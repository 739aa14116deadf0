# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folder of the bundle that a user names: a path, a shipped bundle or one on the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from audio_manifold_ros.common.argument_types import caller_path
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.hub_download import download_bundle
from audio_manifold_ros.inference.bundle.hub_reference import FORM, HubReference, is_hub_reference


def find_bundle(given: str, report: Callable[[str], None] | None = None) -> Path:
    """Return the folder of a bundle.

    Args:
        given: A path, the path of a bundle that ships with the package, for example `models/street`, or
            `hf://ORGANISATION/NAME@REVISION`.
        report: Takes a line before a download.

    Raises:
        InferenceError: There is no such folder, or the bundle cannot be downloaded.

    """
    if is_hub_reference(given):
        return download_bundle(HubReference.parse(given), report)
    path = caller_path(given)
    if given and path.is_dir():
        return path.resolve()
    if given and not Path(given).is_absolute():
        with suppress(FileNotFoundError):
            return resource_path(given)
    place = str(path) if given else ''
    msg = (
        f'There is no bundle {place!r}: give a folder that exists, the path of one below the package '
        f'(models/street), or {FORM}.'
    )
    raise InferenceError(msg)
