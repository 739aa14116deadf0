# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Report of the checks: a page in Markdown for an issue, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.common.printable_text import escape_control_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKS = {Severity.OK: 'ok', Severity.WARNING: 'WARNING', Severity.ERROR: 'ERROR'}


@dataclass(frozen=True)
class DoctorReport:
    """Findings of all checks.

    Attributes:
        environment: Software and machine, by name.
        findings: Results in the order of the checks.

    """

    environment: Mapping[str, str]
    findings: tuple[Finding, ...]

    @property
    def may_drive(self) -> bool:
        """True if no check found an error."""
        return all(finding.level is not Severity.ERROR for finding in self.findings)

    @property
    def verdict(self) -> str:
        """One sentence: whether the robot may drive, and the number of errors and warnings."""
        errors = sum(finding.level is Severity.ERROR for finding in self.findings)
        warnings = sum(finding.level is Severity.WARNING for finding in self.findings)
        counts = f'errors: {errors}, warnings: {warnings}'
        return f'Ready to drive ({counts})' if self.may_drive else f'Not ready to drive ({counts})'

    def to_markdown(self) -> str:
        """Return the page. Control characters are escaped, and no cell breaks the table."""
        rows = [
            '## audio-manifold doctor',
            '',
            self.verdict,
            '',
            '| check | result | finding |',
            '| --- | --- | --- |',
            *(f'| {_cell(f.subject)} | {MARKS[f.level]} | {_cell(f.text)} |' for f in self.findings),
            '',
            '| environment | |',
            '| --- | --- |',
            *(f'| {_cell(name)} | {_cell(value)} |' for name, value in self.environment.items()),
        ]
        return '\n'.join(rows) + '\n'


def _cell(text: str) -> str:
    return escape_control_characters(' '.join(text.split())).replace('|', '\\|')
