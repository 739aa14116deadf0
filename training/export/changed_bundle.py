# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles with some changed files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.evaluation.reporting.model_card import model_card
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from training.experiment.evaluate import METRICS_FILE
from training.export.export_bundle import CARD_FILE

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
        sizes = {name: {'size': len(content)} for name, content in files.items() if name != CARD_FILE}
        files[CARD_FILE] = model_card({**to_plain(bundle.manifest), 'files': sizes}, scores).encode()
    return write_bundle(bundle.folder, bundle.manifest, files)
