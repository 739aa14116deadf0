# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counters and state of a pipeline, for diagnostics and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_manifold_ros.audio.microphone_health import Fault


@dataclass
class PredictionCounts:
    """Predictions that were due, by what became of them.

    Attributes:
        predicted: Windows predicted from.
        late: Predictions that were late by less than one period, and were made from a newer window.
        skipped: Predictions that were due while no window was complete: warm-up and gaps.
        dropped: Predictions that were late by a period or more, or too old when they were made.
        withheld: Predictions that were due but not made, because of faulty microphones.

    """

    predicted: int = 0
    late: int = 0
    skipped: int = 0
    dropped: int = 0
    withheld: int = 0


@dataclass(frozen=True)
class PipelineStatus:
    """State of a pipeline and its counters since it was created.

    Attributes:
        predicted: See `PredictionCounts`.
        late: See `PredictionCounts`.
        skipped: See `PredictionCounts`.
        dropped: See `PredictionCounts`.
        gaps: Places where samples were missing, rejected or not finite.
        samples_lost: Missing samples, at the rate of the source.
        window_ready: A window without a gap is complete.
        drift_ppm: Deviation of the device's sample clock from its nominal rate. Positive is fast.
        preprocessing_s: Time that the last block took: channel order, resampling, frames of the spectrogram.
        withheld: See `PredictionCounts`.
        faults: Name and fault of each faulty microphone.
        masked: Names of microphones that are replaced by silence, or left out of spatial features.
        substitutes: Name of each replaced microphone, and of the neighbour that replaces it.
        stopped: No predictions are made, because of faulty microphones.
        stop_reason: Why, if too few microphones work. Otherwise empty.
        limited: The computer does not sustain the requested rate. `dropped` counts the difference.
        distance_ratio: Median of `Prediction.distance_ratio` over the last predictions. More than 1 is unlike anything
            the bundle was trained on. None if that is unknown.
        mixed_channels: Which microphones are mixes of others, and what to do. Empty without any.
        bandwidth_warning: What the source lacks for the features of the bundle, or an empty string.

    """

    predicted: int = 0
    late: int = 0
    skipped: int = 0
    dropped: int = 0
    gaps: int = 0
    samples_lost: int = 0
    window_ready: bool = False
    drift_ppm: float = 0.0
    preprocessing_s: float = 0.0
    withheld: int = 0
    faults: tuple[tuple[str, Fault], ...] = ()
    masked: tuple[str, ...] = ()
    substitutes: tuple[tuple[str, str], ...] = ()
    stopped: bool = False
    stop_reason: str = ''
    limited: bool = False
    distance_ratio: float | None = None
    mixed_channels: str = ''
    bandwidth_warning: str = ''
