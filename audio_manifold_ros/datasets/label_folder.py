# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the labels of a recording lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SUFFIX = '.labels'


def label_folder(recording: Path) -> Path:
    """Return the folder of a recording's label tracks: `NAME.labels` beside it."""
    recording = recording.absolute()
    return recording.with_name(f'{recording.name}{SUFFIX}')


def exclude_label_folders(recordings: Sequence[Path]) -> list[Path]:
    """Return recordings without the folders of labels between them, which a pattern such as `drives/*` names too.

    Where all are such folders somebody means them: they stay, for the caller to refuse.
    """
    others = [path for path in recordings if not (path.name.endswith(SUFFIX) and path.is_dir())]
    return others or list(recordings)
