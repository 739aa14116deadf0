# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one scene of the published code's HDF5 files to a drive file, with that code's pairing rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from audio_manifold_ros.audio.sound_file import MAX_PEAK
from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import RELATIVE
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.importing.drive_import import (
    DAMAGED_LABELS,
    LABEL_REASONS,
    DriveImport,
    ImportJob,
    ImportOptions,
    convert_once,
)
from training.importing.oap_scene import TRACKS
from training.importing.reference_files import ReferenceScene
from training.importing.report import DriveOutcome
from training.labelling.content_fingerprint import fingerprint

WINDOW_S = 1
OUTSIDE_AUDIO = 'outside_audio'
REASONS: Mapping[str, str] = {
    OUTSIDE_AUDIO: 'an image outside the audio',
    DAMAGED_LABELS: LABEL_REASONS[DAMAGED_LABELS],
}


@dataclass(frozen=True)
class ReferenceOptions(ImportOptions):
    """Settings of the drive files.

    Attributes:
        source_rate_hz: Sample rate of the audio, which the file does not contain.
        full_scale: Sample value of full scale in the file.
        pictures_per_s: Pictures per second of each modality. The published code uses 1 for depth and 30 for classes.

    """

    source_rate_hz: int = 22_050
    full_scale: float = 1.0
    pictures_per_s: Mapping[str, float] = field(default_factory=lambda: {DEPTH: 1.0, SEGMENTATION: 30.0})


@dataclass(frozen=True)
class ReferenceJob(ImportJob):
    """One scene to write. The drive id is the name of the scene in the files.

    Attributes:
        options: Settings of the drive file.
        files: HDF5 file of `audio`, and of `depth` and `segmentation` if they exist.

    """

    options: ReferenceOptions
    files: dict[str, Path]


def write_reference(job: ReferenceJob) -> DriveOutcome:
    """Write the drive file of a scene and its record, unless a complete file of an equal request exists.

    Raises:
        TrainingError: A file lacks the scene, has other content, or its audio exceeds full scale.
        DatasetError: The drive cannot be written.
        AudioError: The ratio of the sample rates has no small integer form.

    """
    paths = list(job.files.values())
    remedy = 'Give the files of the published code.'
    with reraise_file_errors(TrainingError, 'read', ', '.join(map(str, paths)), remedy):
        content = fingerprint(paths, full_content=False)
    inputs = {'key': job.drive_id, 'kinds': list(job.files), 'files': content}
    return convert_once(job, inputs, lambda: _convert(job))


def _convert(job: ReferenceJob) -> DriveOutcome:
    with ReferenceScene(job.files, job.drive_id) as scene:
        return _ReferenceImport(job, scene).write()


class _ReferenceImport(DriveImport):
    """Writes the whole audio of a scene, then an image for each second of it."""

    def __init__(self, job: ReferenceJob, scene: ReferenceScene) -> None:
        super().__init__(job, TRACKS, RELATIVE)
        self._options, self._scene = job.options, scene
        self._repeated: dict[str, int] = dict.fromkeys(scene.pictures, 0)

    def write(self) -> DriveOutcome:
        options, scene = self._options, self._scene
        if scene.peak > MAX_PEAK * options.full_scale:
            msg = (
                f'{self.job.drive_id!r}: samples up to {scene.peak:.4g}, but full scale is {options.full_scale:g}: '
                'give the sample value of full scale (--full-scale). It is 256 for 24-bit steps divided by 32768.'
            )
            raise TrainingError(msg)
        blocks = (block / np.float32(options.full_scale) for block in scene.blocks())
        writer, span = self.write_audio(blocks, options.source_rate_hz, self._create)
        with writer:
            for time_s in centres(scene.samples / options.source_rate_hz):
                self._add(writer, time_s, span)
            self.check_kept(self.job.drive_id)
        return self.outcome(round((span[1] - span[0]) / options.sample_rate_hz, 3), self._notes())

    def _create(self, first_sample: int) -> DriveWriter:
        options = self._options
        provenance = {
            'origin': 'HDF5 files of the published code',
            'source_rate_hz': options.source_rate_hz,
            'pictures_per_s': dict(options.pictures_per_s),
        }
        return self.create(provenance, first_sample, self._scene.missing)

    def _add(self, writer: DriveWriter, time_s: float, span: tuple[int, int]) -> None:
        sample = round(time_s * self._options.sample_rate_hz)
        if not span[0] <= sample < span[1]:
            self.skip(OUTSIDE_AUDIO, f'{time_s:.1f} s')
            return
        numbers = {
            kind: picture_number(time_s, self._options.pictures_per_s[kind], count)
            for kind, count in self._scene.pictures.items()
        }
        try:
            images = {kind: self._scene.image(kind, number) for kind, (number, _) in numbers.items()}
        except TrainingError as error:
            self.skip(DAMAGED_LABELS, f'{time_s:.1f} s: {error}')
            return
        for kind, (_, repeated) in numbers.items():
            self._repeated[kind] += repeated
        self.add_image(writer, sample, images, round(time_s * NS_PER_S))

    def _notes(self) -> Iterator[str]:
        if self._scene.missing:
            tracks = [channel + 1 for channel in self._scene.missing]
            yield f'tracks {tracks} are missing or silent: they are zeros in the drive and listed as missing'
        for kind, repeated in self._repeated.items():
            if repeated:
                yield (
                    f'{repeated} of {self.kept} images repeat the last {kind}: there are {self._scene.pictures[kind]} '
                    f'pictures, fewer than {self._options.pictures_per_s[kind]:g} a second'
                )


def centres(duration_s: float) -> list[float]:
    """Return the times in seconds that the published code pairs: the middle of each whole second before the last.

    The positions are those of `numpy.arange(0, duration - 1, 1) + 0.5`: the last second of a scene of whole seconds is
    left out.
    """
    found: list[float] = (np.arange(0, duration_s - WINDOW_S, WINDOW_S) + WINDOW_S / 2).tolist()
    return found


def picture_number(time_s: float, pictures_per_s: float, count: int) -> tuple[int, bool]:
    """Return the picture that the published code pairs with a time, and whether it repeats the last picture."""
    number = int(time_s * pictures_per_s)
    return min(number, count - 1), number >= count
