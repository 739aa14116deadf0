# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of one bag into one drive file with a record of the conversion."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from audio_manifold_ros.bags.conversion.camera_images import LABEL_FILES
from audio_manifold_ros.bags.conversion.conversion_record import (
    ConversionOptions,
    ConversionResult,
    build_request,
    find_finished,
    is_replaceable,
    write_record,
)
from audio_manifold_ros.bags.conversion.drive_builder import Advance, DriveBuilder
from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.decoding.rig_mismatch import rig_warning
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, rig_sha256
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.content_hash import bag_sha256, files_sha256
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.datasets.drive_checksum import read_checksum_header
from audio_manifold_ros.datasets.label_file import label_folder
from audio_manifold_ros.datasets.rig_files import RigFiles


def convert_bag(
    bag: Path, out: Path, rig: RigFiles | None, options: ConversionOptions, advance: Advance = lambda _: None
) -> ConversionResult:
    """Convert a bag into the drive `OUT/NAME.h5` with its record, unless the same drive exists and is intact.

    Args:
        bag: A rosbag2 folder, or a single storage file.
        out: Folder of the drives.
        rig: The rig. None takes the rig that the recorder stored in the bag.
        options: Conversion options.
        advance: Called with the nanoseconds of recording done since the last call. Every nanosecond is reported twice:
            once for the audio pass, and once for the image pass.

    Raises:
        BagError: The bag is damaged, or cannot be converted.
        DatasetError: The drive cannot be written.
        RigError: The rig is invalid.

    """
    path = out / f'{drive_id_of(bag)}.h5'
    with BagReader(bag) as reader:
        found = _find_rig(reader) if rig is None else rig
        request = build_request(bag_sha256(bag), rig_sha256(found), options, _labels_sha256(bag))
        record = find_finished(path, request)
        if record is not None:
            advance(2 * (reader.end_ns - reader.start_ns))
            return ConversionResult(path, record, reused=True)
        identity = recording_identity(reader.custom, reader.start_ns)
        _refuse_other_recording(bag, path, request, identity)
        rig_facts = {'from_bag': rig is None, 'mismatch': '' if rig is None else rig_warning(reader, rig)}
        facts = DriveBuilder(reader, bag, found, options, advance).write(path, request, rig_facts)
        facts['recording'] = identity
    return ConversionResult(
        path, write_record(path, read_checksum_header(path, verify=False), request, facts), reused=False
    )


def drive_id_of(bag: Path) -> str:
    """Return the name of the drive of a bag: the name of its folder, or of its file."""
    path = bag.resolve()
    path = path.parent if path.name == 'metadata.yaml' else path
    return path.name if path.is_dir() else path.stem


def recording_identity(custom: Mapping[str, str], start_ns: int) -> str:
    """Return what identifies a recording, also after a recovery: its run metadata, or else its start."""
    text = custom.get(CUSTOM_KEY, '') or str(start_ns)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_other_recording(bag: Path, path: Path, request: Mapping[str, object], identity: str) -> None:
    """Refuse to replace the drive of another recording that has the same name.

    Raises:
        BagError: The drive is that of another recording.

    """
    if not path.exists() or is_replaceable(path, request, identity):
        return
    msg = (
        f'{bag}: would replace the drive {str(path)!r} of another recording with the same name: give another folder '
        '(--out), rename the bag, or delete the drive.'
    )
    raise BagError(msg)


def _find_rig(reader: BagReader) -> RigFiles:
    metadata = read_run_metadata(reader)
    if metadata is None or metadata.rig is None:
        msg = f'{reader.path}: contains no rig: give the folder of the rig that recorded it (--rig).'
        raise BagError(msg)
    return metadata.rig


def _labels_sha256(bag: Path) -> dict[str, str]:
    files = {file: label_folder(bag) / file for file in LABEL_FILES.values()}
    return {file: files_sha256((path,)) for file, path in files.items() if path.exists()}
