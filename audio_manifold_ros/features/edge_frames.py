# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Edge frames: the frames that extend beyond the ends of a window, where the window is reflected."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio.ring_buffer import RingBuffer
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.features.spec import FeatureSpec


class EdgeFrames:
    """Extracts the edge frames of a window from a ring buffer. Only the samples that they need are reflected.

    Args:
        spec: Definition of the features.
        channels: Channels of the ring buffer.

    """

    def __init__(self, spec: FeatureSpec, channels: int) -> None:
        """Allocate one segment of samples per edge, and the overlapping frames as views on it."""
        self._window_samples = spec.window_samples
        self._half = spec.n_fft // 2
        self.left_frames = spec.left_edge_frames
        self.right_frames = spec.window_samples // spec.hop_samples + 1 - spec.left_edge_frames - spec.interior_frames
        self._left = _segment(spec, channels, self.left_frames)
        self._right = _segment(spec, channels, self.right_frames)
        first_right = (self.left_frames + spec.interior_frames) * spec.hop_samples - self._half
        self._tail = spec.window_samples - first_right

    def extract(self, ring: RingBuffer, window_end: int) -> Samples:
        """Return the frames at the start of the window, then those at its end, float32 (channel, frame, n_fft)."""
        self._fill_left(ring, window_end - self._window_samples)
        if self.right_frames:
            self._fill_right(ring, window_end)
        return np.concatenate((self._left[1], self._right[1]), axis=1)

    def _fill_left(self, ring: RingBuffer, window_start: int) -> None:
        segment, half = self._left[0], self._half
        inside = segment.shape[1] - half
        needed = max(inside, half + 1)
        samples = ring.window(window_start + needed, needed)
        segment[:, :half] = samples[:, half:0:-1]
        segment[:, half:] = samples[:, :inside]

    def _fill_right(self, ring: RingBuffer, window_end: int) -> None:
        segment, tail = self._right[0], self._tail
        beyond = segment.shape[1] - tail
        samples = ring.window(window_end, max(tail, beyond + 1))
        segment[:, :tail] = samples[:, -tail:]
        segment[:, tail:] = samples[:, -2 : -2 - beyond : -1]


def _segment(spec: FeatureSpec, channels: int, frames: int) -> tuple[Samples, Samples]:
    length = (frames - 1) * spec.hop_samples + spec.n_fft if frames else 0
    samples = np.zeros((channels, length), dtype=np.float32)
    return samples, overlapping_frames(samples, frames, spec)


def overlapping_frames(samples: Samples, frames: int, spec: FeatureSpec) -> Samples:
    """Return the first overlapping frames (channel, frame, n_fft) of samples (channel, sample) as a view."""
    channel_stride, sample_stride = samples.strides
    strides = (channel_stride, spec.hop_samples * sample_stride, sample_stride)
    return np.lib.stride_tricks.as_strided(samples, (samples.shape[0], frames, spec.n_fft), strides)
