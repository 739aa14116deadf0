# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming spatial features: the same values as the batch form, computed hop by hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.echo_map import mean_map
from audio_manifold_ros.features.sliding_windows import HISTORY_WINDOWS
from audio_manifold_ros.features.spatial_batch import SpatialMaps, active_samples
from audio_manifold_ros.features.streaming_features import CHUNK_HOPS, StreamingFeatures

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Mask, Samples
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec


class StreamingSpatialFeatures(StreamingFeatures):
    """Spatial features of every hop-aligned window of a stream, equal to `spatial_features` of its samples.

    Level and steered map of a frame are computed once, when its last sample arrives. They are shared by all windows
    that contain the frame. The echo map of a segment is computed when a window that is asked for needs it, and kept for
    later windows.

    The active microphones are those of the latest `set_active`, for every window, also for samples that arrived before
    the call. Frames that were computed with other microphones are computed again from the kept samples when a window
    needs them.

    Args:
        spec: Definition of the features.
        geometry: Geometry of the array, one microphone per channel of the stream.

    Raises:
        FeatureError: The number of azimuths of the geometry is not that of the specification.

    """

    def __init__(self, spec: SpatialFeatureSpec, geometry: ArrayGeometry) -> None:
        """Allocate the buffers."""
        super().__init__(spec, geometry.microphones, first_frame=0)
        self._spec, self._geometry = spec, geometry
        self._active = geometry.with_active(None)
        self._maps = self._maps_of(self._active)
        hops_per_frame = spec.frame_hop_samples // spec.hop_samples
        self._offsets = hops_per_frame * np.arange(spec.frames)
        self._kept_frames = int(self._offsets[-1]) + 1 + HISTORY_WINDOWS + CHUNK_HOPS
        self._frames = np.zeros((self._kept_frames, self._maps.frames.values), dtype=np.float32)
        self._samples = np.zeros((geometry.microphones, spec.echo_samples), dtype=np.float32)
        # Echo maps of segments by the sample at which they end.
        self._echoes: dict[int, Samples] = {}
        self._is_current = np.zeros(self._kept_frames, dtype=bool)

    @property
    def active(self) -> Mask:
        """Microphones that are used, bool (mic,)."""
        return self._active.copy()

    def set_active(self, active: Mask) -> None:
        """Choose the microphones that are used from now on, for all windows.

        Args:
            active: bool (mic,). Microphones that are inactive in the geometry stay left out.

        Raises:
            FeatureError: The mask has another shape or type, or no microphone is left. Nothing is changed.

        """
        used = self._geometry.with_active(active)
        if not np.array_equal(used, self._active):
            self._maps = self._maps_of(used)
            self._active = used
            self._is_current[:] = False
            self._echoes.clear()

    def reset(self) -> None:
        """Drop the stream (see `StreamingFeatures`)."""
        super().reset()
        self._echoes.clear()

    def features(self, window_end: int) -> Samples:
        """Return float32 (size,) (see `StreamingFeatures`)."""
        spec = self._spec
        first = self._windows.index(window_end)
        first_sample = window_end - spec.window_samples + spec.first_frame_sample
        slots = (first + self._offsets) % self._kept_frames
        for offset in self._offsets[~self._is_current[slots]]:
            self._compute(first + int(offset), first_sample + int(offset) * spec.hop_samples)
        first_end = window_end - spec.echo_starts[-1]
        echoes = [self._echo(first_end + start) for start in spec.echo_starts]
        # Windows of the history may still need maps that are a little older.
        oldest_end = first_end - HISTORY_WINDOWS * spec.hop_samples
        self._echoes = {end: echo for end, echo in self._echoes.items() if end >= oldest_end}
        return self._maps.pack(self._frames[slots], mean_map(echoes))

    def _echo(self, end: int) -> Samples:
        """Return the echo map of the segment that ends before a sample."""
        if end not in self._echoes:
            self._windows.ring.window(end, self._spec.echo_samples, self._samples)
            self._echoes[end] = self._maps.echo.map(active_samples(self._samples, self._active))
        return self._echoes[end]

    def _maps_of(self, active: Mask) -> SpatialMaps:
        return SpatialMaps(self._spec, self._geometry.positions_m[active], self._geometry.azimuths_rad)

    def _compute_frames(self) -> None:
        """Compute the frames whose last sample has arrived."""
        spec, first = self._spec, self._windows.first_window_start
        if first is not None:
            end = (self._windows.ring.end_sample - first - spec.first_frame_sample - spec.n_fft) // spec.hop_samples + 1
            for frame in range(self._next_frame, end):
                self._compute(frame, first + spec.first_frame_sample + frame * spec.hop_samples)
            self._next_frame = max(self._next_frame, end)

    def _compute(self, frame: int, first_sample: int) -> None:
        """Compute level and steered map of a frame. Frames are counted from the first window of the run."""
        samples = self._windows.ring.window(first_sample + self._spec.n_fft, self._spec.n_fft)
        slot = frame % self._kept_frames
        self._frames[slot] = self._maps.frames.maps(active_samples(samples, self._active)[:, None])[0]
        self._is_current[slot] = True
