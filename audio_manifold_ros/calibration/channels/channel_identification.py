# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Channel identification: assigns device channels to microphones from taps, or speech, at one microphone at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audio_manifold_ros.calibration.channels.cross_spectra import frame_length, iterate_spectra
from audio_manifold_ros.common.array_types import FloatArray, Samples

FRAME_S = 0.08
BAND_HZ = (300.0, 6000.0)
# A channel responds where its rise over its usual level leads the array median, and the second loudest, by these.
MIN_LEAD_DB, MIN_MARGIN_DB = 5.0, 2.5
MIN_FRAMES = 3
SPAN_PERCENTILES = (20, 80)


@dataclass(frozen=True)
class TapEvent:
    """Response of one channel to the taps at its microphone.

    Attributes:
        channel: Device channel.
        start_s: Time before which 20 % of the response lie.
        end_s: Time after which 20 % of the response lie.
        lead_db: Median lead over the middle of the array. All channels are measured against their usual level.

    """

    channel: int
    start_s: float
    end_s: float
    lead_db: float


@dataclass(frozen=True)
class ChannelOrder:
    """Device channels in the order of their taps.

    Attributes:
        tap_events: Responses in order of time.
        silent: Channels without a response.
        overlapping: Pairs of channels that respond at the same time.
        lead_db: Lead of each channel over the middle of the array (channel, frame), for a chart.
        times_s: Time of each frame (frame,).

    """

    tap_events: tuple[TapEvent, ...]
    silent: tuple[int, ...]
    overlapping: tuple[tuple[int, int], ...]
    lead_db: FloatArray
    times_s: FloatArray


def identify_channels(samples: Samples, sample_rate_hz: int) -> ChannelOrder:
    """Find the time span in which each channel is louder than all others.

    Each channel is compared with its own median level. Gains and noise therefore cancel out, and so do passing cars,
    which are louder on all channels.

    Args:
        samples: Raw float32 (device channel, n).
        sample_rate_hz: Sample rate.

    Raises:
        CalibrationError: The recording is shorter than a frame.

    """
    frame = frame_length(FRAME_S, sample_rate_hz)
    level_db = _levels_db(samples, sample_rate_hz, frame)
    above_db = level_db - np.median(level_db, axis=1, keepdims=True)
    lead_db = above_db - np.median(above_db, axis=0)
    ordered = np.sort(lead_db, axis=0)
    second = ordered[-2] if len(samples) > 1 else np.zeros(lead_db.shape[1])
    clear = (ordered[-1] > MIN_LEAD_DB) & (ordered[-1] - second > MIN_MARGIN_DB)
    loudest = lead_db.argmax(axis=0)
    times_s = (np.arange(lead_db.shape[1]) + 1) * (frame / 2) / sample_rate_hz
    tap_events = []
    for channel in range(len(samples)):
        frames = np.flatnonzero(clear & (loudest == channel))
        if len(frames) >= MIN_FRAMES:
            start_s, end_s = np.percentile(times_s[frames], SPAN_PERCENTILES)
            tap_events.append(
                TapEvent(channel, float(start_s), float(end_s), float(np.median(lead_db[channel, frames])))
            )
    tap_events.sort(key=lambda event: event.start_s + event.end_s)
    silent = set(range(len(samples))) - {event.channel for event in tap_events}
    overlapping = tuple((a.channel, b.channel) for a, b in pairwise(tap_events) if b.start_s < a.end_s)
    return ChannelOrder(tuple(tap_events), tuple(sorted(silent)), overlapping, lead_db, times_s)


def _levels_db(samples: Samples, sample_rate_hz: int, frame: int) -> FloatArray:
    """Return the level in the band (channel, frame)."""
    frequencies_hz = np.arange(frame // 2 + 1) * sample_rate_hz / frame
    inside = (frequencies_hz >= BAND_HZ[0]) & (frequencies_hz < BAND_HZ[1])
    parts = [
        (np.abs(spectra[:, :, inside]) ** 2).sum(axis=2, dtype=np.float64)
        for spectra in iterate_spectra(samples, frame)
    ]
    return np.asarray(10 * np.log10(np.concatenate(parts, axis=1) + 1e-9))
