# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one OAP scene to a drive file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.rig.extrinsics import Extrinsics
from training.importing.drive_import import (
    LABEL_REASONS,
    DriveImport,
    ImportJob,
    convert_once,
    missing_label_notes,
)
from training.importing.imported_labels import LabelFolders
from training.importing.oap_labels import instants, open_labels
from training.importing.oap_scene import TRACKS, OapScene, open_scene
from training.importing.report import DriveOutcome
from training.importing.wav_tracks import WavTracks
from training.labelling.content_fingerprint import fingerprint

SOURCE_RATE_HZ = 48_000
OTHER_SIZE, BEFORE_AUDIO, AFTER_AUDIO = 'other_size', 'before_audio', 'after_audio'
REASONS: Mapping[str, str] = {
    **LABEL_REASONS,
    OTHER_SIZE: 'an image whose labels differ in size from those of the first image of the scene',
    BEFORE_AUDIO: 'an image before the start of the audio',
    AFTER_AUDIO: 'an image after the end of the audio',
}


@dataclass(frozen=True)
class OapJob(ImportJob):
    """One scene to write.

    Attributes:
        folders: Folders of the scene. More than one is refused.
        frames: Folder for pictures from the videos of scenes without labels. None extracts no pictures.

    """

    folders: tuple[Path, ...]
    frames: Path | None = None


def write_scene(job: OapJob) -> DriveOutcome:
    """Write the drive file of a scene and its record, unless a complete file of an equal request exists.

    Raises:
        TrainingError: The scene has several folders, lacks audio or labels, or no image can be stored.
        DatasetError: The drive cannot be written, or a label file is damaged.
        AudioError: The ratio of the sample rates has no small integer form.
        RigError: The rig is invalid.

    """
    if len(job.folders) > 1:
        msg = f'The scene is there {len(job.folders)} times, as {[str(folder) for folder in job.folders]}: keep one.'
        raise TrainingError(msg)
    scene = open_scene(job.folders[0])
    with open_labels(scene, job.frames) as labels:
        audio = fingerprint(scene.tracks.values(), full_content=False)
        inputs = {'audio': audio, 'truth': labels.provenance}
        return convert_once(job, inputs, lambda: _OapImport(job, scene, labels).write())


class _OapImport(DriveImport):
    """Writes the whole audio of a scene, then the images within it."""

    def __init__(self, job: OapJob, scene: OapScene, labels: LabelFolders) -> None:
        super().__init__(job, TRACKS, labels.depth_unit)
        self._scene, self._labels, self._frames = scene, labels, job.frames
        extrinsics = Extrinsics.from_text(job.rig.extrinsics, 'extrinsics.yaml')
        self._offset_ns = round(extrinsics.audio_time_offset_s * NS_PER_S)
        self._shapes: dict[str, tuple[int, ...]] = {}

    def write(self) -> DriveOutcome:
        scene = self._scene
        files = {number - 1: path for number, path in scene.tracks.items()}
        with WavTracks(files, TRACKS, SOURCE_RATE_HZ) as tracks:
            writer, span = self.write_audio(tracks.blocks(), SOURCE_RATE_HZ, self._create)
            with writer:
                for stamp_ns, names in instants(scene, self._labels, self._frames):
                    self._add(writer, span, stamp_ns, names)
                self.check_kept(str(scene.folder))
            notes = (*scene.notes, *tracks.notes, *missing_label_notes(self._labels))
        return self.outcome(round((span[1] - span[0]) / self.job.options.sample_rate_hz, 3), notes)

    def _create(self, first_sample: int) -> DriveWriter:
        scene = self._scene
        provenance = {
            'origin': 'OAP',
            'scene': scene.number,
            'tracks': {str(number): path.name for number, path in scene.tracks.items()},
            'truth': self._labels.provenance,
        }
        return self.create(provenance, first_sample, tuple(number - 1 for number in scene.missing_tracks))

    def _add(self, writer: DriveWriter, span: tuple[int, int], stamp_ns: int, names: tuple[str, ...]) -> None:
        # The offset converts from the audio clock to the camera clock.
        sample = round((stamp_ns - self._offset_ns) * self.job.options.sample_rate_hz / NS_PER_S)
        if not span[0] <= sample < span[1]:
            self.skip(BEFORE_AUDIO if sample < span[0] else AFTER_AUDIO, names[0])
            return
        images = self.read_labels(self._labels, stamp_ns, names)
        if images is None:
            return
        shapes = {kind: image.shape for kind, image in images.items()}
        self._shapes = self._shapes or shapes
        if shapes != self._shapes:
            self.skip(OTHER_SIZE, f'{names[0]}: {shapes} after {self._shapes}')
            return
        self.add_image(writer, sample, images, stamp_ns)
