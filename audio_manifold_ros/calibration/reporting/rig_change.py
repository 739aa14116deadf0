# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One value of a file of the rig that a measurement would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.rig import RIG_FILE, MeasuredKey, Microphone

FIELDS = frozenset({'file', 'path', 'of', 'before', 'after'})


@dataclass(frozen=True)
class RigChange:
    """A change.

    Attributes:
        file: Name of the file, for example `mic_array.yaml`.
        path: Keys and list indices down to the value.
        of: What the value belongs to, for people: the name of a microphone.
        before: Value that was measured against; None if the file lacks the key.
        after: The new value.

    """

    file: str
    path: tuple[str | int, ...]
    of: str
    before: Any
    after: Any

    def text(self) -> str:
        """Return the change for people."""
        return f'{self.file}: {self.of} {self.path[-1]}: {self.before!r} → {self.after!r}'

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            'file': self.file,
            'path': list(self.path),
            'of': self.of,
            'before': self.before,
            'after': self.after,
        }

    @classmethod
    def from_dict(cls, data: Any) -> RigChange:
        """Read what `to_dict` returned.

        Raises:
            CalibrationError: It is something else.

        """
        if not (isinstance(data, dict) and set(data) == FIELDS and isinstance(data['path'], list) and data['path']):
            msg = f'A change of the report is {data!r}: give a report that `calibrate` wrote.'
            raise CalibrationError(msg)
        return cls(str(data['file']), tuple(data['path']), str(data['of']), data['before'], data['after'])


def microphone_change(index: int, name: str, key: str, before: Any, after: Any) -> RigChange:
    """Return the change of one microphone's value in `mic_array.yaml`."""
    return RigChange(RIG_FILE, ('microphones', index, key), name, before, after)


def std_change(index: int, mic: Microphone, key: MeasuredKey, after: float) -> RigChange:
    """Return the change of the standard deviation of one microphone's value."""
    return RigChange(RIG_FILE, ('microphones', index, 'std', key), mic.name, mic.std.get(key), after)
