# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming mel features: the same values as the batch form, computed hop by hop."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.features.banded_matrix import BandedMatrix
from audio_manifold_ros.features.edge_frames import EdgeFrames, overlapping_frames
from audio_manifold_ros.features.interpolation import resize_matrix
from audio_manifold_ros.features.mel_frames import MelFrames
from audio_manifold_ros.features.sliding_windows import HISTORY_WINDOWS
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.features.streaming_features import CHUNK_HOPS, StreamingFeatures

ROW_BLOCK_VALUES = 4096
COLUMN_BLOCK_VALUES = 256


class StreamingMel(StreamingFeatures):
    """Features of every hop-aligned window of a stream, equal to `mel_batch.mel_features` of its samples.

    Frames that are entirely within a window are shared by all windows that contain them. Each is computed once, when
    its last sample arrives, resized along the bands, and kept. Only the frames that extend beyond the ends of a
    window, where the window is reflected, are computed for a prediction.

    Args:
        spec: Definition of the features.
        channels: Channels of the stream.

    Raises:
        FeatureError: `channels` is below one.

    """

    def __init__(self, spec: FeatureSpec, channels: int) -> None:
        """Allocate the buffers."""
        super().__init__(spec, channels, first_frame=spec.left_edge_frames)
        self._spec = spec
        self._channels = channels
        self._mel = MelFrames(spec)
        self._to_rows = _axis_resize_matrix(spec.mel_bands, spec.height, spec, ROW_BLOCK_VALUES)
        self._to_columns = _axis_resize_matrix(spec.frames, spec.width, spec, COLUMN_BLOCK_VALUES)
        self._kept_frames = spec.interior_frames + HISTORY_WINDOWS + CHUNK_HOPS
        self._frames = np.zeros((channels, spec.height, 2 * self._kept_frames), dtype=np.float32)
        self._window = np.zeros((channels, spec.height, spec.frames), dtype=np.float32)
        self._edges = EdgeFrames(spec, channels) if spec.edges == 'reflect' else None
        self._leading_frames = self._edges.left_frames if self._edges else 0

    def features(self, window_end: int) -> Samples:
        """Return float32 (channel, height, width) (see `StreamingFeatures`)."""
        spec, frames = self._spec, self._window
        slot = (self._windows.index(window_end) + spec.left_edge_frames) % self._kept_frames
        interior = slice(self._leading_frames, self._leading_frames + spec.interior_frames)
        frames[:, :, interior] = self._frames[:, :, slot : slot + spec.interior_frames]
        if self._edges:
            rows = self._rows(self._edges.extract(self._windows.ring, window_end))
            frames[:, :, : interior.start] = rows[:, :, : interior.start]
            frames[:, :, interior.stop :] = rows[:, :, interior.start :]
        if self._to_columns is None:
            return frames.copy()
        result = np.empty((self._channels, spec.height, spec.width), dtype=np.float32)
        self._to_columns.product(frames.reshape(-1, spec.frames), out=result.reshape(-1, spec.width))
        return result

    def _compute_frames(self) -> None:
        spec, half = self._spec, self._spec.n_fft // 2
        ring, first = self._windows.ring, self._windows.first_window_start
        count = 0 if first is None else (ring.end_sample - first - half) // spec.hop_samples + 1 - self._next_frame
        if first is None or count <= 0:
            return
        length = (count - 1) * spec.hop_samples + spec.n_fft
        start = first + self._next_frame * spec.hop_samples - half
        rows = self._rows(overlapping_frames(ring.window(start + length, length), count, spec))
        for frame in range(count):
            slot = (self._next_frame + frame) % self._kept_frames
            self._frames[:, :, slot] = self._frames[:, :, slot + self._kept_frames] = rows[:, :, frame]
        self._next_frame += count

    def _rows(self, frames: Samples) -> Samples:
        """Return levels resized along the bands, (channel, height, frame), of frames (channel, frame, n_fft)."""
        levels = self._mel.levels(frames.reshape(-1, self._spec.n_fft))
        rows = self._to_rows.product(levels) if self._to_rows else levels
        return rows.reshape(self._channels, -1, self._spec.height).transpose(0, 2, 1)


def _axis_resize_matrix(size: int, new_size: int, spec: FeatureSpec, block_values: int) -> BandedMatrix | None:
    """Return the matrix that resizes an axis, None if its size does not change."""
    return None if size == new_size else BandedMatrix(resize_matrix(size, new_size, spec.resize), block_values)
