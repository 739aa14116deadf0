# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one folder of WAV and PNG files to a drive file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.rig.extrinsics import Extrinsics
from training.importing.drive_import import (
    LABEL_REASONS,
    MISSING_LABELS,
    DriveImport,
    ImportJob,
    convert_once,
)
from training.importing.folder.image_times import TimeRule, image_times, read_times
from training.importing.folder.png_images import DepthRule, PngLabels
from training.importing.folder.recording_audio import FolderAudio
from training.importing.folder.recording_files import FolderScene, scan_recording
from training.importing.imported_labels import ImportedLabels
from training.importing.oap_conversion import AFTER_AUDIO, BEFORE_AUDIO, OTHER_SIZE
from training.importing.oap_conversion import REASONS as OAP_REASONS
from training.importing.report import DriveOutcome
from training.labelling.content_fingerprint import fingerprint

NO_TIME, SAME_TIME, NOT_A_FILE = 'no_time', 'same_time', 'not_a_file'
REASONS: Mapping[str, str] = {
    **LABEL_REASONS,
    **OAP_REASONS,
    NO_TIME: 'an image without a time in its name or in times.csv',
    NOT_A_FILE: 'a pipe, a device, a folder, or a link out of the recording, named like audio or an image',
    SAME_TIME: 'an image at the audio sample of an earlier image',
}


@dataclass(frozen=True)
class FolderJob(ImportJob):
    """One recording to write.

    Attributes:
        folder: Its folder.
        times: Meaning of the numbers in the names of images.
        depth: Meaning of the values of depth images.
        audio_start_ns: Time of the first audio sample, if times.csv does not name the audio file.
        full_scale: Sample value of full scale.
        allow_missing: Store zeros for device channels of the rig that have no file. Otherwise they are an error.

    """

    folder: Path
    times: TimeRule = field(default_factory=TimeRule)
    depth: DepthRule = field(default_factory=DepthRule)
    audio_start_ns: int = 0
    full_scale: float = 1.0
    allow_missing: bool = False


def write_recording(job: FolderJob) -> DriveOutcome:
    """Write the drive file of a recording and its record, unless a complete file of an equal request exists.

    Raises:
        TrainingError: The recording has no audio or images, a file cannot be read, or no image can be stored.
        DatasetError: The drive cannot be written, or the rig does not match the audio.
        AudioError: The ratio of the sample rates has no small integer form.
        RigError: The rig is invalid.

    """
    with reraise_file_errors(TrainingError, 'read', job.folder, 'Check permissions, or copy the recording again.'):
        scene = scan_recording(job.folder)
        inputs = {
            'files': fingerprint(scene.files, full_content=False),
            'times': asdict(job.times),
            'depth': asdict(job.depth),
            'audio_start_ns': job.audio_start_ns,
            'full_scale': job.full_scale,
            'allow_missing': job.allow_missing,
        }
        return convert_once(job, inputs, lambda: _convert(job, scene))


class _PngFolders:
    """Images of all modalities of a recording, with the interface of `LabelFolders` that `read_labels` uses."""

    def __init__(self, scene: FolderScene, rule: DepthRule) -> None:
        self.found: dict[str, ImportedLabels] = {
            modality: PngLabels(files, modality, rule) for modality, files in scene.images.items()
        }


def _convert(job: FolderJob, scene: FolderScene) -> DriveOutcome:
    channels = max(job.rig.array().device_channels) + 1
    with FolderAudio(scene.audio, channels, job.full_scale) as audio:
        return _FolderImport(job, scene, audio).write()


class _FolderImport(DriveImport):
    """Writes the whole audio of a recording, then the images within it."""

    def __init__(self, job: FolderJob, scene: FolderScene, audio: FolderAudio) -> None:
        ignored = {NOT_A_FILE: scene.ignored} if scene.ignored else None
        super().__init__(job, audio.channels, job.depth.unit if DEPTH in scene.images else METRES, ignored)
        self._folder_job, self._scene, self._audio = job, scene, audio
        self._labels = _PngFolders(scene, job.depth)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._last_sample = -1
        self._offset_ns = round(
            Extrinsics.from_text(job.rig.extrinsics, 'extrinsics.yaml').audio_time_offset_s * NS_PER_S
        )
        listed = read_times(scene.times) if scene.times else {}
        starts = [listed[path.stem] for path in scene.audio.values() if path.stem in listed]
        self._start_ns = starts[0] if starts else job.audio_start_ns
        if len(set(starts)) > 1:
            msg = f'{str(scene.times)!r} states different starts of the audio files: they must have a common start.'
            raise TrainingError(msg)
        self._times = image_times(scene.names, listed, job.times)

    def write(self) -> DriveOutcome:
        job, scene, audio = self._folder_job, self._scene, self._audio
        self._check_channels()
        writer, span = self.write_audio(audio.blocks(), audio.sample_rate_hz, self._create)
        with writer:
            if not audio.peaks.any():
                msg = f'{job.drive_id!r}: all samples of the audio are zero: copy the files again.'
                raise TrainingError(msg)
            timed = sorted((stamp_ns, name) for name, stamp_ns in self._times.items() if stamp_ns is not None)
            for name in sorted(self._times.keys() - {name for _, name in timed}):
                self.skip(NO_TIME, name)
            for stamp_ns, name in timed:
                self._add(writer, span, stamp_ns, name)
            self.check_kept(str(scene.folder))
        return self.outcome(round((span[1] - span[0]) / job.options.sample_rate_hz, 3), self._notes())

    def _notes(self) -> list[str]:
        audio = self._audio
        notes = [*audio.notes, *(f'channel {channel} is zero throughout' for channel in audio.silent_channels())]
        notes += [f'channel {channel} has no file and is stored as missing' for channel in audio.missing]
        return notes + [f'no {modality} at all' for modality in MISSING_LABELS if modality not in self._scene.images]

    def _check_channels(self) -> None:
        channels, audio = self._folder_job.rig.array().device_channels, self._audio
        absent = sorted(channel for channel in channels if channel >= audio.channels)
        missing = [] if self._folder_job.allow_missing else sorted(set(channels).intersection(audio.missing))
        if absent or missing:
            msg = (
                f'The audio of {str(self._scene.folder)!r} has no device channels {absent or missing}, which the rig '
                'uses: give the rig of this recording (--rig), add their files, or store them as missing '
                '(--allow-missing, with one file per microphone).'
            )
            raise TrainingError(msg)

    def _create(self, first_sample: int) -> DriveWriter:
        scene, job, audio = self._scene, self._folder_job, self._audio
        provenance = {
            'origin': 'folder of WAV and PNG files',
            'folder': scene.folder.resolve().name,
            'audio': {str(channel): path.name for channel, path in scene.audio.items()},
            'source_rate_hz': audio.sample_rate_hz,
            'full_scale': job.full_scale,
            'audio_start_ns': self._start_ns,
            'times': scene.times.name if scene.times else asdict(job.times),
            'truth': {modality: labels.provenance for modality, labels in self._labels.found.items()},
        }
        return self.create(provenance, first_sample, audio.missing)

    def _add(self, writer: DriveWriter, span: tuple[int, int], stamp_ns: int, name: str) -> None:
        # The offset converts from the audio clock to the camera clock.
        elapsed_ns = stamp_ns - self._start_ns - self._offset_ns
        sample = round(elapsed_ns * self.job.options.sample_rate_hz / NS_PER_S)
        if not span[0] <= sample < span[1]:
            self.skip(BEFORE_AUDIO if sample < span[0] else AFTER_AUDIO, f'{name}: {elapsed_ns / NS_PER_S:.3f} s')
            return
        images = self.read_labels(self._labels, stamp_ns, (name,))
        if images is None:
            return
        shapes = {kind: image.shape for kind, image in images.items()}
        self._shapes = self._shapes or shapes
        if shapes != self._shapes:
            self.skip(OTHER_SIZE, f'{name}: {shapes} after {self._shapes}')
            return
        if sample <= self._last_sample:
            self.skip(SAME_TIME, name)
            return
        self.add_image(writer, sample, images, stamp_ns)
        self._last_sample = sample
