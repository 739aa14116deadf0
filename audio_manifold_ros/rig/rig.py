# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphone array: where each capsule sits, which device channel it is, what it needs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.rig.yaml_file import parse_yaml, read_text, write_yaml
from audio_manifold_ros.rig.yaml_schema import (
    FRAME,
    SCHEMA_VERSION,
    TEXT,
    VECTOR,
    VERSION,
    Check,
    check_mapping,
    integer,
    is_integer,
    is_number,
    is_vector,
    number,
)

RIG_FILE = 'mic_array.yaml'
MAX_CHANNEL = 255
MAX_GAIN_DB = 60
MAX_DELAY_SAMPLES = 2000
RATES_HZ = (4000, 768_000)


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
        delay_samples: How late its channel is, at the array's `delay_rate_hz`; negative where it is early.
        frame_id: Its own frame, for URDF and /tf; empty for one made of the array's frame and its name.
        noise_floor_dbfs: What it gives in silence; None where nobody has measured it.
        std: Standard deviation of measured values by key (`gain_db`, `delay_samples`, `position_m`).

    """

    name: str
    device_channel: int
    position_m: tuple[float, float, float]
    facing: tuple[float, float, float]
    gain_db: float = 0.0
    polarity: int = 1
    enabled: bool = True
    delay_samples: float = 0.0
    frame_id: str = ''
    noise_floor_dbfs: float | None = None
    std: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArrayDevice:
    """The sound device of an array: its name, or a part of it, the channels that it has, the rates that it offers."""

    name: str
    channels: int
    rates_hz: tuple[int, ...]


@dataclass(frozen=True)
class MicrophoneArray:
    """All capsules in the order of the model's channels.

    Attributes:
        array_id: For people.
        frame_id: Frame of positions and facings.
        microphones: The capsules.
        delay_rate_hz: Rate of `delay_samples`; None where no microphone has a delay.
        device: The device; None where the rig does not say.
        sound_mps: Speed of sound where the array was measured.

    """

    array_id: str
    frame_id: str
    microphones: tuple[Microphone, ...]
    delay_rate_hz: int | None = None
    device: ArrayDevice | None = None
    sound_mps: float = SPEED_OF_SOUND_MPS

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

    @property
    def delays_s(self) -> NDArray[np.float64]:
        """Seconds (mic,) that each channel is late."""
        return np.array([mic.delay_samples for mic in self.microphones]) / (self.delay_rate_hz or 1)

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
            RigError: The file is missing, is no rig, or holds a wrong value.

        """
        return cls.from_text(read_text(path, RIG_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> MicrophoneArray:
        """Read the text of a `mic_array.yaml`; `path` says in messages where it comes from.

        Raises:
            RigError: The text is no rig, or holds a wrong value.

        """
        data = parse_yaml(text, path, RIG_FILE)
        check_mapping(path, '', data, ARRAY_CHECKS, ARRAY_OPTIONS)
        microphones = tuple(_microphone(path, i, entry) for i, entry in enumerate(data['microphones']))
        _check_unique(path, 'device_channel', [mic.device_channel for mic in microphones])
        _check_unique(path, 'name', [mic.name for mic in microphones])
        delayed = [mic.name for mic in microphones if mic.delay_samples]
        if delayed and 'delay_rate_hz' not in data:
            msg = f'{path}: delay_rate_hz is missing, but {delayed} have delay_samples: give their sample rate in Hz.'
            raise RigError(msg)
        return cls(
            data['array_id'],
            data['frame_id'],
            microphones,
            data.get('delay_rate_hz'),
            _device(path, data.get('device')),
            float(data.get('sound_mps', SPEED_OF_SOUND_MPS)),
        )

    def to_text(self) -> str:
        """Return the text of its `mic_array.yaml`; what stands at its default is left out."""
        head: dict[str, Any] = {
            'schema_version': SCHEMA_VERSION,
            'array_id': self.array_id,
            'frame_id': self.frame_id,
        }
        if self.device is not None:
            device = self.device
            head['device'] = {'name': device.name, 'channels': device.channels, 'rates_hz': list(device.rates_hz)}
        if self.sound_mps != SPEED_OF_SOUND_MPS:
            head['sound_mps'] = self.sound_mps
        if self.delay_rate_hz is not None:
            head['delay_rate_hz'] = self.delay_rate_hz
        return write_yaml({**head, 'microphones': [_microphone_to_dict(mic) for mic in self.microphones]})


def _rounded(vector: tuple[float, float, float]) -> list[float]:
    # The sum turns a negative zero into a zero, which is written, and hashed, without a sign.
    return [round(v, 4) + 0.0 for v in vector]


def _microphone(path: str, index: int, entry: Any) -> Microphone:
    where = f'microphones[{index}]'
    check_mapping(path, where, entry, MICROPHONE_CHECKS, MICROPHONE_OPTIONS)
    std = entry.get('std', {})
    check_mapping(path, f'{where}.std', std, {}, STD_OPTIONS)
    floor = entry.get('noise_floor_dbfs')
    return Microphone(
        name=entry['name'],
        device_channel=entry['device_channel'],
        position_m=_vector(entry['position_m']),
        facing=_vector(entry['facing']),
        gain_db=float(entry['gain_db']),
        polarity=entry['polarity'],
        enabled=entry['enabled'],
        delay_samples=float(entry.get('delay_samples', 0.0)),
        frame_id=entry.get('frame_id', ''),
        noise_floor_dbfs=None if floor is None else float(floor),
        std={key: float(value) for key, value in std.items()},
    )


def _microphone_to_dict(mic: Microphone) -> dict[str, Any]:
    required: dict[str, Any] = {
        'name': mic.name,
        'device_channel': mic.device_channel,
        'position_m': [round(v, 6) for v in mic.position_m],
        'facing': [round(v, 6) for v in mic.facing],
        'gain_db': mic.gain_db,
        'polarity': mic.polarity,
        'enabled': mic.enabled,
    }
    optional = {
        'delay_samples': mic.delay_samples,
        'frame_id': mic.frame_id,
        'noise_floor_dbfs': mic.noise_floor_dbfs,
        'std': dict(mic.std),
    }
    return {
        **required,
        **{key: value for key, value in optional.items() if value is not None and value not in (0.0, '', {})},
    }


def _device(path: str, entry: Any) -> ArrayDevice | None:
    if entry is None:
        return None
    check_mapping(path, 'device', entry, DEVICE_CHECKS)
    return ArrayDevice(entry['name'], entry['channels'], tuple(entry['rates_hz']))


def _check_unique(path: str, key: str, values: list[Any]) -> None:
    if len(set(values)) != len(values):
        msg = f'{path}: {key} values {values} repeat: give each microphone its own.'
        raise RigError(msg)


def _is_direction(value: Any) -> bool:
    return is_vector(value) and abs(math.hypot(*value) - 1) < 1e-3


def _is_rate(value: Any) -> bool:
    return is_integer(value) and RATES_HZ[0] <= value <= RATES_HZ[1]


def _vector(value: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in value)
    return x, y, z


DEVIATION: Check = (lambda v: is_number(v) and v >= 0, 'a number from 0')
ARRAY_CHECKS: dict[str, Check] = {
    'schema_version': VERSION,
    'array_id': TEXT,
    'frame_id': FRAME,
    'microphones': (lambda v: isinstance(v, list) and bool(v), 'a list of at least one microphone'),
}
ARRAY_OPTIONS: dict[str, Check] = {
    'delay_rate_hz': integer(*RATES_HZ),
    'device': (lambda v: isinstance(v, dict), 'a mapping with the keys name, channels and rates_hz'),
    'sound_mps': number(280, 400),
}
DEVICE_CHECKS: dict[str, Check] = {
    'name': TEXT,
    'channels': integer(1, MAX_CHANNEL + 1),
    'rates_hz': (
        lambda v: isinstance(v, list) and bool(v) and all(_is_rate(rate) for rate in v),
        f'a list of sample rates from {RATES_HZ[0]} to {RATES_HZ[1]}',
    ),
}
MICROPHONE_CHECKS: dict[str, Check] = {
    'name': TEXT,
    'device_channel': (lambda v: is_integer(v) and 0 <= v <= MAX_CHANNEL, f'a channel number from 0 to {MAX_CHANNEL}'),
    'position_m': VECTOR,
    'facing': (_is_direction, 'a list of three numbers, a unit vector'),
    'gain_db': number(-MAX_GAIN_DB, MAX_GAIN_DB),
    'polarity': (lambda v: is_integer(v) and v in {-1, 1}, '1 or -1'),
    'enabled': (lambda v: isinstance(v, bool), 'true or false'),
}
MICROPHONE_OPTIONS: dict[str, Check] = {
    'delay_samples': number(-MAX_DELAY_SAMPLES, MAX_DELAY_SAMPLES),
    'frame_id': FRAME,
    'noise_floor_dbfs': number(-200, -1),
    'std': (lambda v: isinstance(v, dict), 'a mapping with keys of gain_db, delay_samples and position_m'),
}
STD_OPTIONS: dict[str, Check] = dict.fromkeys(('gain_db', 'delay_samples', 'position_m'), DEVIATION)
