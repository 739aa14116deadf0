# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import report: drives written, images skipped and why. A record of each drive, and a report of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from audio_manifold_ros.bags.conversion.conversion_record import SOFTWARE, find_finished, folder_records, write_record
from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.files import write_text_atomic
from audio_manifold_ros.common.json_text import format_json
from audio_manifold_ros.datasets.drive_checksum import read_checksum_header

FORMAT = 'audio_manifold_ros import'
JSON_FILE, TEXT_FILE = 'import.json', 'import.txt'


@dataclass(frozen=True)
class DriveOutcome:
    """One drive that was written or kept.

    Attributes:
        drive_id: Id of the drive.
        images: Number of images.
        audio_s: Length of the audio in seconds.
        skipped: Names of files or times that were left out, by reason.
        notes: Notes for the user, a sentence each.
        kept: The drive was complete, of an equal request, and was not written again.

    """

    drive_id: str
    images: int
    audio_s: float
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: bool = False


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import.

    Attributes:
        source: Name of the imported dataset.
        outcomes: The drives that were written or kept.
        refused: The problem of each drive that could not be written, by drive id.
        reasons: Meaning of each reason for skipping.
        notes: Notes on the dataset for the user, a sentence each.

    """

    source: str
    outcomes: Sequence[DriveOutcome]
    refused: Mapping[str, str]
    reasons: Mapping[str, str]
    notes: Sequence[str] = ()

    def skipped(self) -> Counter[str]:
        """Return how many items were left out of all drives, by reason."""
        total: Counter[str] = Counter()
        for outcome in self.outcomes:
            total.update({reason: len(names) for reason, names in outcome.skipped.items()})
        return total

    def text(self) -> str:
        """Return the report as text. The JSON report also lists the names of everything skipped."""
        drives = sorted(self.outcomes, key=lambda outcome: outcome.drive_id)
        images, audio_s = sum(drive.images for drive in drives), sum(drive.audio_s for drive in drives)
        kept = sum(drive.kept for drive in drives)
        lines = [f'{self.source}: {len(drives)} drives ({kept} kept), {images} images, {audio_s / 3600:.2f} h of audio']
        lines += [f'  {note}' for note in self.notes]
        for reason, count in sorted(self.skipped().items()):
            example = next(names[0] for drive in drives if (names := drive.skipped.get(reason)))
            lines.append(f'  skipped {count:>7}  {reason}: {self.reasons.get(reason, reason)}, first {example}')
        lines += [f'  refused {drive_id}: {problem}' for drive_id, problem in sorted(self.refused.items())]
        for drive in drives:
            skipped = ', '.join(f'{len(names)} {reason}' for reason, names in sorted(drive.skipped.items()) if names)
            lines.append(f'{drive.drive_id}: {drive.images} images, {drive.audio_s:.0f} s; skipped {skipped or "none"}')
            lines += [f'  {note}' for note in drive.notes]
        return '\n'.join(lines) + '\n'

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values."""
        return {
            'format': FORMAT,
            'version': 1,
            'software': SOFTWARE,
            'source': self.source,
            'notes': list(self.notes),
            'reasons': dict(self.reasons),
            'skipped': dict(sorted(self.skipped().items())),
            'refused': dict(sorted(self.refused.items())),
            'drives': [asdict(outcome) for outcome in sorted(self.outcomes, key=lambda outcome: outcome.drive_id)],
        }

    def write(self, folder: Path) -> None:
        """Write `import.json` and `import.txt` for all drives in the folder, those of earlier imports included.

        Raises:
            TrainingError: They cannot be written.

        """
        imported_ids = {outcome.drive_id for outcome in self.outcomes}
        earlier = [_outcome_of(record) for record in folder_records(folder) if 'imported' in record]
        outcomes = [*self.outcomes, *(outcome for outcome in earlier if outcome.drive_id not in imported_ids)]
        combined = replace(self, outcomes=outcomes)
        texts = {JSON_FILE: format_json(combined.to_dict()), TEXT_FILE: combined.text()}
        for name, text in texts.items():
            path = folder / name
            with reraise_file_errors(TrainingError, 'write', path, 'Check free space and permissions.'):
                folder.mkdir(parents=True, exist_ok=True)
                write_text_atomic(path, text)


def find_outcome(drive: Path, request: Mapping[str, object]) -> DriveOutcome | None:
    """Return the outcome of a complete drive of an equal request, or None."""
    record = find_finished(drive, request)
    if record is None or 'imported' not in record:
        return None
    return _outcome_of(record)


def record_outcome(drive: Path, request: Mapping[str, object], outcome: DriveOutcome) -> None:
    """Write the record of a finished drive to its folder. The next import compares its request with the record.

    Args:
        drive: The finished drive.
        request: Everything that the drive depends on, as plain values of JSON.
        outcome: Its outcome.

    Raises:
        BagError: It cannot be written.

    """
    write_record(drive, read_checksum_header(drive, verify=False), request, {'imported': asdict(outcome)})


def _outcome_of(record: Mapping[str, Any]) -> DriveOutcome:
    values = record['imported']
    skipped = {reason: tuple(names) for reason, names in values['skipped'].items()}
    return replace(DriveOutcome(**values), skipped=skipped, notes=tuple(values['notes']), kept=True)
