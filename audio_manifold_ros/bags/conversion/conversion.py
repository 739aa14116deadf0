# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a conversion, and what it leaves behind: a drive, and a record of how it was made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros import __version__
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.common.errors import BagError, DatasetError
from audio_manifold_ros.datasets.drive_checksum import ChecksumHeader, read_checksum_header

RECORD_FORMAT = 'audio_manifold_ros conversion'
MANIFEST_FORMAT = 'audio_manifold_ros corpus from bags'
FORMAT_VERSION = 1
# Of what is asked; raised where the same bag and options give another drive. 2: images keep their stamps.
REQUEST_VERSION = 2
SOFTWARE = f'audio_manifold_ros {__version__}'
MANIFEST = 'manifest.json'


@dataclass(frozen=True)
class ConversionOptions:
    """How bags become drives; '' as a topic finds it by the names of a standard recording.

    Attributes:
        sample_rate_hz: Rate of the dataset's audio.
        rows: Rows of its images.
        columns: Columns of its images.
        audio: Topic of the audio.
        depth: Topic of the depth.
        labels: Topic of the labels.
        reference: Topic of the images whose stamps count; that of the depth, else the labels.
        tolerance_s: How far depth and labels may be from the image that they belong to.
        stated: What the audio messages leave unsaid.

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
    """One bag that became a drive.

    Attributes:
        path: The drive.
        record: How it was made, as plain values; lies beside it as JSON.
        reused: It had been made before, of the same bag in the same way, and was left as it is.

    """

    path: Path
    record: dict[str, Any]
    reused: bool


def record_path(drive: Path) -> Path:
    """Return where the record of a drive lies."""
    return drive.with_suffix('.json')


def build_request(
    bag_sha256: str, rig_sha256: str, options: ConversionOptions, labels: dict[str, str]
) -> dict[str, Any]:
    """Return all that a drive depends on, as plain values.

    Args:
        bag_sha256: Hash of the bag.
        rig_sha256: Hash of the rig's files.
        options: How it is converted.
        labels: Hashes of the files of labels beside the bag.

    """
    values: dict[str, Any] = json.loads(
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


def find_finished(drive: Path, request: Mapping[str, object]) -> dict[str, Any] | None:
    """Return the record of a drive that is whole and was made of the same things in the same way; None otherwise."""
    try:
        record = json.loads(record_path(drive).read_text(encoding='utf-8'))
        if record['format'] != RECORD_FORMAT or record['request'] != request:
            return None
        checksum_header = read_checksum_header(drive, verify=True)
    except (OSError, ValueError, KeyError, TypeError, DatasetError):
        return None
    return dict(record) if record['drive']['sha256'] == checksum_header.sha256 else None


def write_record(
    drive: Path, checksum_header: ChecksumHeader, request: Mapping[str, object], facts: Mapping[str, object]
) -> dict[str, Any]:
    """Write the record of a finished drive beside it, and return it.

    Raises:
        BagError: It cannot be written.

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


def folder_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of all drives that lie in a folder, by name; a record without its drive does not count."""
    found = []
    for path in sorted(folder.glob('*.json')):
        with suppress(OSError, ValueError, KeyError, TypeError, DatasetError):
            record = json.loads(path.read_text(encoding='utf-8'))
            drive = path.with_suffix('.h5')
            if record['format'] == RECORD_FORMAT and record['drive'] == _drive_entry(
                drive, read_checksum_header(drive, verify=False)
            ):
                found.append(record)
    return found


def stale_drive_warning(drive: Path) -> str:
    """Return what to say where a drive was refused and one of an earlier conversion is still there; '' if none is."""
    if not drive.exists():
        return ''
    return (
        f' An older drive of it is still there, {str(drive)!r}, and would be trained on: mend what is wrong and start '
        'again, or remove it.'
    )


def write_manifest(folder: Path) -> None:
    """Write `manifest.json` of a folder of drives from bags: every drive's record, and their sums.

    Raises:
        BagError: It cannot be written.

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


def _drive_entry(drive: Path, checksum_header: ChecksumHeader) -> dict[str, Any]:
    return {'file': drive.name, 'bytes': checksum_header.total_bytes, 'sha256': checksum_header.sha256}


def _write_json(path: Path, values: dict[str, Any]) -> None:
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        partial.write_text(json.dumps(values, indent=1, sort_keys=True) + '\n', encoding='utf-8')
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        msg = f'Cannot write {str(path)!r}: {error.strerror or error}. Check the space and the rights of its folder.'
        raise BagError(msg) from None
