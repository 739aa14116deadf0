# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels and picture times of an OAP scene."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.label_file import LabelFile
from audio_manifold_ros.modalities.registry import MODALITIES
from training.importing.imported_labels import LabelFolders
from training.importing.oap_scene import PICTURES, OapScene
from training.importing.video_frames import PICTURE_S, extract_frames

FILE = re.compile(r'((?:[^.].*_)?(\d{6}))(?:_disp\.npy|_mask\.png|\.png|\.jpg)')


def open_labels(scene: OapScene, frames: Path | None) -> LabelFolders:
    """Open the labels of a scene. Without labels, extract the pictures of its video, so that they can be labelled.

    Args:
        scene: The scene.
        frames: Parent folder for such pictures, with a folder for each scene. None extracts no pictures.

    Raises:
        TrainingError: There are no labels yet.
        DatasetError: A label file is damaged.

    """
    try:
        return LabelFolders(scene.label_folders(frames))
    except TrainingError as error:
        pictures = scene.folder / PICTURES
        if not any(pictures.glob('*.png')):
            if frames is None or scene.video is None:
                remedy = 'extract them from the video (--frames)' if scene.video else 'it has no video'
                msg = f'{error} There are no pictures to label: {remedy}.'
                raise TrainingError(msg) from None
            pictures = frames / scene.drive_id
            extract_frames(scene.video, pictures)
        msg = f'No labels yet: label the pictures (audio-manifold train label {pictures}) and import again.'
        raise TrainingError(msg) from None


def instants(scene: OapScene, labels: LabelFolders, frames: Path | None) -> list[tuple[int, tuple[str, ...]]]:
    """Return the times with a picture or a label in order, each with the possible base names of its label files."""
    names: dict[int, set[str]] = defaultdict(set)
    pictures = [scene.folder / PICTURES, *([frames / scene.drive_id] if frames else [])]
    for folder in (*pictures, *scene.label_folders(frames).values()):
        for file in folder.iterdir() if folder.is_dir() else ():
            match = FILE.fullmatch(file.name)
            if match:
                names[(int(match[2]) + PICTURE_S) * NS_PER_S].add(match[1])
            elif file.name in {MODALITIES[modality].label_file for modality in labels.found}:
                with LabelFile(file) as label_file:
                    for stamp_ns in label_file.stamp_ns.tolist():
                        names[stamp_ns].add(f'{stamp_ns // NS_PER_S - PICTURE_S:06d}')
    return [(stamp_ns, tuple(sorted(names[stamp_ns], key=len))) for stamp_ns in sorted(names)]
