# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of an OAP scene: audio tracks, video, and label folders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.label_file import label_folder
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION
from training.labelling.teacher_files import READERS

TRACKS = 8
# According to the authors, the second microphone pair was not recorded in the first scenes.
UNRECORDED, LAST_UNRECORDED_SCENE = (3, 4), 27
SCENE = re.compile(r'scene(\d{1,4})', re.IGNORECASE)
# Names that start with a dot are metadata files of macOS archives.
TRACK = re.compile(rf'[^.].*_Tr([1-{TRACKS}])\.wav', re.IGNORECASE)
PICTURES = 'split_videoframes'
# Monodepth2 writes its files to the folder of the pictures. The authors of OAP moved them to another folder.
TEACHERS: Mapping[str, tuple[str, ...]] = {
    DEPTH: ('monodepth2_front', PICTURES),
    SEGMENTATION: ('segment_splitframes/pred',),
}


@dataclass(frozen=True)
class OapScene:
    """One scene.

    Attributes:
        number: Number from 1 to 165.
        folder: Folder of the scene.
        tracks: File of each recorded track by its number from 1.
        video: Video file, or None.

    """

    number: int
    folder: Path
    tracks: Mapping[int, Path]
    video: Path | None

    @property
    def drive_id(self) -> str:
        """Id of its drive, with four digits whatever the name of its folder."""
        return drive_id_of(self.number)

    @property
    def missing_tracks(self) -> tuple[int, ...]:
        """Numbers of the missing tracks."""
        return tuple(number for number in range(1, TRACKS + 1) if number not in self.tracks)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the scene for the user."""
        found = []
        if self.folder.name != self.drive_id:
            found.append(f'the folder is named {self.folder.name!r}')
        if self.missing_tracks:
            usual = self.number <= LAST_UNRECORDED_SCENE and self.missing_tracks == UNRECORDED
            why = f'as documented for scenes 1 to {LAST_UNRECORDED_SCENE}' if usual else 'unlike the documentation'
            tracks = list(self.missing_tracks)
            found.append(f'tracks {tracks} are missing, {why}: they are zeros in the drive and listed as missing')
        return tuple(found)

    def label_folders(self, frames: Path | None) -> dict[str, Path]:
        """Return the label folder of each modality. Labels of `audio-manifold train label` take precedence over others.

        Args:
            frames: Parent folder of pictures that were extracted from videos, or None.

        """
        labelled = [label_folder(self.folder / PICTURES)]
        labelled += [label_folder(frames / self.drive_id)] if frames else []
        found = {}
        for modality, places in TEACHERS.items():
            file, ending = MODALITIES[modality].label_file, READERS[modality][0]
            folders = [folder for folder in labelled if (folder / file).exists()]
            folders += [self.folder / place for place in places if any((self.folder / place).glob(f'*{ending}'))]
            found[modality] = (folders or [self.folder / places[0]])[0]
        return found


def drive_id_of(number: int) -> str:
    """Return the drive id of a scene."""
    return f'scene{number:04d}'


def find_scenes(root: Path) -> dict[str, tuple[Path, ...]]:
    """Return the scene folders in a folder, or in its `dataset_public` or `data`, by drive id.

    A scene may be named `scene1` or `scene0001`. If both folders exist, both are returned.

    Raises:
        TrainingError: There is no scene.

    """
    found: dict[str, list[Path]] = defaultdict(list)
    for place in (root, root / 'dataset_public', root / 'data'):
        for folder in sorted(place.iterdir()) if place.is_dir() else ():
            match = SCENE.fullmatch(folder.name)
            if match and folder.is_dir():
                found[drive_id_of(int(match[1]))].append(folder)
    if not found:
        msg = f'{str(root)!r} contains no scenes: give the folder with scene0001, scene0002 …, or its parent.'
        raise TrainingError(msg)
    return {drive_id: tuple(folders) for drive_id, folders in sorted(found.items())}


def open_scene(folder: Path) -> OapScene:
    """List the files of a scene.

    Raises:
        TrainingError: It has no tracks, or several recordings of one track.

    """
    match = SCENE.fullmatch(folder.name)
    if match is None:
        msg = f'{str(folder)!r} is not a scene: expected a folder named scene and a number.'
        raise TrainingError(msg)
    found: dict[int, list[Path]] = defaultdict(list)
    for recording in sorted(folder.iterdir()):
        if recording.is_dir() and recording.suffix.lower() == '.wav':
            for file in sorted(recording.iterdir()):
                track = TRACK.fullmatch(file.name)
                if track:
                    found[int(track[1])].append(file)
    if not found:
        msg = f'{str(folder)!r} contains no LAB-….WAV/LAB-…_Tr1.WAV to _Tr{TRACKS}.WAV: unpack the audio there.'
        raise TrainingError(msg)
    for number, files in found.items():
        if len(files) > 1:
            msg = f'{str(folder)!r} has track {number} {len(files)} times: {[str(file) for file in files]}: keep one.'
            raise TrainingError(msg)
    videos = sorted(folder.glob('VIDEO_*_cropped.mp4'))
    tracks = {number: files[0] for number, files in sorted(found.items())}
    return OapScene(int(match[1]), folder, tracks, videos[0] if videos else None)
