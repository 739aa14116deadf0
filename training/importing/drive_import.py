# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one recording of a published dataset to a drive file, shared by the importers.

An importer reads its own files. The code here creates the drive, stores images, collects what is skipped and why, and
keeps a finished drive of an equal request.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.conversion_record import SOFTWARE
from audio_manifold_ros.bags.conversion.resampled_segment import ResampledSegment
from audio_manifold_ros.bags.decoding.run_metadata import rig_sha256
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.depth_range import DEPTH_RANGE_TEXT, valid_depth
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.importing.imported_labels import FoundLabels, LabelFolders
from training.importing.report import DriveOutcome, find_outcome, record_outcome
from training.importing.stored_images import stored_images

REQUEST_VERSION = 1
NO_DEPTH, NO_LABELS, DAMAGED_LABELS = 'no_depth', 'no_labels', 'damaged_truth'
MISSING_LABELS = {DEPTH: NO_DEPTH, SEGMENTATION: NO_LABELS}
LABEL_REASONS: Mapping[str, str] = {
    NO_DEPTH: 'an image without depth labels',
    NO_LABELS: 'an image without class labels',
    DAMAGED_LABELS: 'an image whose depth or class labels cannot be read',
}


@dataclass(frozen=True)
class ImportOptions:
    """Settings of the drive files that every importer has.

    Attributes:
        sample_rate_hz: Rate of the drive's audio.
        rows: Rows of its images.
        columns: Columns of its images.
        native: Store the images also in the size of the labels.

    """

    sample_rate_hz: int = 22_500
    rows: int = 128
    columns: int = 128
    native: bool = True


@dataclass(frozen=True)
class ImportJob:
    """One drive to write. Importers add their sources.

    Attributes:
        path: The drive file.
        drive_id: Id of the drive.
        rig: Rig of the recording.
        options: Settings of the drive file.

    """

    path: Path
    drive_id: str
    rig: RigFiles
    options: ImportOptions


def convert_once(job: ImportJob, inputs: Mapping[str, object], convert: Callable[[], DriveOutcome]) -> DriveOutcome:
    """Convert a drive and record its outcome, unless a complete drive of an equal request exists.

    Args:
        job: The drive to write.
        inputs: Everything else that the drive depends on, as plain values of JSON.
        convert: Writes the drive.

    Raises:
        BagError: The record cannot be written.

    """
    content = {
        'version': REQUEST_VERSION,
        'options': asdict(job.options),
        'rig_sha256': rig_sha256(job.rig),
        **inputs,
    }
    request: dict[str, object] = json.loads(json.dumps(content))
    outcome = find_outcome(job.path, request)
    if outcome is None:
        outcome = convert()
        record_outcome(job.path, request, outcome)
    return outcome


class DriveImport:
    """Writer of one drive that counts its images and collects what is skipped.

    Attributes:
        job: The drive to write.
        kept: Number of images stored so far.
        skipped: Names of what was left out, by reason.

    """

    def __init__(
        self, job: ImportJob, channels: int, depth_unit: str, skipped: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """Start with no images.

        Args:
            job: The drive to write.
            channels: Channels of its audio.
            depth_unit: Unit of its depth.
            skipped: What has been left out before the conversion, by reason.

        """
        self.job = job
        self.kept = 0
        self.skipped: dict[str, list[str]] = defaultdict(list)
        for reason, names in (skipped or {}).items():
            self.skipped[reason] += names
        self._channels = channels
        self._depth_unit = depth_unit

    def create(
        self, provenance: Mapping[str, object], first_sample: int = 0, missing_channels: tuple[int, ...] = ()
    ) -> DriveWriter:
        """Create the drive file. Rig hash and software version are added to the provenance.

        Raises:
            DatasetError: The file cannot be created.

        """
        job = self.job
        return DriveWriter(
            job.path,
            drive_id=job.drive_id,
            rig=job.rig,
            sample_rate_hz=job.options.sample_rate_hz,
            channels=self._channels,
            provenance={**provenance, 'rig_sha256': rig_sha256(job.rig), 'software': SOFTWARE},
            first_sample=first_sample,
            attributes=DriveAttributes(missing_channels, self._depth_unit),
        )

    def write_audio(
        self, blocks: Iterable[Samples], rate_hz: int, create: Callable[[int], DriveWriter]
    ) -> tuple[DriveWriter, tuple[int, int]]:
        """Write audio without gaps into a new drive. The drive is discarded if that fails.

        Args:
            blocks: float32 (channel, sample), full scale ±1, in order, the first from sample 0.
            rate_hz: Their sample rate.
            create: Creates the drive. Its argument is the index of the first sample: a resampler omits the first
                milliseconds.

        Returns:
            The open drive, and the index of its first sample and one past its last.

        Raises:
            TrainingError: The audio is too short for a drive, or cannot be read.
            DatasetError: The drive cannot be written.
            AudioError: The ratio of the sample rates has no small integer form.

        """
        run = ResampledSegment(0, self._channels, rate_hz, self.job.options.sample_rate_hz)
        writer: DriveWriter | None = None
        span = (0, 0)
        try:
            for block in blocks:
                samples, first = run.push(block)
                if writer is None and samples.shape[1]:
                    writer = create(first)
                    span = (first, first)
                if writer is not None:
                    writer.add_audio(samples, first)
                    span = (span[0], first + samples.shape[1])
        except BaseException:
            if writer is not None:
                writer.discard()
            raise
        if writer is None:
            msg = f'{self.job.drive_id!r}: the audio is at most a few milliseconds long: copy the files again.'
            raise TrainingError(msg)
        return writer, span

    def skip(self, reason: str, name: str) -> None:
        """Record that an image or a clip is left out."""
        self.skipped[reason].append(name)

    def read_labels(self, labels: FoundLabels, stamp_ns: int, names: tuple[str, ...]) -> dict[str, NDArray[Any]] | None:
        """Return the labels of an image by modality, or None after recording why the image is skipped.

        Args:
            labels: Labels of the drive.
            stamp_ns: Time of the image.
            names: Possible base names of its label files, the most likely first. The first names it in the report.

        """
        images = {}
        for modality, source in labels.found.items():
            try:
                image = source.image(stamp_ns, names)
            except AudioManifoldError as error:
                self.skip(DAMAGED_LABELS, f'{names[0]}: {error}')
                return None
            if image is None:
                self.skip(MISSING_LABELS[modality], names[0])
                return None
            if modality == DEPTH:
                valid = valid_depth(image, is_metric=self._depth_unit == METRES)
                if np.any(np.isfinite(image)) and not np.any(np.isfinite(valid)):
                    self.skip(DAMAGED_LABELS, f'{names[0]}: no depth is {DEPTH_RANGE_TEXT}: check its unit.')
                    return None
                image = valid
            images[modality] = image
        return images

    def add_image(self, writer: DriveWriter, sample: int, images: Mapping[str, NDArray[Any]], stamp_ns: int) -> None:
        """Store depth and classes (row, column) of one instant.

        Raises:
            DatasetError: They cannot be written.

        """
        options = self.job.options
        size = (options.rows, options.columns)
        stored = stored_images(images, size, self._depth_unit, native=options.native)
        writer.add_image(sample, **stored, stamp_ns=stamp_ns)
        self.kept += 1

    def check_kept(self, source: str) -> None:
        """Require at least one image.

        Args:
            source: Name of the recording in the message.

        Raises:
            TrainingError: Every image was skipped.

        """
        if not self.kept:
            counts = [f'{len(names)} {reason} ({names[0]})' for reason, names in sorted(self.skipped.items()) if names]
            found = '; '.join(counts) or 'it has none'
            msg = f'{source!r}: no image can be stored: {found}. Correct these files, or leave the recording out.'
            raise TrainingError(msg)

    def outcome(self, audio_s: float, notes: Iterable[str] = ()) -> DriveOutcome:
        """Return the outcome of the finished drive."""
        skipped = {reason: tuple(names) for reason, names in self.skipped.items()}
        return DriveOutcome(self.job.drive_id, self.kept, audio_s, skipped, tuple(notes))


def missing_label_notes(labels: LabelFolders) -> tuple[str, ...]:
    """Return a note for each modality that a drive has no labels of."""
    return tuple(f'no {modality} at all' for modality in MISSING_LABELS if modality not in labels.found)
