# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphone array: where each capsule sits, which device channel it is, what it needs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from audio_manifold_ros.calibration.errors import CalibrationError

SCHEMA_VERSION = 1
SAFE_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
ARRAY_KEYS = {'schema_version', 'array_id', 'frame_id', 'microphones'}
MICROPHONE_KEYS = {'name', 'device_channel', 'position_m', 'facing', 'gain_db', 'polarity', 'enabled'}


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
        return [
            {'position_m': [round(v, 4) for v in mic.position_m], 'facing': [round(v, 4) for v in mic.facing]}
            for mic in self.microphones
        ]

    def geometry_sha256(self) -> str:
        """Return the hash by which a bundle knows the geometry that it was trained for."""
        return hashlib.sha256(json.dumps(self.geometry()).encode()).hexdigest()

    @classmethod
    def from_yaml(cls, path: Path | str) -> MicrophoneArray:
        """Read a `mic_array.yaml`.

        Raises:
            CalibrationError: The file is missing, is no rig, or holds a wrong value.

        """
        try:
            text = Path(path).read_text(encoding='utf-8')
        except (OSError, UnicodeDecodeError) as error:
            msg = f'Cannot read the microphone array {str(path)!r}: {error}. Give the path of a mic_array.yaml.'
            raise CalibrationError(msg) from None
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> MicrophoneArray:
        """Read the text of a `mic_array.yaml`; `path` says in messages where it comes from.

        Raises:
            CalibrationError: The text is no rig, or holds a wrong value.

        """
        try:
            data = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506 (a safe loader, in C where there is one)
        except yaml.YAMLError as error:
            msg = f'Cannot read the microphone array {path!r}: {error}. Give the text of a mic_array.yaml.'
            raise CalibrationError(msg) from None
        _check_keys(path, 'the file', data, ARRAY_KEYS)
        if data['schema_version'] != SCHEMA_VERSION:
            msg = f'{path}: schema_version is {data["schema_version"]!r}, this software reads {SCHEMA_VERSION}.'
            raise CalibrationError(msg)
        entries = data['microphones']
        if not isinstance(entries, list) or not entries:
            msg = f'{path}: microphones is {entries!r}: list at least one microphone.'
            raise CalibrationError(msg)
        microphones = tuple(_microphone(path, i, entry) for i, entry in enumerate(entries))
        channels = [mic.device_channel for mic in microphones]
        if len(set(channels)) != len(channels):
            msg = f'{path}: device_channel values {channels} repeat: give each microphone a channel of its own.'
            raise CalibrationError(msg)
        return cls(str(data['array_id']), str(data['frame_id']), microphones)


def _check_keys(path: Path | str, where: str, entry: Any, known: set[str]) -> None:
    found = set(entry) if isinstance(entry, dict) else set()
    if found != known:
        msg = f'{path}: {where} has unknown keys {sorted(found - known)} and misses {sorted(known - found)}.'
        raise CalibrationError(msg)


def _microphone(path: Path | str, index: int, entry: Any) -> Microphone:
    _check_keys(path, f'microphones[{index}]', entry, MICROPHONE_KEYS)
    try:
        mic = Microphone(
            name=str(entry['name']),
            device_channel=int(entry['device_channel']),
            position_m=_vector(entry['position_m']),
            facing=_vector(entry['facing']),
            gain_db=float(entry['gain_db']),
            polarity=int(entry['polarity']),
            enabled=bool(entry['enabled']),
        )
    except (TypeError, ValueError) as error:
        msg = f'{path}: microphones[{index}] {entry!r}: {error}.'
        raise CalibrationError(msg) from None
    checks = (
        (mic.device_channel >= 0, 'device_channel', mic.device_channel, 'a channel number from 0'),
        (mic.polarity in {-1, 1}, 'polarity', mic.polarity, '1 or -1'),
        (abs(mic.gain_db) <= 60, 'gain_db', mic.gain_db, 'a number from -60 to 60'),
        (abs(float(np.linalg.norm(mic.facing)) - 1) < 1e-3, 'facing', mic.facing, 'a unit vector'),
        (bool(np.all(np.isfinite(mic.position_m))), 'position_m', mic.position_m, 'three finite numbers'),
    )
    for good, key, value, wanted in checks:
        if not good:
            msg = f'{path}: microphones[{index}].{key} is {value!r}: give {wanted}.'
            raise CalibrationError(msg)
    return mic


def _vector(value: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in value)
    return x, y, z
