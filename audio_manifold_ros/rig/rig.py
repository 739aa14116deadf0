# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphone array of a rig: position, device channel, gain and delay of each microphone (`mic_array.yaml`)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.schema import REQUIRED, to_plain
from audio_manifold_ros.common.schema_rules import Decimals, Rule, at_least, between, not_empty, one_of
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.common.yaml_file import format_yaml
from audio_manifold_ros.rig.rig_file import SCHEMA_VERSION, VECTOR, FrameName, Name, PositionM, RigFile

RIG_FILE = 'mic_array.yaml'
MAX_CHANNEL = 255
MAX_GAIN_DB = 60
MAX_DELAY_SAMPLES = 2000
SAMPLE_RATES_HZ = (4000, 768_000)
UNIT_VECTOR = Rule(
    'a list of three numbers, a unit vector',
    lambda value: VECTOR.is_valid(value) and abs(math.hypot(*value) - 1) < 1e-3,
    covers_items=True,
)
SampleRate = Annotated[int, between(*SAMPLE_RATES_HZ)]
MeasuredKey = Literal['gain_db', 'delay_samples', 'position_m']


@dataclass(frozen=True)
class Microphone:
    """One microphone capsule.

    Attributes:
        name: Name in diagnostics.
        device_channel: Channel of the device, from 0.
        position_m: Position in the frame of the array.
        facing: Unit vector of greatest sensitivity, in the frame of the array.
        gain_db: Gain that is applied to the raw signal.
        polarity: 1, or -1 for a capsule with reversed wiring.
        enabled: False for a capsule that is known to be dead.
        delay_samples: Delay of its channel at the array's `delay_rate_hz`; negative for an early channel.
        frame_id: Its own frame, for URDF and /tf; empty for one that is derived from its name.
        noise_floor_dbfs: Level in silence; None if it was not measured.
        std: Standard deviation of measured values by key.

    """

    name: Name
    device_channel: Annotated[int, between(0, MAX_CHANNEL, 'a channel number')]
    position_m: PositionM
    facing: Annotated[tuple[float, float, float], UNIT_VECTOR, Decimals(6)]
    gain_db: Annotated[float, between(-MAX_GAIN_DB, MAX_GAIN_DB)] = field(default=0.0, metadata=REQUIRED)
    polarity: Annotated[int, one_of(1, -1)] = field(default=1, metadata=REQUIRED)
    enabled: bool = field(default=True, metadata=REQUIRED)
    delay_samples: Annotated[float, between(-MAX_DELAY_SAMPLES, MAX_DELAY_SAMPLES)] = 0.0
    frame_id: FrameName = ''
    noise_floor_dbfs: Annotated[float, between(-200, -1)] | None = None
    std: Mapping[MeasuredKey, Annotated[float, at_least(0)]] = field(default_factory=dict)


@dataclass(frozen=True)
class ArrayDevice:
    """The sound device of an array.

    Attributes:
        name: Its name, or a part of it.
        channels: Number of its channels.
        rates_hz: Sample rates that it offers.

    """

    name: Name
    channels: Annotated[int, between(1, MAX_CHANNEL + 1)]
    rates_hz: Annotated[tuple[SampleRate, ...], not_empty('sample rate')]


@dataclass(frozen=True)
class MicrophoneArray(RigFile):
    """The microphones in the order of the model's channels: the content of `mic_array.yaml`.

    Attributes:
        array_id: Name of the array.
        frame_id: Frame of positions and facings.
        microphones: The microphones.
        delay_rate_hz: Sample rate of `delay_samples`; None if no microphone has a delay.
        device: The sound device; None if the rig does not name it.
        sound_mps: Speed of sound at the time of the calibration.

    """

    FILE_NAME: ClassVar[str] = RIG_FILE
    FILE_VERSION: ClassVar[tuple[str, int]] = SCHEMA_VERSION

    array_id: Name
    frame_id: FrameName
    microphones: Annotated[tuple[Microphone, ...], not_empty('microphone')]
    delay_rate_hz: SampleRate | None = None
    device: ArrayDevice | None = None
    sound_mps: Annotated[float, between(280, 400)] = SPEED_OF_SOUND_MPS

    def __post_init__(self) -> None:
        """Refuse microphones that share a channel or a name, and delays without their sample rate.

        Raises:
            RigError: A value repeats or is missing.

        """
        _check_unique('device_channel', [mic.device_channel for mic in self.microphones])
        _check_unique('name', [mic.name for mic in self.microphones])
        delayed = [mic.name for mic in self.microphones if mic.delay_samples]
        if delayed and self.delay_rate_hz is None:
            msg = f'delay_rate_hz is missing, but {delayed} have delay_samples: give their sample rate in Hz.'
            raise RigError(msg)

    @property
    def positions_m(self) -> FloatArray:
        """Positions (mic, 3) in the frame of the array."""
        return np.array([mic.position_m for mic in self.microphones], dtype=np.float64)

    @property
    def facings(self) -> FloatArray:
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
    def delays_s(self) -> FloatArray:
        """Delays (mic,) of the channels in seconds."""
        return np.array([mic.delay_samples for mic in self.microphones]) / (self.delay_rate_hz or 1)

    def geometry(self) -> list[dict[str, list[float]]]:
        """Return positions and facings, rounded to a tenth of a millimetre, as plain values."""
        return [{'position_m': _rounded(mic.position_m), 'facing': _rounded(mic.facing)} for mic in self.microphones]

    def geometry_sha256(self) -> str:
        """Return the hash of the geometry, which a bundle compares with that of its training."""
        return hashlib.sha256(json.dumps(self.geometry()).encode()).hexdigest()

    def to_text(self) -> str:
        """Return the text of its `mic_array.yaml`. Optional values at their default are left out."""
        values = to_plain(self, omit_defaults=True)
        values['microphones'] = values.pop('microphones')
        return format_yaml(values)


def _rounded(vector: tuple[float, float, float]) -> list[float]:
    # The sum turns a negative zero into zero, so that both have the same text and the same hash.
    return [round(v, 4) + 0.0 for v in vector]


def _check_unique(key: str, values: Sequence[object]) -> None:
    if len(set(values)) != len(values):
        msg = f'{key} values {list(values)} repeat: give each microphone its own.'
        raise RigError(msg)
