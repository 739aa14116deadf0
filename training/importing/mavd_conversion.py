# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One drive of MAVD as a drive file: a run of one second for each instant, with its image in the middle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.conversion import SOFTWARE
from audio_manifold_ros.bags.decoding.run_metadata import rig_sha256
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from training.importing import mavd_clips
from training.importing.imported_labels import DEPTH, SEGMENTATION, LabelFolders
from training.importing.mavd_audio import read_clip
from training.importing.mavd_clips import Clip, ClipIndex, index_clips
from training.importing.mavd_names import MICROPHONES
from training.importing.report import DriveOutcome, find_outcome, record_outcome
from training.importing.stored_images import stored_images

REQUEST_VERSION = 1
PICTURE_COLUMNS = 1920
# What truth says that shows all of a picture.
FULL_WIDTH_COLUMNS = (None, (0, PICTURE_COLUMNS))
# Between two runs, so that no window is cut across them.
GAP_SAMPLES = 1
PREFIXES = ('fl_rgb_', '')
DAMAGED_AUDIO, DAMAGED_TRUTH, NO_DEPTH, NO_LABELS = 'damaged_audio', 'damaged_truth', 'no_depth', 'no_labels'
UNKNOWN = {DEPTH: NO_DEPTH, SEGMENTATION: NO_LABELS}
REASONS = {
    **mavd_clips.REASONS,
    DAMAGED_AUDIO: 'an MP3 that cannot be decoded, or is not one second long',
    DAMAGED_TRUTH: 'a file of a teacher that cannot be read',
    NO_DEPTH: 'an instant of whose picture no depth is known',
    NO_LABELS: 'an instant of whose picture no classes are known',
}


@dataclass(frozen=True)
class MavdOptions:
    """How drives of MAVD become drive files.

    Attributes:
        sample_rate_hz: Rate of the dataset's audio.
        rows: Rows of its images.
        columns: Columns of its images.
        picture_columns: First column of the pictures that the images show, and one past the last, of 1920.
        files_show_crop: The files of teachers show these columns only, not whole pictures.
        native: Keep the images also in the size in which their teachers gave them.

    """

    sample_rate_hz: int = 22_500
    rows: int = 128
    columns: int = 128
    picture_columns: tuple[int, int] = (200, 1720)
    files_show_crop: bool = False
    native: bool = False


@dataclass(frozen=True)
class MavdJob:
    """One drive to write.

    Attributes:
        folder: The drive as it was unpacked.
        out: Folder of the drive files.
        truth: Folder of each modality's truth.
        rig: The rig that recorded it.
        options: How.

    """

    folder: Path
    out: Path
    truth: dict[str, Path]
    rig: RigFiles
    options: MavdOptions

    @property
    def path(self) -> Path:
        """The drive file."""
        return self.out / f'{self.folder.name}.h5'


def write_drive(job: MavdJob) -> DriveOutcome:
    """Write a drive file with its record, unless the same one is there, whole.

    Raises:
        TrainingError: The folder is no drive of MAVD, its labels show other columns, or no instant can be kept.
        DatasetError: The drive cannot be written, or a track of labels is damaged.
        AudioError: The rate makes no sense.

    """
    found = index_clips(job.folder)
    options = job.options
    with LabelFolders(job.truth, options.picture_columns if options.files_show_crop else None, PREFIXES) as truth:
        _check_columns(truth, options.picture_columns)
        request = _request(job, found, truth)
        outcome = find_outcome(job.path, request)
        if outcome is not None:
            return outcome
        outcome = _Conversion(job, found, truth).write(job.path)
    record_outcome(job.path, request, outcome)
    return outcome


class _Conversion:
    """Writes the clips of one drive."""

    def __init__(self, job: MavdJob, found: ClipIndex, truth: LabelFolders) -> None:
        self._job, self._options, self._clip_index, self._labels = job, job.options, found, truth
        self._skipped: dict[str, list[str]] = {reason: list(names) for reason, names in found.skipped.items()}
        self._kept = 0

    def write(self, path: Path) -> DriveOutcome:
        with self._writer(path) as writer:
            for clip in self._clip_index.clips:
                self._add(writer, clip)
            if not self._kept:
                raise TrainingError(self._no_images_message())
        skipped = {reason: tuple(names) for reason, names in self._skipped.items()}
        return DriveOutcome(self._clip_index.drive_id, self._kept, float(self._kept), skipped, self._notes())

    def _writer(self, path: Path) -> DriveWriter:
        options = self._options
        return DriveWriter(
            path,
            drive_id=self._clip_index.drive_id,
            rig=self._job.rig,
            sample_rate_hz=options.sample_rate_hz,
            channels=MICROPHONES,
            provenance={
                'origin': 'MAVD',
                'audio': 'one second of MP3 for each image, a run of its own; gaps between runs have no true length',
                'picture_columns': list(options.picture_columns),
                'truth': self._labels.provenance,
                'rig_sha256': rig_sha256(self._job.rig),
                'software': SOFTWARE,
            },
            attributes=DriveAttributes(depth_unit=self._labels.depth_unit),
        )

    def _add(self, writer: DriveWriter, clip: Clip) -> None:
        """Append a clip with its images, or say why not; the images first, for they are cheaper to read."""
        stamp_ns, rate_hz = clip.name.stamp_ns, self._options.sample_rate_hz
        images = self._images(clip)
        if images is None:
            return
        try:
            samples = read_clip(clip.files, rate_hz)
        except TrainingError as error:
            self._skip(DAMAGED_AUDIO, f'{clip.name.text}: {error}')
            return
        first = self._kept * (rate_hz + GAP_SAMPLES)
        writer.add_audio(samples, first)
        # The paper's place of the image: the middle of the window.
        size = (self._options.rows, self._options.columns)
        stored = stored_images(images, size, self._labels.depth_unit, native=self._options.native)
        writer.add_image(first + round(rate_hz / 2), **stored, stamp_ns=stamp_ns)
        self._kept += 1

    def _images(self, clip: Clip) -> dict[str, NDArray[Any]] | None:
        images = {}
        for modality, truth in self._labels.found.items():
            try:
                image = truth.image(clip.name.stamp_ns, clip.aliases)
            except AudioManifoldError as error:
                self._skip(DAMAGED_TRUTH, f'{clip.name.text}: {error}')
                return None
            if image is None:
                self._skip(UNKNOWN[modality], clip.name.text)
                return None
            images[modality] = (
                _cropped(image, self._options.picture_columns) if truth.columns in FULL_WIDTH_COLUMNS else image
            )
        return images

    def _skip(self, reason: str, name: str) -> None:
        self._skipped.setdefault(reason, []).append(name)

    def _no_images_message(self) -> str:
        counts = ', '.join(f'{len(names)} {reason}' for reason, names in sorted(self._skipped.items()))
        return f'{str(self._job.folder)!r}: of {len(self._clip_index.clips)} instants none can be kept: {counts}.'

    def _notes(self) -> tuple[str, ...]:
        missing = sorted({DEPTH, SEGMENTATION} - set(self._labels.found))
        unit = (
            [f'depth is {self._labels.depth_unit}: its scale is unknown'] if self._labels.depth_unit != METRES else []
        )
        return (*(f'no {modality} at all' for modality in missing), *unit)


def _check_columns(truth: LabelFolders, expected_columns: tuple[int, int]) -> None:
    """Refuse labels of another part of the picture: they would be stretched over the part that is wanted."""
    for modality, labels in truth.found.items():
        if labels.columns not in (*FULL_WIDTH_COLUMNS, tuple(expected_columns)):
            (first, end), (our_first, our_end) = labels.columns, expected_columns
            msg = (
                f'The {modality} shows columns {first} to {end} of the pictures, not {our_first} to {our_end}: import '
                f'with --columns {first} {end}, or label with --columns {our_first} {our_end}.'
            )
            raise TrainingError(msg)


def _cropped(image: NDArray[Any], columns: Sequence[int]) -> NDArray[Any]:
    first, end = (round(column * image.shape[1] / PICTURE_COLUMNS) for column in columns)
    return image[:, first:end]


def _request(job: MavdJob, found: ClipIndex, truth: LabelFolders) -> dict[str, Any]:
    """Return all that a drive depends on; the audio by names and sizes, for it has a million files."""
    digest = hashlib.sha256()
    for clip in found.clips:
        for file in clip.files:
            digest.update(f'{file.name}\0{file.stat().st_size}\0'.encode())
    values: dict[str, Any] = json.loads(
        json.dumps(
            {
                'version': REQUEST_VERSION,
                'audio_sha256': digest.hexdigest(),
                'options': asdict(job.options),
                'rig_sha256': rig_sha256(job.rig),
                'truth': truth.provenance,
            }
        )
    )
    return values
