# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one definition of the mel features, stored in every bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from audio_manifold_ros.features.errors import FeatureError

Edges = Literal['reflect', 'interior']


@dataclass(frozen=True)
class FeatureSpec:
    """How a window of audio becomes the input of the network (paper, section 4, data preparation).

    Attributes:
        sample_rate_hz: Rate of the audio.
        window_samples: Length of the window.
        n_fft: Length of the periodic Hann window and of the Fourier transform.
        hop_samples: Distance between frames, and between the windows that can be predicted from.
        mel_bands: HTK mel bands without area norm.
        f_min_hz: Lower edge of the lowest band.
        f_max_hz: Upper edge of the highest band.
        floor_power: Power below which a band counts as silent.
        db_divisor: The decibels are divided by it.
        edges: `reflect` centres frames on every hop and reflects the window at its ends (paper);
            `interior` keeps only the frames that lie wholly within the window.
        height: Rows (mel) of the network's input, after the resize.
        width: Columns (frames) of the network's input, after the resize.

    Raises:
        FeatureError: A value makes no sense; the message names it.

    """

    sample_rate_hz: int = 22_500
    window_samples: int = 22_500
    n_fft: int = 2048
    hop_samples: int = 256
    mel_bands: int = 256
    f_min_hz: float = 0.0
    f_max_hz: float = 11_250.0
    floor_power: float = 1e-10
    db_divisor: float = 80.0
    edges: Edges = 'reflect'
    height: int = 128
    width: int = 128

    def __post_init__(self) -> None:
        """Refuse values that no window can be computed with."""
        for name in ('sample_rate_hz', 'window_samples', 'n_fft', 'hop_samples', 'mel_bands', 'height', 'width'):
            value = getattr(self, name)
            if not isinstance(value, int) or value <= 0:
                msg = f'{name} is {value!r}: give a positive integer.'
                raise FeatureError(msg)
        if self.n_fft % 2 or self.n_fft > self.window_samples:
            msg = f'n_fft is {self.n_fft!r}: give an even number no greater than window_samples ({self.window_samples}).'
            raise FeatureError(msg)
        if not 0 <= self.f_min_hz < self.f_max_hz <= self.sample_rate_hz / 2:
            msg = (
                f'f_min_hz {self.f_min_hz!r} and f_max_hz {self.f_max_hz!r}: '
                f'give 0 <= f_min_hz < f_max_hz <= {self.sample_rate_hz / 2} (half the sample rate).'
            )
            raise FeatureError(msg)
        if self.floor_power <= 0 or self.db_divisor <= 0:
            msg = f'floor_power {self.floor_power!r} and db_divisor {self.db_divisor!r}: give positive numbers.'
            raise FeatureError(msg)
        if self.edges not in {'reflect', 'interior'}:
            msg = f"edges is {self.edges!r}: give 'reflect' or 'interior'."
            raise FeatureError(msg)

    @property
    def left_edge_frames(self) -> int:
        """Frames that reach over the start of the window."""
        return -(-(self.n_fft // 2) // self.hop_samples)

    @property
    def interior_frames(self) -> int:
        """Frames that lie wholly within the window, centred on multiples of the hop."""
        last = (self.window_samples - self.n_fft // 2) // self.hop_samples
        return last - self.left_edge_frames + 1

    @property
    def frames(self) -> int:
        """Frames of one window, before the resize."""
        if self.edges == 'interior':
            return self.interior_frames
        return self.window_samples // self.hop_samples + 1

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FeatureSpec:
        """Build a specification from plain values.

        Raises:
            FeatureError: A key is unknown or missing, or a value makes no sense.

        """
        known = {field.name for field in fields(cls)}
        unknown, missing = sorted(set(values) - known), sorted(known - set(values))
        if unknown or missing:
            msg = f'Feature specification with unknown keys {unknown} and missing keys {missing}: the keys are {sorted(known)}.'
            raise FeatureError(msg)
        return cls(**values)
