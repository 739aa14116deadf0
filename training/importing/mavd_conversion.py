# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one MAVD drive to a drive file: a segment of one second per instant, with its image in the middle."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from training.importing import mavd_clips
from training.importing.drive_import import (
    LABEL_REASONS,
    DriveImport,
    ImportJob,
    ImportOptions,
    convert_once,
    missing_label_notes,
)
from training.importing.imported_labels import LabelFolders
from training.importing.mavd_audio import read_clip
from training.importing.mavd_clips import Clip, ClipIndex, index_clips
from training.importing.mavd_names import MICROPHONES
from training.importing.report import DriveOutcome

PICTURE_COLUMNS = 1920
# Values of a label's column range that mean the whole picture.
FULL_WIDTH_COLUMNS = (None, (0, PICTURE_COLUMNS))
# Gap between two segments, so that no window is cut across them.
GAP_SAMPLES = 1
PREFIXES = ('fl_rgb_', '')
DAMAGED_AUDIO = 'damaged_audio'
REASONS = {
    **mavd_clips.REASONS,
    **LABEL_REASONS,
    DAMAGED_AUDIO: 'an MP3 file that cannot be decoded or is not one second long',
}


@dataclass(frozen=True)
class MavdOptions(ImportOptions):
    """Settings of the drive files.

    Attributes:
        native: Store the images also in the size of the labels.
        picture_columns: First column of the pictures that the images show, and one past the last, of 1920.
        files_show_crop: The label files show these columns only, not whole pictures.

    """

    native: bool = False
    picture_columns: tuple[int, int] = (200, 1720)
    files_show_crop: bool = False


@dataclass(frozen=True)
class MavdJob(ImportJob):
    """One drive to write.

    Attributes:
        options: Settings of the drive file.
        folder: The unpacked drive.
        label_folders: Label folder of each modality.

    """

    options: MavdOptions
    folder: Path
    label_folders: dict[str, Path]


def write_drive(job: MavdJob) -> DriveOutcome:
    """Write the drive file of a drive and its record, unless a complete file of an equal request exists.

    Raises:
        TrainingError: The folder is not a MAVD drive, its labels show other columns, or no image can be stored.
        DatasetError: The drive cannot be written, or a label file is damaged.
        AudioError: The ratio of the sample rates has no small integer form.

    """
    clips = index_clips(job.folder)
    options = job.options
    columns = options.picture_columns if options.files_show_crop else None
    with LabelFolders(job.label_folders, columns, PREFIXES) as labels:
        _check_columns(labels, options.picture_columns)
        inputs = {'audio_sha256': _audio_sha256(clips), 'truth': labels.provenance}
        return convert_once(job, inputs, lambda: _MavdImport(job, clips, labels).write())


class _MavdImport(DriveImport):
    """Writes the clips of one drive."""

    def __init__(self, job: MavdJob, clips: ClipIndex, labels: LabelFolders) -> None:
        super().__init__(job, MICROPHONES, labels.depth_unit, clips.skipped)
        self._source, self._options, self._clips, self._labels = str(job.folder), job.options, clips.clips, labels

    def write(self) -> DriveOutcome:
        provenance = {
            'origin': 'MAVD',
            'audio': 'one second of MP3 for each image, a run of its own; gaps between runs have no true length',
            'picture_columns': list(self._options.picture_columns),
            'truth': self._labels.provenance,
        }
        with self.create(provenance) as writer:
            for clip in self._clips:
                self._add(writer, clip)
            self.check_kept(self._source)
        return self.outcome(float(self.kept), self._notes())

    def _add(self, writer: DriveWriter, clip: Clip) -> None:
        # The images are read first: they take less time than the audio.
        images = self.read_labels(self._labels, clip.name.stamp_ns, clip.aliases)
        if images is None:
            return
        rate_hz = self._options.sample_rate_hz
        try:
            samples = read_clip(clip.files, rate_hz)
        except TrainingError as error:
            self.skip(DAMAGED_AUDIO, f'{clip.name.text}: {error}')
            return
        first = self.kept * (rate_hz + GAP_SAMPLES)
        writer.add_audio(samples, first)
        cropped = {modality: self._crop(modality, image) for modality, image in images.items()}
        # The paper's frame position: the middle of the window.
        self.add_image(writer, first + round(rate_hz / 2), cropped, clip.name.stamp_ns)

    def _crop(self, modality: str, image: NDArray[Any]) -> NDArray[Any]:
        if self._labels.found[modality].columns not in FULL_WIDTH_COLUMNS:
            return image
        first, end = (round(column * image.shape[1] / PICTURE_COLUMNS) for column in self._options.picture_columns)
        return image[:, first:end]

    def _notes(self) -> Sequence[str]:
        unit = self._labels.depth_unit
        return (*missing_label_notes(self._labels), *([f'depth is {unit}: its scale is unknown'] * (unit != METRES)))


def _check_columns(labels: LabelFolders, expected_columns: tuple[int, int]) -> None:
    """Refuse labels of another part of the picture: they would be stretched over the expected part."""
    for modality, source in labels.found.items():
        if source.columns not in (*FULL_WIDTH_COLUMNS, tuple(expected_columns)):
            (first, end), (our_first, our_end) = source.columns, expected_columns
            msg = (
                f'The {modality} shows columns {first} to {end} of the pictures, not {our_first} to {our_end}: import '
                f'with --columns {first} {end}, or label with --columns {our_first} {our_end}.'
            )
            raise TrainingError(msg)


def _audio_sha256(clips: ClipIndex) -> str:
    """Return a hash of the names and sizes of the audio files. Their content is not read: there are a million files."""
    digest = hashlib.sha256()
    for clip in clips.clips:
        for file in clip.files:
            digest.update(f'{file.name}\0{file.stat().st_size}\0'.encode())
    return digest.hexdigest()
