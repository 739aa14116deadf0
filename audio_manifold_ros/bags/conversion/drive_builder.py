# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builder of a drive from an open bag: first the audio, which defines the timeline, then the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.conversion.camera_images import LABELS, CameraImages, ImageSet
from audio_manifold_ros.bags.conversion.conversion_record import SOFTWARE, ConversionOptions
from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.statistics.fitness import GroundTruthContent, require_fit_audio
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.errors import AudioError, BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics

# Margin for rounding an instant to a sample.
EDGE_NS = 1_000_000
FRAME_POSITIONS = (0.5, 1.0)
BEFORE_AUDIO, AFTER_AUDIO, IN_GAP, NOT_LATER, DAMAGED = 'before_audio', 'after_audio', 'in_gap', 'not_later', 'damaged'
Advance = Callable[[int], None]


class DriveBuilder:
    """Builder of one drive from one open bag, with counts of everything in the bag."""

    def __init__(
        self, reader: BagReader, bag: Path, rig: RigFiles, options: ConversionOptions, advance: Advance
    ) -> None:
        """Select the topics.

        Args:
            reader: The open bag.
            bag: Path of the bag.
            rig: The rig that recorded it.
            options: Conversion options.
            advance: Called with the nanoseconds of recording done. Every nanosecond is reported twice: once for the
                audio pass, and once for the image pass.

        Raises:
            BagError: A topic is missing or ambiguous.
            RigError: The `extrinsics.yaml` or `depth.yaml` of the rig is invalid.

        """
        self._reader, self._bag, self._rig, self._options, self._advance = reader, bag, rig, options, advance
        # A bag with damaged run metadata can be converted with a given rig.
        self._source = ''
        with suppress(BagError):
            metadata = read_run_metadata(reader)
            self._source = '' if metadata is None else metadata.origin
        self._topics = find_topics(
            str(bag),
            reader.topics,
            audio=options.audio,
            depth=options.depth,
            labels=options.labels,
            reference=options.reference,
        )
        self._offset_ns = round(Extrinsics.from_text(rig.extrinsics, EXTRINSICS_FILE).audio_time_offset_s * NS_PER_S)
        self._depth = RigDepth(rig.depth_file() if self._topics.depth else None)
        self._depth_unit = METRES
        self._track = AudioTrack(options.sample_rate_hz)
        self._audio = RecordedAudio(reader, self._topics, options.stated)
        self._gaps: list[tuple[int, int]] = []
        self._span = (0, 0)
        self._content = GroundTruthContent()
        self._dropped: Counter[str] = Counter()
        self._offsets_ns: dict[str, list[int]] = {}
        self._kept = 0

    def write(self, path: Path, request: Mapping[str, object], rig_facts: Mapping[str, object]) -> dict[str, object]:
        """Write the drive and return the facts of its record.

        Args:
            path: File of the drive.
            request: Everything that the drive depends on (`build_request`).
            rig_facts: Further facts on the rig.

        Raises:
            BagError: The bag is damaged, or unfit (see `fitness`), or no image has audio.
            DatasetError: The drive cannot be written.

        """
        require_fit_audio(self._reader, self._topics, self._options.stated)
        with CameraImages(
            self._bag, self._topics, round(self._options.tolerance_s * NS_PER_S), self._depth
        ) as camera_images:
            self._depth_unit = camera_images.depth_unit
            writer = self._write_audio(path, request)
            with writer:
                self._write_images(writer, camera_images)
        with DriveReader(path) as drive:
            return {
                'bag': {
                    'name': drive.drive_id,
                    'sha256': request['bag_sha256'],
                    'start_ns': self._reader.start_ns,
                    'seconds': round(self._reader.duration_s, 3),
                    'problems': list(self._reader.problems),
                },
                'rig': {'sha256': request['rig_sha256'], 'geometry_sha256': drive.array.geometry_sha256(), **rig_facts},
                'audio': self._audio_facts(drive),
                'images': self._image_facts(camera_images),
                'windows': _windows(drive),
            }

    def _write_audio(self, path: Path, request: Mapping[str, object]) -> DriveWriter:
        """Write all audio into a new drive. The drive is deleted after an error."""
        writer: DriveWriter | None = None
        try:
            for samples, first in self._track.pieces(self._audio.chunks()):
                if writer is None:
                    writer = self._begin(path, request, first)
                    self._span = (first, first)
                elif first > self._span[1]:
                    self._gaps.append((self._span[1], first))
                writer.add_audio(samples, first)
                self._advance((first + samples.shape[1] - self._span[1]) * NS_PER_S // self._options.sample_rate_hz)
                self._span = (self._span[0], first + samples.shape[1])
        except BaseException as error:
            if writer is not None:
                writer.discard()
            if isinstance(error, AudioError):
                msg = f'{self._bag}: {error}'
                raise BagError(msg) from None
            raise
        if writer is None:
            msg = f'{self._bag}: {self._track.counts.samples} samples of audio are too few for a drive: record more.'
            raise BagError(msg)
        return writer

    def _begin(self, path: Path, request: Mapping[str, object], first_sample: int) -> DriveWriter:
        return DriveWriter(
            path,
            drive_id=path.stem,
            rig=self._rig,
            sample_rate_hz=self._options.sample_rate_hz,
            channels=self._track.channels,
            provenance={
                'origin': 'bag',
                # The clock of a simulated recording is not that of other recordings.
                'source': self._source,
                'bag_sha256': request['bag_sha256'],
                'rig_sha256': request['rig_sha256'],
                'audio_topic': self._topics.audio,
                'audio_type': self._topics.audio_type,
                'software': SOFTWARE,
            },
            first_sample=first_sample,
            attributes=DriveAttributes(depth_unit=self._depth_unit),
        )

    def _write_images(self, writer: DriveWriter, camera_images: CameraImages) -> None:
        last_sample, last_ns = -1, self._reader.start_ns
        first_ns, end_ns = self._track.timeline.span_ns()
        for image_set in camera_images.image_sets(
            (first_ns + self._offset_ns - EDGE_NS, end_ns + self._offset_ns + EDGE_NS)
        ):
            if image_set.stamp_ns is None:
                self._dropped[DAMAGED] += 1
                continue
            progress_ns = min(image_set.stamp_ns, self._reader.end_ns)
            self._advance(max(progress_ns - last_ns, 0))
            last_ns = max(progress_ns, last_ns)
            # Audio stamp plus offset is camera stamp.
            sample = self._track.output_sample_at(image_set.stamp_ns - self._offset_ns)
            reason = self._rejection_reason(sample, last_sample, image_set) or self._add(
                writer, sample, image_set, camera_images
            )
            if reason:
                self._dropped[reason] += 1
                continue
            self._kept += 1
            last_sample = sample
            for kind, offset_ns in image_set.offsets_ns.items():
                self._offsets_ns.setdefault(kind, []).append(offset_ns)
        if not self._kept:
            raise BagError(self._describe_no_images(camera_images))
        unfit = self._content.obstacles(camera_images.names.get(DEPTH, ''), camera_images.names.get(LABELS, ''))
        if unfit:
            msg = f'{self._bag}: {unfit[0]}'
            raise BagError(msg)

    def _rejection_reason(self, sample: int, last_sample: int, image_set: ImageSet) -> str:
        if sample < self._span[0]:
            return BEFORE_AUDIO
        if sample >= self._span[1]:
            return AFTER_AUDIO
        if any(first <= sample < end for first, end in self._gaps):
            return IN_GAP
        if sample <= last_sample:
            return NOT_LATER
        missing = [kind for kind, image in image_set.images.items() if image is None]
        return f'no_{missing[0]}' if missing else ''

    def _add(self, writer: DriveWriter, sample: int, image_set: ImageSet, camera_images: CameraImages) -> str:
        try:
            images = camera_images.decode_set(image_set, self._options.rows, self._options.columns)
        except BagError:
            return DAMAGED
        if LABELS in images:
            self._content.add_labels(images[LABELS])
        if DEPTH in images:
            self._content.add_depth(images[DEPTH])
        # Stamps are on the audio clock, so that drives of overlapping bags have the same stamps for the same audio.
        stamp_ns = None if image_set.stamp_ns is None else image_set.stamp_ns - self._offset_ns
        writer.add_image(sample, images.get(DEPTH), images.get(LABELS), stamp_ns=stamp_ns)
        return ''

    def _describe_no_images(self, camera_images: CameraImages) -> str:
        where = f'{self._bag}: no image on {camera_images.names["reference"]!r} can be used'
        if not self._dropped:
            return f'{where}: the topic has none. Give another topic.'
        outside = self._dropped[BEFORE_AUDIO] + self._dropped[AFTER_AUDIO]
        reasons = ', '.join(f'{count} {reason}' for reason, count in sorted(self._dropped.items()))
        if 2 * outside > self._dropped.total():
            return f'{where} ({reasons}): check that camera and audio use the same clock (check_bag compares them).'
        return f'{where} ({reasons}): run check_bag for details.'

    def _audio_facts(self, drive: DriveReader) -> dict[str, object]:
        rate_hz = drive.sample_rate_hz
        lost = sum(end - first for first, end in drive.gaps.tolist())
        return {
            'topic': self._topics.audio,
            'type': self._topics.audio_type,
            'sample_rate_hz': rate_hz,
            'seconds': round((drive.end_sample - drive.first_sample - lost) / rate_hz, 3),
            'seconds_lost': round(lost / rate_hz, 3),
            'damaged': self._audio.damaged,
            **self._track.description(),
        }

    def _image_facts(self, camera_images: CameraImages) -> dict[str, object]:
        return {
            'from': dict(camera_images.names),
            'kept': self._kept,
            'dropped': dict(sorted(self._dropped.items())),
            'outside_audio': camera_images.outside,
            'audio_time_offset_s': self._offset_ns / NS_PER_S,
            'offset_ms': {kind: _percentiles_ms(values) for kind, values in self._offsets_ns.items()},
        }


def _percentiles_ms(offsets_ns: list[int]) -> dict[str, float]:
    return {f'p{q}': round(float(np.percentile(np.abs(offsets_ns), q)) / 1e6, 3) for q in (50, 95)}


def _windows(drive: DriveReader) -> dict[str, object]:
    """Return the number of windows of one second, by the position of the image in the window."""
    rate_hz = drive.sample_rate_hz
    spec = FeatureSpec(
        sample_rate_hz=rate_hz, window_samples=rate_hz, f_max_hz=min(FeatureSpec().f_max_hz, rate_hz / 2)
    )
    cuts = {position: cut_windows(drive, spec, position) for position in FRAME_POSITIONS}
    return {str(position): {'kept': len(cut.windows), 'dropped': cut.dropped} for position, cut in cuts.items()}
