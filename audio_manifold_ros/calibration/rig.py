# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphone array: where each capsule sits, which device channel it is, what it needs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.errors import CalibrationError
from audio_manifold_ros.calibration.yaml_file import parse_yaml, read_text

SCHEMA_VERSION = 1
RIG_FILE = 'mic_array.yaml'
MAX_CHANNEL = 255
MAX_DISTANCE_M = 100
MAX_GAIN_DB = 60
# Whether a value is good, and what a person should give.
Check = tuple[Callable[[Any], bool], str]


@dataclass(frozen=True)
class Microphone:
    """One capsule.

    Attributes:
        name: For people and diagnostics.
        device_channel: Channel of the device, from 0.
        position_m: In the frame of the array.
        facing: Unit vector of greatest sensitivity, in the frame of the array.
        gain_db: Added to the raw signal.
        polarity: 1, or -1 for a capsule wired the other way round.
        enabled: False for a capsule known to be dead.

    """

    name: str
    device_channel: int
    position_m: tuple[float, float, float]
    facing: tuple[float, float, float]
    gain_db: float = 0.0
    polarity: int = 1
    enabled: bool = True


@dataclass(frozen=True)
class MicrophoneArray:
    """All capsules in the order of the model's channels."""

    array_id: str
    frame_id: str
    microphones: tuple[Microphone, ...]

    @property
    def positions_m(self) -> NDArray[np.float64]:
        """Positions (mic, 3) in the frame of the array."""
        return np.array([mic.position_m for mic in self.microphones], dtype=np.float64)

    @property
    def facings(self) -> NDArray[np.float64]:
        """Unit vectors (mic, 3) of greatest sensitivity."""
        return np.array([mic.facing for mic in self.microphones], dtype=np.float64)

    @property
    def device_channels(self) -> tuple[int, ...]:
        """Device channel of each microphone."""
        return tuple(mic.device_channel for mic in self.microphones)

    @property
    def factors(self) -> NDArray[np.float32]:
        """Gain and polarity (mic,) as one factor."""
        gains = [mic.polarity * 10 ** (mic.gain_db / 20) for mic in self.microphones]
        return np.array(gains, dtype=np.float32)

    def geometry(self) -> list[dict[str, list[float]]]:
        """Return positions and facings, rounded to a tenth of a millimetre, as plain values."""
        return [{'position_m': _rounded(mic.position_m), 'facing': _rounded(mic.facing)} for mic in self.microphones]

    def geometry_sha256(self) -> str:
        """Return the hash by which a bundle knows the geometry that it was trained for."""
        return hashlib.sha256(json.dumps(self.geometry()).encode()).hexdigest()

    @classmethod
    def from_yaml(cls, path: Path | str) -> MicrophoneArray:
        """Read a `mic_array.yaml`.

        Raises:
            CalibrationError: The file is missing, is no rig, or holds a wrong value.

        """
        return cls.from_text(read_text(path, RIG_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> MicrophoneArray:
        """Read the text of a `mic_array.yaml`; `path` says in messages where it comes from.

        Raises:
            CalibrationError: The text is no rig, or holds a wrong value.

        """
        data = parse_yaml(text, path, RIG_FILE)
        _check(path, '', data, ARRAY_CHECKS)
        microphones = tuple(_microphone(path, i, entry) for i, entry in enumerate(data['microphones']))
        _check_unique(path, 'device_channel', [mic.device_channel for mic in microphones])
        _check_unique(path, 'name', [mic.name for mic in microphones])
        return cls(data['array_id'], data['frame_id'], microphones)


def _rounded(vector: tuple[float, float, float]) -> list[float]:
    # The sum turns a negative zero into a zero, which is written, and hashed, without a sign.
    return [round(v, 4) + 0.0 for v in vector]


def _check(path: Path | str, where: str, entry: Any, checks: dict[str, Check]) -> None:
    place = f'{path}: {where}'.rstrip(': ')
    if not isinstance(entry, dict):
        msg = f'{place} is {entry!r}: give a mapping with the keys {sorted(checks)}.'
        raise CalibrationError(msg)
    found, known = {str(key) for key in entry}, set(checks)
    if found != known:
        msg = f'{place} has unknown keys {sorted(found - known)} and misses {sorted(known - found)}.'
        raise CalibrationError(msg)
    for key, (good, wanted) in checks.items():
        if not good(entry[key]):
            msg = f'{place}{"." if where else ": "}{key} is {entry[key]!r}: give {wanted}.'
            raise CalibrationError(msg)


def _microphone(path: Path | str, index: int, entry: Any) -> Microphone:
    _check(path, f'microphones[{index}]', entry, MICROPHONE_CHECKS)
    return Microphone(
        name=entry['name'],
        device_channel=entry['device_channel'],
        position_m=_vector(entry['position_m']),
        facing=_vector(entry['facing']),
        gain_db=float(entry['gain_db']),
        polarity=entry['polarity'],
        enabled=entry['enabled'],
    )


def _check_unique(path: Path | str, key: str, values: list[Any]) -> None:
    if len(set(values)) != len(values):
        msg = f'{path}: {key} values {values} repeat: give each microphone its own.'
        raise CalibrationError(msg)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    """Whether a value is a number in the strict sense: true and false are none, nor are .nan and .inf."""
    return type(value) in {int, float} and math.isfinite(value)


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 3 and all(_is_number(v) and abs(v) <= MAX_DISTANCE_M for v in value)
    )


def _is_direction(value: Any) -> bool:
    return _is_vector(value) and abs(math.hypot(*value) - 1) < 1e-3


def _vector(value: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in value)
    return x, y, z


ARRAY_CHECKS: dict[str, Check] = {
    'schema_version': (
        lambda v: _is_integer(v) and v == SCHEMA_VERSION,
        f'{SCHEMA_VERSION}, the one this software reads',
    ),
    'array_id': (_is_text, 'a name'),
    'frame_id': (_is_text, 'the name of a frame'),
    'microphones': (lambda v: isinstance(v, list) and bool(v), 'a list of at least one microphone'),
}
MICROPHONE_CHECKS: dict[str, Check] = {
    'name': (_is_text, 'a name'),
    'device_channel': (lambda v: _is_integer(v) and 0 <= v <= MAX_CHANNEL, f'a channel number from 0 to {MAX_CHANNEL}'),
    'position_m': (_is_vector, f'a list of three numbers up to {MAX_DISTANCE_M} m'),
    'facing': (_is_direction, 'a list of three numbers, a unit vector'),
    'gain_db': (lambda v: _is_number(v) and abs(v) <= MAX_GAIN_DB, f'a number from -{MAX_GAIN_DB} to {MAX_GAIN_DB}'),
    'polarity': (lambda v: _is_integer(v) and v in {-1, 1}, '1 or -1'),
    'enabled': (lambda v: isinstance(v, bool), 'true or false'),
}
