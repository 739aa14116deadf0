# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Definition of the spatial features, stored in every bundle that uses them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.common.schema import ADDED, from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten

# A specification comes with a bundle. The limits bound the memory of its windows, frames and steering weights.
MAX_INTEGERS = {
    'sample_rate_hz': 1_000_000,
    'window_samples': 1 << 24,
    'n_fft': 1 << 17,
    'frame_hop_samples': 1 << 24,
    'hop_samples': 1 << 24,
    'frames': 4096,
    'image_columns': 1024,
    'other_azimuths': 1024,
    'mel_bands': 4096,
    'echo_azimuths': 360,
    'echo_segments': 64,
    'echo_step_samples': 1 << 24,
}
MAX_ELEMENTS = 1 << 26
MAX_STEERED = 1 << 22
MAX_STEERED_BANDS = 64
# Lower rates leave some milliseconds of lag without a sample of their own.
MIN_SAMPLE_RATE_HZ = 4000
# 22.05 kHz for bands up to 11.25 kHz is no loss: the upper end of a band carries little.
USABLE_BANDWIDTH = 0.95


@dataclass(frozen=True)
class SpatialFeatureSpec:
    """Definition of three maps of a window of audio that need only the positions of the microphones.

    The level map is the mean power of the microphones in mel bands. The steered map is the power of a delay-and-sum
    beam in each azimuth, per frequency band and frame. The echo map is the correlation of the array's mean signal with
    a beam in each azimuth, per lag. The network input is one vector: level, steered, echo, each in C order.

    Attributes:
        sample_rate_hz: Rate of the audio.
        window_samples: Length of the window.
        n_fft: Length of the frames, of their periodic Hann window and of their Fourier transform.
        frame_hop_samples: Distance between frames. A multiple of `hop_samples`.
        hop_samples: Distance between windows.
        frames: Frames of a window. The last one ends with the window.
        image_columns: Steered azimuths in the image, at the centres of equal groups of its columns, left to right.
        other_azimuths: Steered azimuths on the rest of the circle, from the right edge of the image to its left edge.
        band_edges_hz: Edges of the bands of the steered map.
        thin_above_hz: Bands that start here or above use every second bin.
        whitening: Exponent of the level by which the steered spectra are divided. 0 keeps them, 1 is PHAT.
        mel_bands: Bands of the level map, from 0 Hz to half the sample rate.
        echo_azimuths: Azimuths of the echo map. Row i is at -pi + 2 pi i / `echo_azimuths`.
        echo_band_hz: Frequencies of the echo map.
        echo_whitening: Exponent of the levels by which the cross-spectra of the echo map are divided. 1 is PHAT.
        echo_lags_ms: First lag of the echo map, and the lag after its last one.
        echo_segments: Segments of the window whose echo maps are averaged. The last one ends with the window.
        echo_step_samples: Distance between segments. A multiple of `hop_samples`.

    Raises:
        FeatureError: A value is invalid. The message names it.

    """

    KIND: ClassVar[str] = 'spatial'

    sample_rate_hz: int = 22_500
    window_samples: int = 22_500
    n_fft: int = 2048
    frame_hop_samples: int = 1024
    hop_samples: int = 256
    frames: int = 20
    image_columns: int = 48
    other_azimuths: int = 16
    band_edges_hz: tuple[float, ...] = (120.0, 350.0, 700.0, 1200.0, 2000.0, 3200.0, 5000.0)
    thin_above_hz: float = 1200.0
    whitening: float = 0.6
    mel_bands: int = 64
    echo_azimuths: int = 16
    echo_band_hz: tuple[float, float] = (200.0, 4000.0)
    echo_whitening: float = field(default=1.0, metadata=ADDED)
    echo_lags_ms: tuple[int, int] = (8, 96)
    echo_segments: int = field(default=1, metadata=ADDED)
    echo_step_samples: int = field(default=6144, metadata=ADDED)

    def __post_init__(self) -> None:
        """Validate the values."""
        self._check_types()
        for is_valid, name, expected in self._checks():
            if not is_valid:
                raise self._error(name, expected)

    @property
    def azimuths(self) -> int:
        """Azimuths of the steered map."""
        return self.image_columns + self.other_azimuths

    @property
    def steered_bands(self) -> int:
        """Bands of the steered map."""
        return len(self.band_edges_hz) - 1

    @property
    def level_shape(self) -> tuple[int, int]:
        """Shape (mel_band, frame) of the level map."""
        return self.mel_bands, self.frames

    @property
    def steered_shape(self) -> tuple[int, int, int]:
        """Shape (band, azimuth, frame) of the steered map."""
        return self.steered_bands, self.azimuths, self.frames

    @property
    def echo_shape(self) -> tuple[int, int]:
        """Shape (azimuth, lag) of the echo map."""
        return self.echo_azimuths, self.echo_lags_ms[1] - self.echo_lags_ms[0]

    @property
    def echo_samples(self) -> int:
        """Length of a segment of the echo map."""
        return self.window_samples - (self.echo_segments - 1) * self.echo_step_samples

    @property
    def echo_starts(self) -> range:
        """First samples of the segments of the echo map."""
        return range(0, self.echo_segments * self.echo_step_samples, self.echo_step_samples)

    @property
    def size(self) -> int:
        """Values of the packed vector."""
        return sum(math.prod(shape) for shape in self._shapes.values())

    @property
    def blocks(self) -> Mapping[str, tuple[slice, tuple[int, ...]]]:
        """Place in the packed vector and shape of each map, by name."""
        blocks, first = {}, 0
        for name, shape in self._shapes.items():
            last = first + math.prod(shape)
            blocks[name] = (slice(first, last), shape)
            first = last
        return blocks

    @property
    def first_frame_sample(self) -> int:
        """Samples of the window before its first frame."""
        return self.window_samples - self.n_fft - (self.frames - 1) * self.frame_hop_samples

    def describe_echoes(self) -> str:
        """Return the azimuths, lags and segments of the echo map in a few words."""
        first_ms, end_ms = self.echo_lags_ms
        text = f'echoes from {self.echo_azimuths} azimuths after {first_ms} to {end_ms} ms'
        if self.echo_segments == 1:
            return text
        return f'{text}, mean of {self.echo_segments} segments of {self.echo_samples / self.sample_rate_hz:.3g} s'

    def describe_missing_bandwidth(self, sample_rate_hz: int) -> str:
        """Return a warning if audio of a rate has no sound in the upper bands, or an empty string."""
        half_rate_hz = self.sample_rate_hz / 2
        if sample_rate_hz / 2 >= USABLE_BANDWIDTH * half_rate_hz:
            return ''
        return (
            f'Audio at {sample_rate_hz} Hz has no sound above {sample_rate_hz / 2:.0f} Hz, but the features of the '
            f'bundle extend to {half_rate_hz:.0f} Hz: expect worse images. Record at {self.sample_rate_hz} Hz or more.'
        )

    def input_shape(self, _microphones: int) -> tuple[int, ...]:
        """Return the shape (size,) of the features, which does not depend on the number of microphones."""
        return (self.size,)

    def to_dict(self) -> Mapping[str, object]:
        """Return the kind and the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: object) -> SpatialFeatureSpec:
        """Build a specification from plain values, with the kind or without it.

        Raises:
            FeatureError: A key is unknown or missing, or a value is wrong.

        """
        return from_plain(cls, values, 'Feature specification', FeatureError, complete=True)

    @property
    def _shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {'level': self.level_shape, 'steered': self.steered_shape, 'echo': self.echo_shape}

    def _error(self, name: str, expected: str) -> FeatureError:
        return FeatureError(f'{name} is {shorten(getattr(self, name))}: give {expected}.')

    def _check_types(self) -> None:
        for name, limit in MAX_INTEGERS.items():
            value = getattr(self, name)
            if type(value) is not int or not 0 < value <= limit:
                raise self._error(name, f'an integer from 1 to {limit}')
        for name in ('thin_above_hz', 'whitening', 'echo_whitening'):
            if not _is_number(getattr(self, name)):
                raise self._error(name, 'a finite number')
        for name, counts in (('band_edges_hz', range(2, MAX_STEERED_BANDS + 2)), ('echo_band_hz', (2,))):
            values = getattr(self, name)
            if type(values) is not tuple or len(values) not in counts or not all(map(_is_number, values)):
                raise self._error(name, f'{counts[0]} to {counts[-1]} finite numbers')
        name, lags = 'echo_lags_ms', self.echo_lags_ms
        if type(lags) is not tuple or len(lags) != 2 or not all(type(lag) is int for lag in lags):
            raise self._error(name, '2 integers')

    def _checks(self) -> Iterator[tuple[bool, str, str]]:
        rate_hz, window, bins = self.sample_rate_hz, self.window_samples, self.n_fft // 2 + 1
        segment = self.echo_samples
        yield segment > 0, 'echo_segments', f'segments that fit into window_samples ({window})'
        half_rate_hz, bin_hz, segment_hz = rate_hz / 2, rate_hz / self.n_fft, rate_hz / segment
        edges, echo, lags = self.band_edges_hz, self.echo_band_hz, self.echo_lags_ms
        max_lag_ms = 500 * segment // rate_hz
        hop = self.hop_samples
        yield rate_hz >= MIN_SAMPLE_RATE_HZ, 'sample_rate_hz', f'at least {MIN_SAMPLE_RATE_HZ}'
        yield self.n_fft % 2 == 0, 'n_fft', 'an even number'
        yield self.frame_hop_samples % hop == 0, 'frame_hop_samples', f'a multiple of hop_samples ({hop})'
        is_aligned = self.echo_segments == 1 or self.echo_step_samples % hop == 0
        yield is_aligned, 'echo_step_samples', f'a multiple of hop_samples ({hop})'
        yield self.first_frame_sample >= 0, 'frames', f'frames that fit into window_samples ({window})'
        yield self.frames * self.n_fft <= MAX_ELEMENTS, 'frames', f'at most {MAX_ELEMENTS // self.n_fft}'
        yield self.mel_bands * bins <= MAX_ELEMENTS, 'mel_bands', f'at most {MAX_ELEMENTS // bins} with this n_fft'
        yield bins * self.azimuths <= MAX_STEERED, 'image_columns', f'at most {MAX_STEERED // bins} azimuths in total'
        yield edges[0] >= 0 and edges[-1] <= half_rate_hz, 'band_edges_hz', f'edges from 0 to {half_rate_hz}'
        wide = all(high - low >= 2 * bin_hz for low, high in pairwise(edges))
        yield wide, 'band_edges_hz', f'edges that ascend by at least {2 * bin_hz:.4g} Hz (two bins)'
        yield 0 <= self.whitening <= 1, 'whitening', '0 to 1'
        yield 0 <= self.echo_whitening <= 1, 'echo_whitening', '0 to 1'
        inside = echo[0] >= 0 and echo[1] <= half_rate_hz and echo[1] - echo[0] >= 2 * segment_hz
        yield inside, 'echo_band_hz', f'two ascending frequencies from 0 to {half_rate_hz}'
        yield 0 <= lags[0] < lags[1] <= max_lag_ms, 'echo_lags_ms', f'two ascending lags from 0 to {max_lag_ms}'
        yield self.echo_azimuths * segment <= MAX_ELEMENTS, 'echo_azimuths', f'at most {MAX_ELEMENTS // segment}'


def _is_number(value: object) -> bool:
    return type(value) in {int, float} and math.isfinite(value)  # type: ignore[arg-type]  # checked before
