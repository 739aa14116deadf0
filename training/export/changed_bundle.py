# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles with some changed files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from training.experiment.evaluate import METRICS_FILE
from training.export.export_bundle import with_card

if TYPE_CHECKING:
    from collections.abc import Mapping


def change_files(bundle: Bundle, changed: Mapping[str, bytes]) -> Bundle:
    """Write a bundle again with some new or changed files, and the card that lists them.

    Args:
        bundle: The bundle. Its other files stay as they are.
        changed: Content of files by name.

    """
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files} | dict(changed)
    if METRICS_FILE in files:
        scores = read_json(bundle.folder / METRICS_FILE, TrainingError, 'Export the bundle again.')
        files = with_card(files, bundle.manifest, scores)
    return write_bundle(bundle.folder, bundle.manifest, files)
