# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One scene of OAP as a drive file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.conversion import SOFTWARE
from audio_manifold_ros.bags.decoding.run_metadata import rig_sha256
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import DriveAttributes
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.extrinsics import Extrinsics
from training.importing.audio_segment import write_audio
from training.importing.imported_labels import DEPTH, SEGMENTATION, LabelFolders
from training.importing.oap_scene import TRACKS, OapScene, open_scene
from training.importing.oap_labels import instants, open_labels
from training.importing.report import DriveOutcome, find_outcome, record_outcome
from training.importing.stored_images import stored_images
from training.importing.wav_tracks import WavTracks
from training.labelling.content_fingerprint import fingerprint

REQUEST_VERSION = 1
SOURCE_RATE_HZ = 48_000
NO_DEPTH, NO_LABELS, DAMAGED_TRUTH, OTHER_SIZE = 'no_depth', 'no_labels', 'damaged_truth', 'other_size'
BEFORE_AUDIO, AFTER_AUDIO = 'before_audio', 'after_audio'
UNKNOWN = {DEPTH: NO_DEPTH, SEGMENTATION: NO_LABELS}
REASONS: Mapping[str, str] = {
    NO_DEPTH: 'an image of which no depth is known',
    NO_LABELS: 'an image of which no classes are known',
    DAMAGED_TRUTH: 'a file of a teacher that cannot be read',
    OTHER_SIZE: "an image whose depth or classes have another size than the scene's first",
    BEFORE_AUDIO: 'an image before the audio begins',
    AFTER_AUDIO: 'an image after the audio ends',
}


@dataclass(frozen=True)
class OapOptions:
    """How scenes become drive files.

    Attributes:
        sample_rate_hz: Rate of the dataset's audio.
        rows: Rows of its images.
        columns: Columns of its images.
        native: Keep the images also in the size in which their teachers gave them.

    """

    sample_rate_hz: int = 22_500
    rows: int = 128
    columns: int = 128
    native: bool = True


@dataclass(frozen=True)
class OapJob:
    """One scene to write.

    Attributes:
        folders: Where it lies; more than one is refused.
        path: The drive file.
        rig: The ears.
        options: How.
        frames: Folder for pictures out of the videos of scenes without truth; None leaves them where they are.

    """

    folders: tuple[Path, ...]
    path: Path
    rig: RigFiles
    options: OapOptions
    frames: Path | None = None


def write_scene(job: OapJob) -> DriveOutcome:
    """Write the drive file of a scene with its record, unless the same one is there, whole.

    Raises:
        TrainingError: The scene is there twice, lacks audio or truth, or none of its images can be kept.
        DatasetError: The drive cannot be written, or a track of labels is damaged.
        AudioError: The ratio of the rates has no short form.
        CalibrationError: The rig makes no sense.

    """
    if len(job.folders) > 1:
        msg = f'The scene is there {len(job.folders)} times, as {[str(folder) for folder in job.folders]}: keep one.'
        raise TrainingError(msg)
    scene = open_scene(job.folders[0])
    with open_labels(scene, job.frames) as truth:
        request = _request(job, scene, truth)
        outcome = find_outcome(job.path, request)
        if outcome is not None:
            return outcome
        outcome = _Conversion(job, scene, truth).write()
    record_outcome(job.path, request, outcome)
    return outcome


class _Conversion:
    """Writes one scene: all its audio, then the images that are heard."""

    def __init__(self, job: OapJob, scene: OapScene, truth: LabelFolders) -> None:
        self._job, self._options, self._scene, self._labels = job, job.options, scene, truth
        self._offset_ns = round(
            Extrinsics.from_text(job.rig.extrinsics, 'extrinsics.yaml').audio_time_offset_s * NS_PER_S
        )
        self._skipped: dict[str, list[str]] = defaultdict(list)
        self._kept = 0
        self._span = (0, 0)
        self._shapes: dict[str, tuple[int, ...]] = {}

    def write(self) -> DriveOutcome:
        scene, rate_hz = self._scene, self._options.sample_rate_hz
        files = {number - 1: path for number, path in scene.tracks.items()}
        with WavTracks(files, TRACKS, SOURCE_RATE_HZ) as tracks:
            writer, self._span = write_audio(tracks.blocks(), (SOURCE_RATE_HZ, rate_hz), TRACKS, self._begin)
            with writer:
                for stamp_ns, names in instants(scene, self._labels, self._job.frames):
                    self._add(writer, stamp_ns, names)
                if not self._kept:
                    raise TrainingError(self._no_images_message())
            notes = (*scene.notes, *tracks.notes, *self._notes())
        audio_s = round((self._span[1] - self._span[0]) / rate_hz, 3)
        skipped = {reason: tuple(names) for reason, names in self._skipped.items()}
        return DriveOutcome(scene.drive_id, self._kept, audio_s, skipped, notes)

    def _begin(self, first_sample: int) -> DriveWriter:
        scene = self._scene
        missing = tuple(number - 1 for number in scene.missing_tracks)
        return DriveWriter(
            self._job.path,
            drive_id=scene.drive_id,
            rig=self._job.rig,
            sample_rate_hz=self._options.sample_rate_hz,
            channels=TRACKS,
            provenance={
                'origin': 'OAP',
                'scene': scene.number,
                'tracks': {str(number): path.name for number, path in scene.tracks.items()},
                'truth': self._labels.provenance,
                'rig_sha256': rig_sha256(self._job.rig),
                'software': SOFTWARE,
            },
            first_sample=first_sample,
            attributes=DriveAttributes(missing, self._labels.depth_unit),
        )

    def _add(self, writer: DriveWriter, stamp_ns: int, names: tuple[str, ...]) -> None:
        # The offset leads from the clock of the audio to that of the camera.
        sample = round((stamp_ns - self._offset_ns) * self._options.sample_rate_hz / NS_PER_S)
        if not self._span[0] <= sample < self._span[1]:
            self._skip(BEFORE_AUDIO if sample < self._span[0] else AFTER_AUDIO, names[0])
            return
        images = self._images(stamp_ns, names)
        if images is None:
            return
        shapes = {kind: image.shape for kind, image in images.items()}
        self._shapes = self._shapes or shapes
        if shapes != self._shapes:
            self._skip(OTHER_SIZE, f'{names[0]}: {shapes} after {self._shapes}')
            return
        size = (self._options.rows, self._options.columns)
        stored = stored_images(images, size, self._labels.depth_unit, native=self._options.native)
        writer.add_image(sample, **stored, stamp_ns=stamp_ns)
        self._kept += 1

    def _images(self, stamp_ns: int, names: tuple[str, ...]) -> dict[str, NDArray[Any]] | None:
        """Return depth and classes of an instant, as far as the scene has them; None after saying what is wrong."""
        images = {}
        for modality, truth in self._labels.found.items():
            try:
                image = truth.image(stamp_ns, names)
            except AudioManifoldError as error:
                self._skip(DAMAGED_TRUTH, f'{names[0]}: {error}')
                return None
            if image is None:
                self._skip(UNKNOWN[modality], names[0])
                return None
            images[modality] = image
        return images

    def _skip(self, reason: str, name: str) -> None:
        self._skipped[reason].append(name)

    def _no_images_message(self) -> str:
        counts = ', '.join(f'{len(names)} {reason}' for reason, names in sorted(self._skipped.items())) or 'none there'
        return f'{str(self._scene.folder)!r}: no image can be kept: {counts}.'

    def _notes(self) -> tuple[str, ...]:
        return tuple(f'no {modality} at all' for modality in UNKNOWN if modality not in self._labels.found)


def _request(job: OapJob, scene: OapScene, truth: LabelFolders) -> dict[str, Any]:
    """Return all that a drive depends on."""
    values: dict[str, Any] = json.loads(
        json.dumps(
            {
                'version': REQUEST_VERSION,
                'audio': fingerprint(scene.tracks.values(), full_content=False),
                'options': asdict(job.options),
                'rig_sha256': rig_sha256(job.rig),
                'truth': truth.provenance,
            }
        )
    )
    return values
