# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an import wrote, what it skipped and why: a record beside each drive, and a report over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from audio_manifold_ros.bags.conversion.conversion import SOFTWARE, find_finished, folder_records, write_record
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_checksum import read_checksum_header
from audio_manifold_ros.inference.bundle.dataclass_json import format_json

FORMAT = 'audio_manifold_ros import'
JSON_FILE, TEXT_FILE = 'import.json', 'import.txt'


@dataclass(frozen=True)
class DriveOutcome:
    """One drive that was written, or was there already.

    Attributes:
        drive_id: The drive.
        images: Images in it.
        audio_s: Seconds of audio in it.
        skipped: What was left out, by reason: names of files, or of instants.
        notes: What a person should know of this drive, a sentence each.
        kept: It was there, whole, of the same request, and was left as it is.

    """

    drive_id: str
    images: int
    audio_s: float
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What became of a whole data set.

    Attributes:
        source: What was imported.
        outcomes: The drives that are there now.
        refused: The drives that could not be written, with what is wrong.
        reasons: What each reason for skipping means, a sentence each.
        notes: What a person should know of the whole, a sentence each.

    """

    source: str
    outcomes: Sequence[DriveOutcome]
    refused: Mapping[str, str]
    reasons: Mapping[str, str]
    notes: Sequence[str] = ()

    def skipped(self) -> Counter[str]:
        """Return how much was left out of all drives, by reason."""
        total: Counter[str] = Counter()
        for outcome in self.outcomes:
            total.update({reason: len(names) for reason, names in outcome.skipped.items()})
        return total

    def text(self) -> str:
        """Return the report for people; the names of all that was skipped stand in the JSON."""
        drives = sorted(self.outcomes, key=lambda outcome: outcome.drive_id)
        images, audio_s = sum(drive.images for drive in drives), sum(drive.audio_s for drive in drives)
        kept = sum(drive.kept for drive in drives)
        lines = [
            f'{self.source}: {len(drives)} drives ({kept} were there), {images} images, {audio_s / 3600:.2f} h of audio'
        ]
        lines += [f'  {note}' for note in self.notes]
        for reason, count in sorted(self.skipped().items()):
            lines.append(f'  skipped {count:>7}  {reason}: {self.reasons.get(reason, reason)}')
        lines += [f'  refused {drive_id}: {problem}' for drive_id, problem in sorted(self.refused.items())]
        for drive in drives:
            skipped = ', '.join(f'{len(names)} {reason}' for reason, names in sorted(drive.skipped.items()) if names)
            lines.append(f'{drive.drive_id}: {drive.images} images, {drive.audio_s:.0f} s; skipped {skipped or "none"}')
            lines += [f'  {note}' for note in drive.notes]
        return '\n'.join(lines) + '\n'

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
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
        """Write `import.json` and `import.txt`, over all drives in the folder: those of earlier imports too.

        Raises:
            TrainingError: They cannot be written.

        """
        imported_ids = {outcome.drive_id for outcome in self.outcomes}
        earlier = [_outcome_of(record) for record in folder_records(folder) if 'imported' in record]
        outcomes = [*self.outcomes, *(outcome for outcome in earlier if outcome.drive_id not in imported_ids)]
        combined = replace(self, outcomes=outcomes)
        texts = {JSON_FILE: format_json(combined.to_dict()), TEXT_FILE: combined.text()}
        for name, text in texts.items():
            partial = folder / f'.{name}.partial'
            try:
                folder.mkdir(parents=True, exist_ok=True)
                partial.write_text(text, encoding='utf-8')
                partial.replace(folder / name)
            except OSError as error:
                msg = f'Cannot write {str(folder / name)!r}: {error.strerror or error}. Check the space and the rights.'
                raise TrainingError(msg) from None


def find_outcome(drive: Path, request: dict[str, Any]) -> DriveOutcome | None:
    """Return the outcome of a drive that is whole and was made for the same request; None otherwise."""
    record = find_finished(drive, request)
    if record is None or 'imported' not in record:
        return None
    return _outcome_of(record)


def record_outcome(drive: Path, request: dict[str, Any], outcome: DriveOutcome) -> None:
    """Write the record of a finished drive beside it, by which the next import knows it.

    Args:
        drive: The finished drive.
        request: All that it depends on, as plain values of JSON.
        outcome: What became of it.

    Raises:
        BagError: It cannot be written.

    """
    write_record(drive, read_checksum_header(drive, verify=False), request, {'imported': asdict(outcome)})


def _outcome_of(record: dict[str, Any]) -> DriveOutcome:
    values = record['imported']
    skipped = {reason: tuple(names) for reason, names in values['skipped'].items()}
    return replace(DriveOutcome(**values), skipped=skipped, notes=tuple(values['notes']), kept=True)
