# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A scene of OAP as it lies on a disk: tracks, video, and the folders in which teachers wrote."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.label_file import MODALITIES, label_folder
from training.importing.imported_labels import DEPTH, SEGMENTATION
from training.labelling.teacher_files import READERS

TRACKS = 8
# As the authors say: the second pair of ears was not recorded at first.
UNRECORDED, LAST_UNRECORDED_SCENE = (3, 4), 27
SCENE = re.compile(r'scene(\d{1,4})', re.IGNORECASE)
# Names that begin with a dot are what other systems leave beside files when they pack them.
TRACK = re.compile(rf'[^.].*_Tr([1-{TRACKS}])\.wav', re.IGNORECASE)
PICTURES = 'split_videoframes'
# Monodepth2 itself writes beside the pictures; the authors of OAP moved that elsewhere.
TEACHERS: Mapping[str, tuple[str, ...]] = {
    DEPTH: ('monodepth2_front', PICTURES),
    SEGMENTATION: ('segment_splitframes/pred',),
}


@dataclass(frozen=True)
class OapScene:
    """One scene.

    Attributes:
        number: From 1 to 165.
        folder: Where it lies.
        tracks: The file of each track that was recorded, by its number from 1.
        video: The video; None where it is not there.

    """

    number: int
    folder: Path
    tracks: Mapping[int, Path]
    video: Path | None

    @property
    def drive_id(self) -> str:
        """Name of its drive, with four digits however its folder is called."""
        return drive_id_of(self.number)

    @property
    def missing_tracks(self) -> tuple[int, ...]:
        """Numbers of the tracks that are not there."""
        return tuple(number for number in range(1, TRACKS + 1) if number not in self.tracks)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the scene."""
        found = []
        if self.folder.name != self.drive_id:
            found.append(f'the folder is called {self.folder.name!r}')
        if self.missing_tracks:
            usual = self.number <= LAST_UNRECORDED_SCENE and self.missing_tracks == UNRECORDED
            why = f'as its authors say of scenes 1 to {LAST_UNRECORDED_SCENE}' if usual else 'against the description'
            found.append(f'tracks {list(self.missing_tracks)} are missing, {why}: zeros in the drive, which says so')
        return tuple(found)

    def label_folders(self, frames: Path | None) -> dict[str, Path]:
        """Return where depth and classes lie: what `training.labelling.label` wrote before what teachers wrote.

        Args:
            frames: Folder of pictures that were taken out of the video; None for none.

        """
        labelled = [label_folder(self.folder / PICTURES)]
        labelled += [label_folder(frames / self.drive_id)] if frames else []
        found = {}
        for modality, places in TEACHERS.items():
            file, ending = MODALITIES[modality][0], READERS[modality][0]
            folders = [folder for folder in labelled if (folder / file).exists()]
            folders += [self.folder / place for place in places if any((self.folder / place).glob(f'*{ending}'))]
            found[modality] = (folders or [self.folder / places[0]])[0]
        return found


def drive_id_of(number: int) -> str:
    """Return the id of a scene's drive."""
    return f'scene{number:04d}'


def find_scenes(root: Path) -> dict[str, tuple[Path, ...]]:
    """Return the folders of scenes in a folder, or in its `dataset_public` or `data`, by drive id.

    A scene may be called `scene1` as well as `scene0001`; where it is there under both names, both are returned.

    Raises:
        TrainingError: There is none.

    """
    found: dict[str, list[Path]] = defaultdict(list)
    for place in (root, root / 'dataset_public', root / 'data'):
        for folder in sorted(place.iterdir()) if place.is_dir() else ():
            match = SCENE.fullmatch(folder.name)
            if match and folder.is_dir():
                found[drive_id_of(int(match[1]))].append(folder)
    if not found:
        msg = f'{str(root)!r} holds no scenes: give the folder with scene0001, scene0002 …, or the one above it.'
        raise TrainingError(msg)
    return {drive_id: tuple(folders) for drive_id, folders in sorted(found.items())}


def open_scene(folder: Path) -> OapScene:
    """List what a scene holds.

    Raises:
        TrainingError: It has no tracks, or several recordings of one track.

    """
    match = SCENE.fullmatch(folder.name)
    if match is None:
        msg = f'{str(folder)!r} is no scene: its name is scene and a number.'
        raise TrainingError(msg)
    found: dict[int, list[Path]] = defaultdict(list)
    for recording in sorted(folder.iterdir()):
        if recording.is_dir() and recording.suffix.lower() == '.wav':
            for file in sorted(recording.iterdir()):
                track = TRACK.fullmatch(file.name)
                if track:
                    found[int(track[1])].append(file)
    if not found:
        msg = f'{str(folder)!r} holds no LAB-….WAV/LAB-…_Tr1.WAV to _Tr{TRACKS}.WAV: unpack the audio there.'
        raise TrainingError(msg)
    for number, files in found.items():
        if len(files) > 1:
            msg = f'{str(folder)!r} holds track {number} {len(files)} times: {[str(file) for file in files]}: keep one.'
            raise TrainingError(msg)
    videos = sorted(folder.glob('VIDEO_*_cropped.mp4'))
    tracks = {number: files[0] for number, files in sorted(found.items())}
    return OapScene(int(match[1]), folder, tracks, videos[0] if videos else None)
