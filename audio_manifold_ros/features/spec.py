# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Definition of the mel features, stored in every bundle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten

Edges = Literal['reflect', 'interior']
Bands = Literal['mel', 'linear']
Resize = Literal['linear', 'nearest']
# A specification comes with a bundle. The limits bound the memory of its windows, frames and matrices.
MAX_INTEGERS = {
    'sample_rate_hz': 1_000_000,
    'window_samples': 1 << 24,
    'n_fft': 1 << 17,
    'win_samples': 1 << 17,
    'hop_samples': 1 << 24,
    'mel_bands': (1 << 16) + 1,
    'height': 4096,
    'width': 4096,
}
MAX_ELEMENTS = 1 << 26
NUMBERS = ('f_min_hz', 'f_max_hz', 'floor_power', 'db_divisor')
MIN_POWER = 1e-37
# 22.05 kHz for bands up to 11.25 kHz is no loss: the upper end of a band carries little.
USABLE_BANDWIDTH = 0.95


@dataclass(frozen=True)
class FeatureSpec:
    """Definition of the network input that is computed from a window of audio (paper, section 4, data preparation).

    Attributes:
        sample_rate_hz: Rate of the audio.
        window_samples: Length of the window.
        n_fft: Length of the frames and of the Fourier transform.
        win_samples: Length of the periodic Hann window. It is centred in the frame and padded with zeros.
        hop_samples: Distance between frames, and between windows.
        bands: `mel` sums the bins in HTK mel bands without area norm (paper). `linear` uses the bins.
        mel_bands: Number of bands. `n_fft` / 2 + 1 for linear bands.
        f_min_hz: Lower edge of the lowest band.
        f_max_hz: Upper edge of the highest band.
        floor_power: Lower limit of the power of a band.
        db_divisor: Divisor of the decibels. 10 / ln(10) gives natural logarithms.
        edges: `reflect` centres frames on every hop and reflects the window at its ends (paper). `interior` keeps
            only the frames that are entirely within the window.
        resize: `linear` interpolates with half-pixel centres (paper). `nearest` repeats and skips as torch does.
        height: Rows (bands) of the network input. The bands are resized unless it is `mel_bands`.
        width: Columns (frames) of the network input. The frames are resized unless it is `frames`.

    Raises:
        FeatureError: A value is invalid. The message names it.

    """

    sample_rate_hz: int = 22_500
    window_samples: int = 22_500
    n_fft: int = 2048
    win_samples: int = 2048
    hop_samples: int = 256
    bands: Bands = 'mel'
    mel_bands: int = 256
    f_min_hz: float = 0.0
    f_max_hz: float = 11_250.0
    floor_power: float = 1e-10
    db_divisor: float = 80.0
    edges: Edges = 'reflect'
    resize: Resize = 'linear'
    height: int = 128
    width: int = 128

    def __post_init__(self) -> None:
        """Validate the values."""
        for name, limit in MAX_INTEGERS.items():
            value = getattr(self, name)
            if type(value) is not int or value <= 0:
                msg = f'{name} is {shorten(value)}: give a positive integer.'
                raise FeatureError(msg)
            if value > limit:
                msg = f'{name} is {shorten(value)}: give at most {limit}.'
                raise FeatureError(msg)
        for name in NUMBERS:
            value = getattr(self, name)
            if type(value) not in {int, float} or not math.isfinite(value):
                msg = f'{name} is {shorten(value)}: give a finite number.'
                raise FeatureError(msg)
        for is_valid, name, expected in self._checks():
            if not is_valid:
                msg = f'{name} is {shorten(getattr(self, name))}: give {expected}.'
                raise FeatureError(msg)

    def describe_missing_bandwidth(self, sample_rate_hz: int) -> str:
        """Return a warning if audio of a rate has no sound in the upper bands, or an empty string."""
        if sample_rate_hz / 2 >= USABLE_BANDWIDTH * self.f_max_hz:
            return ''
        return (
            f'Audio at {sample_rate_hz} Hz has no sound above {sample_rate_hz / 2:.0f} Hz, but the features of the '
            f'bundle extend to {self.f_max_hz:.0f} Hz: expect worse images. Record at {math.ceil(2 * self.f_max_hz)} '
            'Hz or more.'
        )

    def _checks(self) -> tuple[tuple[bool, str, str], ...]:
        half_rate_hz = self.sample_rate_hz / 2
        bins, linear = self.n_fft // 2 + 1, self.bands == 'linear'
        return (
            (self.n_fft % 2 == 0, 'n_fft', 'an even number'),
            (self.n_fft <= self.window_samples, 'n_fft', f'at most window_samples ({self.window_samples})'),
            (2 <= self.win_samples <= self.n_fft, 'win_samples', f'2 to n_fft ({self.n_fft})'),
            (self.bands in ('mel', 'linear'), 'bands', "'mel' or 'linear'"),
            (not linear or self.mel_bands == bins, 'mel_bands', f'{bins} (n_fft / 2 + 1) with linear bands'),
            (not linear or self.f_min_hz == 0, 'f_min_hz', '0 with linear bands'),
            (not linear or self.f_max_hz == half_rate_hz, 'f_max_hz', f'{half_rate_hz} with linear bands'),
            (0 <= self.f_min_hz < self.f_max_hz, 'f_min_hz', f'0 or more, and less than f_max_hz ({self.f_max_hz!r})'),
            (self.f_max_hz <= half_rate_hz, 'f_max_hz', f'at most {half_rate_hz} (half of sample_rate_hz)'),
            (self.floor_power >= MIN_POWER, 'floor_power', f'at least {MIN_POWER} (normal in float32)'),
            (self.db_divisor > 0, 'db_divisor', 'a positive number'),
            (self.edges in ('reflect', 'interior'), 'edges', "'reflect' or 'interior'"),
            (self.resize in ('linear', 'nearest'), 'resize', "'linear' or 'nearest'"),
            (self.frames > 0, 'hop_samples', 'a hop with which at least one frame is entirely within the window'),
            (self.frames * self.n_fft <= MAX_ELEMENTS, 'hop_samples', f'at most {MAX_ELEMENTS} samples in all frames'),
            (self.mel_bands * bins <= MAX_ELEMENTS, 'mel_bands', f'at most {MAX_ELEMENTS // bins} with this n_fft'),
        )

    @property
    def silence(self) -> float:
        """Value of the features of silence."""
        return 10.0 * math.log10(self.floor_power) / self.db_divisor

    @property
    def left_edge_frames(self) -> int:
        """Frames that extend beyond the start of the window."""
        return -(-(self.n_fft // 2) // self.hop_samples)

    @property
    def interior_frames(self) -> int:
        """Frames that are entirely within the window, centred on multiples of the hop."""
        last = (self.window_samples - self.n_fft // 2) // self.hop_samples
        return last - self.left_edge_frames + 1

    @property
    def frames(self) -> int:
        """Frames of one window, before the resize."""
        if self.edges == 'interior':
            return self.interior_frames
        return self.window_samples // self.hop_samples + 1

    def input_shape(self, microphones: int) -> tuple[int, ...]:
        """Return the shape (mic, height, width) of the features of an array."""
        return microphones, self.height, self.width

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: object) -> FeatureSpec:
        """Build a specification from plain values.

        Raises:
            FeatureError: A key is unknown or missing, or a value is wrong.

        """
        return from_plain(cls, values, 'Feature specification', FeatureError, complete=True)
