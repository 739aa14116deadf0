# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial features of complete windows, for datasets and as the reference of the streaming form."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.echo_map import EchoMap, mean_map
from audio_manifold_ros.features.spatial_frames import SpatialFrames

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Mask, Samples
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Each array has about 3 MB of weights.
KEPT_ARRAYS = 8


class SpatialMaps:
    """The three maps of windows of the active microphones of one array. One thread uses an instance.

    Args:
        spec: Definition of the features.
        positions_m: (mic, 3) of the active microphones.
        azimuths_rad: (azimuth,) of the steered map.

    Raises:
        FeatureError: The number of azimuths is not that of the specification.

    """

    def __init__(self, spec: SpatialFeatureSpec, positions_m: FloatArray, azimuths_rad: FloatArray) -> None:
        """Compute the weights."""
        if len(azimuths_rad) != spec.azimuths:
            msg = f'The geometry has {len(azimuths_rad)} azimuths: give {spec.azimuths}, those of the specification.'
            raise FeatureError(msg)
        self.spec = spec
        self.frames = SpatialFrames(spec, positions_m, azimuths_rad)
        self.echo = EchoMap(spec, positions_m)

    def features(self, samples: Samples) -> Samples:
        """Return the features float32 (size,) of a window float32 (mic, window_samples) of the active microphones."""
        spec = self.spec
        echoes = [
            self.echo.map(np.ascontiguousarray(samples[:, first : first + spec.echo_samples]))
            for first in spec.echo_starts
        ]
        return self.pack(self.frames.maps(window_frames(samples, spec)), mean_map(echoes))

    def pack(self, frames: Samples, echo: Samples) -> Samples:
        """Return the packed vector (size,).

        Args:
            frames: Level and steered map (frame, value), as `SpatialFrames` returns them.
            echo: Echo map (azimuth, lag).

        """
        spec = self.spec
        out = np.empty(spec.size, dtype=np.float32)
        values = frames.shape[1] * spec.frames
        out[:values].reshape(-1, spec.frames)[:] = frames.T
        out[values:] = echo.reshape(-1)
        return out


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.maps: OrderedDict[tuple[SpatialFeatureSpec, bytes, bytes], SpatialMaps] = OrderedDict()


_per_thread = _PerThread()


def spatial_features(
    samples: Samples, geometry: ArrayGeometry, spec: SpatialFeatureSpec, active: Mask | None = None
) -> Samples:
    """Return the three maps of windows as packed vectors.

    Args:
        samples: float32 (…, mic, window_samples), full scale ±1, with the inactive microphones of the geometry.
        geometry: Positions of the microphones and azimuths.
        spec: Definition of the features.
        active: bool (mic,), False for a microphone that is left out. None leaves out only those that are inactive in
            the geometry.

    Returns:
        float32 (…, size): level and steered map in decibels, echo map from 0 to 1. `spec.blocks` has their places.

    Raises:
        FeatureError: The windows have another shape, or no microphone is active.

    """
    used = geometry.with_active(active)
    check_windows(samples.shape, geometry.microphones, spec)
    maps = _maps(geometry, spec, used)
    windows = np.asarray(samples, dtype=np.float32).reshape(-1, *samples.shape[-2:])
    out = np.empty((len(windows), spec.size), dtype=np.float32)
    for i, window in enumerate(windows):
        out[i] = maps.features(active_samples(window, used))
    return out.reshape(*samples.shape[:-2], spec.size)


def check_windows(shape: tuple[int, ...], microphones: int, spec: SpatialFeatureSpec) -> None:
    """Refuse windows that are not (…, mic, window_samples).

    Raises:
        FeatureError: The shape is another.

    """
    if len(shape) < 2 or shape[-2:] != (microphones, spec.window_samples):
        msg = (
            f'Windows of shape {tuple(shape)!r}: give (…, {microphones}, {spec.window_samples}) (mic, window_samples).'
        )
        raise FeatureError(msg)


def active_samples(samples: Samples, active: Mask) -> Samples:
    """Return the samples (mic, sample) of the active microphones, without a copy if all are active."""
    return samples if active.all() else samples[active]


def window_frames(samples: Samples, spec: SpatialFeatureSpec) -> Samples:
    """Return the overlapping frames (mic, frame, n_fft) of a window (mic, window_samples) as a read-only view."""
    used = samples[:, spec.first_frame_sample :]
    return np.lib.stride_tricks.sliding_window_view(used, spec.n_fft, axis=1)[:, :: spec.frame_hop_samples]


def _maps(geometry: ArrayGeometry, spec: SpatialFeatureSpec, active: Mask) -> SpatialMaps:
    """Return the calling thread's instance for a geometry."""
    kept, key = _per_thread.maps, (spec, geometry.key, active.tobytes())
    if key not in kept:
        kept[key] = SpatialMaps(spec, geometry.positions_m[active], geometry.azimuths_rad)
        if len(kept) > KEPT_ARRAYS:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]
