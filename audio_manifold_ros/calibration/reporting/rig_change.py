# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Change of one value in a rig file, as proposed by a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.rig.rig import RIG_FILE, MeasuredKey, Microphone

FIELDS = frozenset({'file', 'path', 'of', 'before', 'after'})


@dataclass(frozen=True)
class RigChange:
    """Proposed change of one value.

    Attributes:
        file: Name of the file, for example `mic_array.yaml`.
        path: Keys and list indices that lead to the value.
        of: Owner of the value, for example the name of a microphone.
        before: Value during the measurement. None if the file lacks the key.
        after: New value.

    """

    file: str
    path: tuple[str | int, ...]
    of: str
    before: object
    after: object

    def text(self) -> str:
        """Return the change as one line of text."""
        return f'{self.file}: {self.of} {self.path[-1]}: {self.before!r} → {self.after!r}'

    def to_dict(self) -> dict[str, object]:
        """Return the change as JSON values."""
        return {
            'file': self.file,
            'path': list(self.path),
            'of': self.of,
            'before': self.before,
            'after': self.after,
        }

    @classmethod
    def from_dict(cls, data: Any) -> RigChange:
        """Create a change from the result of `to_dict`.

        Raises:
            CalibrationError: The data has another structure.

        """
        is_change = isinstance(data, dict) and set(data) == FIELDS and isinstance(data['path'], list) and data['path']
        if not is_change or not all(isinstance(key, (str, int)) for key in data['path']):
            msg = (
                f'The report contains the change {shorten(data)}, which has another structure: '
                'give a report of `calibrate`.'
            )
            raise CalibrationError(msg)
        return cls(str(data['file']), tuple(data['path']), str(data['of']), data['before'], data['after'])


def microphone_change(index: int, name: str, key: str, before: object, after: object) -> RigChange:
    """Return the change of one microphone's value in `mic_array.yaml`."""
    return RigChange(RIG_FILE, ('microphones', index, key), name, before, after)


def std_change(index: int, mic: Microphone, key: MeasuredKey, after: float) -> RigChange:
    """Return the change of the standard deviation of one microphone's value."""
    return RigChange(RIG_FILE, ('microphones', index, 'std', key), mic.name, mic.std.get(key), after)
