# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One scene of the published code's HDF5 files as a drive file, sound and pictures paired as that code pairs them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.conversion import SOFTWARE
from audio_manifold_ros.bags.decoding.run_metadata import rig_sha256
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import RELATIVE, DriveAttributes
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from training.importing.audio_segment import write_audio
from training.importing.imported_labels import DEPTH, SEGMENTATION
from training.importing.oap_scene import TRACKS
from training.importing.reference_files import ReferenceScene
from training.importing.report import DriveOutcome, find_outcome, record_outcome
from training.importing.stored_images import stored_images
from training.labelling.content_fingerprint import fingerprint

REQUEST_VERSION = 1
WINDOW_S = 1
# A resampler adds up to half a decibel to a sound that touches full scale; that much is clipped.
MAX_PEAK = 1.06
OUTSIDE_AUDIO, DAMAGED_TRUTH = 'outside_audio', 'damaged_truth'
REASONS: Mapping[str, str] = {
    OUTSIDE_AUDIO: 'an image beside the audio',
    DAMAGED_TRUTH: 'disparity or classes that cannot be read',
}


@dataclass(frozen=True)
class ReferenceOptions:
    """How scenes become drive files.

    Attributes:
        sample_rate_hz: Rate of the dataset's audio.
        rows: Rows of its images.
        columns: Columns of its images.
        native: Keep the images also in the size in which they are stored.
        source_rate_hz: Rate of the sound in the file, which does not say it.
        full_scale: The sample in the file that stands for full scale.
        pictures_per_s: Of each modality; the published code takes 1 for depth and 30 for classes.

    """

    sample_rate_hz: int = 22_500
    rows: int = 128
    columns: int = 128
    native: bool = True
    source_rate_hz: int = 22_050
    full_scale: float = 1.0
    pictures_per_s: Mapping[str, float] = field(default_factory=lambda: {DEPTH: 1.0, SEGMENTATION: 30.0})


@dataclass(frozen=True)
class ReferenceJob:
    """One scene to write.

    Attributes:
        key: Name of the scene in the files, and of its drive.
        files: The HDF5 file of `audio`, and of `depth` and `segmentation` as far as there are.
        path: The drive file.
        rig: The ears.
        options: How.

    """

    key: str
    files: dict[str, Path]
    path: Path
    rig: RigFiles
    options: ReferenceOptions


def write_reference(job: ReferenceJob) -> DriveOutcome:
    """Write the drive file of a scene with its record, unless the same one is there, whole.

    Raises:
        TrainingError: A file lacks the scene, holds something else, or is louder than full scale.
        DatasetError: The drive cannot be written.
        AudioError: The ratio of the rates has no short form.

    """
    request = _request(job)
    outcome = find_outcome(job.path, request)
    if outcome is None:
        with ReferenceScene(job.files, job.key) as scene:
            outcome = _Conversion(job, scene).write()
        record_outcome(job.path, request, outcome)
    return outcome


class _Conversion:
    """Writes one scene: all its audio, then an image for each second of it."""

    def __init__(self, job: ReferenceJob, scene: ReferenceScene) -> None:
        self._job, self._options, self._scene = job, job.options, scene
        self._skipped: dict[str, list[str]] = defaultdict(list)
        self._repeated: dict[str, int] = dict.fromkeys(scene.pictures, 0)
        self._kept = 0

    def write(self) -> DriveOutcome:
        options, scene = self._options, self._scene
        if scene.peak > MAX_PEAK * options.full_scale:
            msg = (
                f'{self._job.key!r}: samples up to {scene.peak:.4g}, full scale is {options.full_scale:g}: say which '
                'sample is full scale (--full-scale): 256 for steps of 24 bits divided by 32768.'
            )
            raise TrainingError(msg)
        rates_hz = (options.source_rate_hz, options.sample_rate_hz)
        blocks = (block / np.float32(options.full_scale) for block in scene.blocks())
        writer, span = write_audio(blocks, rates_hz, TRACKS, self._begin)
        with writer:
            for time_s in centres(scene.samples / options.source_rate_hz):
                self._add(writer, time_s, span)
            if not self._kept:
                found = [f'{reason}: {names[0]}' for reason, names in self._skipped.items()] or ['too little sound']
                msg = f'{self._job.key!r}: no image that can be kept: {"; ".join(found)}'
                raise TrainingError(msg)
        skipped = {reason: tuple(names) for reason, names in self._skipped.items()}
        audio_s = round((span[1] - span[0]) / options.sample_rate_hz, 3)
        return DriveOutcome(self._job.key, self._kept, audio_s, skipped, tuple(self._notes()))

    def _begin(self, first_sample: int) -> DriveWriter:
        options = self._options
        return DriveWriter(
            self._job.path,
            drive_id=self._job.key,
            rig=self._job.rig,
            sample_rate_hz=options.sample_rate_hz,
            channels=TRACKS,
            provenance={
                'origin': 'HDF5 files of the published code',
                'source_rate_hz': options.source_rate_hz,
                'pictures_per_s': dict(options.pictures_per_s),
                'rig_sha256': rig_sha256(self._job.rig),
                'software': SOFTWARE,
            },
            first_sample=first_sample,
            attributes=DriveAttributes(self._scene.missing, RELATIVE),
        )

    def _add(self, writer: DriveWriter, time_s: float, span: tuple[int, int]) -> None:
        sample = round(time_s * self._options.sample_rate_hz)
        if not span[0] <= sample < span[1]:
            self._skipped[OUTSIDE_AUDIO].append(f'{time_s:.1f} s')
            return
        numbers = {
            kind: picture_number(time_s, self._options.pictures_per_s[kind], count)
            for kind, count in self._scene.pictures.items()
        }
        try:
            images = {kind: self._scene.image(kind, number) for kind, (number, _) in numbers.items()}
        except TrainingError as error:
            self._skipped[DAMAGED_TRUTH].append(f'{time_s:.1f} s: {error}')
            return
        for kind, (_, repeated) in numbers.items():
            self._repeated[kind] += repeated
        writer.add_image(sample, **self._stored(images), stamp_ns=round(time_s * NS_PER_S))
        self._kept += 1

    def _stored(self, images: dict[str, NDArray[Any]]) -> dict[str, Any]:
        size = (self._options.rows, self._options.columns)
        return stored_images(images, size, RELATIVE, native=self._options.native)

    def _notes(self) -> Iterator[str]:
        if self._scene.missing:
            tracks = [channel + 1 for channel in self._scene.missing]
            yield f'tracks {tracks} are missing or silent: zeros in the drive, which says so'
        for kind, repeated in self._repeated.items():
            if repeated:
                yield (
                    f'{repeated} of {self._kept} images repeat the last {kind}: there are {self._scene.pictures[kind]} '
                    f'pictures, fewer than {self._options.pictures_per_s[kind]:g} a second'
                )


def centres(duration_s: float) -> list[float]:
    """Return the instants that the published code pairs: the middle of each second that begins a second before the end.

    Its positions are those of `numpy.arange(0, duration - 1, 1) + 0.5`: the last second of a scene of whole seconds is
    left out.
    """
    found: list[float] = (np.arange(0, duration_s - WINDOW_S, WINDOW_S) + WINDOW_S / 2).tolist()
    return found


def picture_number(time_s: float, pictures_per_s: float, count: int) -> tuple[int, bool]:
    """Return the picture that the published code takes for an instant, and whether for want of a later one."""
    number = int(time_s * pictures_per_s)
    return min(number, count - 1), number >= count


def _request(job: ReferenceJob) -> dict[str, Any]:
    """Return all that a drive depends on."""
    try:
        content = fingerprint(job.files.values(), full_content=False)
    except OSError as error:
        msg = (
            f'Cannot read {[str(path) for path in job.files.values()]}: {error}. Give the files of the published code.'
        )
        raise TrainingError(msg) from None
    values: dict[str, Any] = json.loads(
        json.dumps(
            {
                'version': REQUEST_VERSION,
                'key': job.key,
                'kinds': list(job.files),
                'files': content,
                'options': asdict(job.options),
                'rig_sha256': rig_sha256(job.rig),
            }
        )
    )
    return values
