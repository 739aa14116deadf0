# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options and results of a conversion: the drive, and a JSON record of how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros import __version__
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.common.errors import BagError, DatasetError, RigError, reraise_file_errors
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.datasets.drive_checksum import ChecksumHeader, read_checksum_header
from audio_manifold_ros.datasets.drive_reader import DriveReader

RECORD_FORMAT = 'audio_manifold_ros conversion'
MANIFEST_FORMAT = 'audio_manifold_ros corpus from bags'
FORMAT_VERSION = 1
# Version of the request. Increased when the same bag and options give another drive. 2: images keep their stamps.
REQUEST_VERSION = 2
SOFTWARE = f'audio_manifold_ros {__version__}'
MANIFEST = 'manifest.json'
RECONVERT = 'Convert the bag again.'


@dataclass(frozen=True)
class ConversionOptions:
    """Options of a conversion. An empty topic is found by the names of a standard recording.

    Attributes:
        sample_rate_hz: Sample rate of the dataset.
        rows: Image rows.
        columns: Image columns.
        audio: Audio topic.
        depth: Depth topic.
        labels: Label topic.
        reference: Topic of the images whose stamps are used. The default is the depth topic, or else the label topic.
        tolerance_s: Largest distance of the stamps of depth and labels from the reference image.
        stated: Audio format for messages that do not state it.

    """

    sample_rate_hz: int = 22_500
    rows: int = 128
    columns: int = 128
    audio: str = ''
    depth: str = ''
    labels: str = ''
    reference: str = ''
    tolerance_s: float = 0.02
    stated: AudioFormat | None = None


@dataclass(frozen=True)
class ConversionResult:
    """Result of converting one bag.

    Attributes:
        path: The drive.
        record: Record of the conversion, as in the JSON file next to the drive.
        reused: Whether the drive existed already, from the same bag and the same options.

    """

    path: Path
    record: Mapping[str, Any]
    reused: bool


def record_path(drive: Path) -> Path:
    """Return the path of the record of a drive."""
    return drive.with_suffix('.json')


def build_request(
    bag_sha256: str, rig_sha256: str, options: ConversionOptions, labels: dict[str, str]
) -> Mapping[str, object]:
    """Return everything that a drive depends on, as values for JSON.

    Args:
        bag_sha256: Hash of the bag.
        rig_sha256: Hash of the rig files.
        options: Conversion options.
        labels: Hashes of the label files of the bag.

    """
    values: Mapping[str, object] = json.loads(
        json.dumps(
            {
                'version': REQUEST_VERSION,
                'bag_sha256': bag_sha256,
                'rig_sha256': rig_sha256,
                'options': asdict(options),
                'labels_sha256': labels,
            }
        )
    )
    return values


def find_finished(drive: Path, request: Mapping[str, object]) -> Mapping[str, Any] | None:
    """Return the record of a drive if the drive is intact and has the same request. Otherwise return None."""
    try:
        record = read_json(record_path(drive), DatasetError, RECONVERT)
        if record['format'] != RECORD_FORMAT or record['request'] != request:
            return None
        checksum_header = read_checksum_header(drive, verify=True)
    except (OSError, ValueError, KeyError, TypeError, DatasetError):
        return None
    return dict(record) if record['drive']['sha256'] == checksum_header.sha256 else None


def is_replaceable(drive: Path, request: Mapping[str, object], identity: str) -> bool:
    """Return whether a drive may be replaced: it is of the same recording, or its recording cannot be read.

    Args:
        drive: An existing drive.
        request: Everything that the new drive depends on.
        identity: Identity of its recording.

    """
    try:
        record = read_json(record_path(drive), DatasetError, RECONVERT)
        return bool(record['request']['bag_sha256'] == request['bag_sha256'] or record.get('recording') == identity)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DatasetError):
        pass
    try:
        with DriveReader(drive) as reader:
            return reader.provenance.get('bag_sha256') in {None, request['bag_sha256']}
    except (OSError, DatasetError, RigError):
        return True


def write_record(
    drive: Path, checksum_header: ChecksumHeader, request: Mapping[str, object], facts: Mapping[str, object]
) -> Mapping[str, Any]:
    """Write the record of a finished drive next to it, and return it.

    Raises:
        BagError: The file cannot be written.

    """
    record = {
        'format': RECORD_FORMAT,
        'software': SOFTWARE,
        'drive': _drive_entry(drive, checksum_header),
        **facts,
        'request': request,
    }
    _write_json(record_path(drive), record)
    return record


def folder_records(folder: Path) -> list[Mapping[str, Any]]:
    """Return the records of all drives in a folder, sorted by name. Records without a drive are ignored."""
    found = []
    for path in sorted(folder.glob('*.json')):
        with suppress(OSError, ValueError, KeyError, TypeError, DatasetError):
            record = read_json(path, DatasetError, RECONVERT)
            drive = path.with_suffix('.h5')
            if record['format'] == RECORD_FORMAT and record['drive'] == _drive_entry(
                drive, read_checksum_header(drive, verify=False)
            ):
                found.append(record)
    return found


def stale_drive_warning(drive: Path) -> str:
    """Return a warning if a drive of an earlier conversion exists. Otherwise return an empty string."""
    if not drive.exists():
        return ''
    return (
        f' An older drive of this recording exists, {str(drive)!r}, and would be used for training: correct the '
        'problem and convert again, or delete it.'
    )


def write_manifest(folder: Path) -> None:
    """Write `manifest.json` of a folder of drives: the record of every drive, and totals.

    Raises:
        BagError: The file cannot be written.

    """
    drives = [record for record in folder_records(folder) if 'images' in record]
    dropped: dict[str, int] = {}
    for record in drives:
        for reason, count in record['images']['dropped'].items():
            dropped[reason] = dropped.get(reason, 0) + count
    manifest = {
        'format': MANIFEST_FORMAT,
        'version': FORMAT_VERSION,
        'software': SOFTWARE,
        'images': {'kept': sum(record['images']['kept'] for record in drives), 'dropped': dropped},
        'seconds': round(sum(record['audio']['seconds'] for record in drives), 3),
        'geometries': sorted({record['rig']['geometry_sha256'] for record in drives}),
        'drives': drives,
    }
    _write_json(folder / MANIFEST, manifest)


def _drive_entry(drive: Path, checksum_header: ChecksumHeader) -> dict[str, object]:
    return {'file': drive.name, 'bytes': checksum_header.total_bytes, 'sha256': checksum_header.sha256}


def _write_json(path: Path, values: Mapping[str, object]) -> None:
    with reraise_file_errors(BagError, 'write', path, 'Check the disk space and the permissions of its folder.'):
        write_json_atomic(path, values)
