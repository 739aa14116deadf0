# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which channel belongs to which microphone: somebody taps, or speaks at, each microphone in turn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audio_manifold_ros.calibration.channels.cross_spectra import iterate_spectra
from audio_manifold_ros.common.array_types import FloatArray, Samples

FRAME_S = 0.08
BAND_HZ = (300.0, 6000.0)
# A channel answers where it is this much louder than usual, against the others, and against the second loudest.
MIN_LEAD_DB, MIN_MARGIN_DB = 5.0, 2.5
MIN_FRAMES = 3
SPAN_PERCENTILES = (20, 80)


@dataclass(frozen=True)
class TapEvent:
    """One channel.

    Attributes:
        channel: Of the device.
        start_s: When it began to be the loudest; a fifth of its answer lies before.
        end_s: When it ended to be that; a fifth lies behind.
        lead_db: How far it was over the middle of the array meanwhile, each against its usual level.

    """

    channel: int
    start_s: float
    end_s: float
    lead_db: float


@dataclass(frozen=True)
class ChannelOrder:
    """The result.

    Attributes:
        tap_events: Channels that answered, in order of time.
        silent: Channels that never did.
        overlapping: Pairs of channels that answered at the same time.
        lead_db: Course of every channel against the middle of the array (channel, frame), for a picture.
        times_s: Of these (frame,).

    """

    tap_events: tuple[TapEvent, ...]
    silent: tuple[int, ...]
    overlapping: tuple[tuple[int, int], ...]
    lead_db: FloatArray
    times_s: FloatArray


def identify_channels(samples: Samples, sample_rate_hz: int) -> ChannelOrder:
    """Find when each channel is louder than all others.

    Every channel is compared with its own median level, so that neither gains nor noise nor a passing car count: a car
    is louder on all of them.

    Args:
        samples: Raw float32 (device channel, n).
        sample_rate_hz: Rate.

    Raises:
        CalibrationError: There is less than a frame of sound.

    """
    frame = 1 << (round(FRAME_S * sample_rate_hz) - 1).bit_length()
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
    tap_events.sort(key=lambda answer: answer.start_s + answer.end_s)
    silent = set(range(len(samples))) - {answer.channel for answer in tap_events}
    overlapping = tuple((a.channel, b.channel) for a, b in pairwise(tap_events) if b.start_s < a.end_s)
    return ChannelOrder(tuple(tap_events), tuple(sorted(silent)), overlapping, lead_db, times_s)


def _levels_db(samples: Samples, sample_rate_hz: int, frame: int) -> FloatArray:
    """Return the level of the band (channel, frame)."""
    frequencies_hz = np.arange(frame // 2 + 1) * sample_rate_hz / frame
    inside = (frequencies_hz >= BAND_HZ[0]) & (frequencies_hz < BAND_HZ[1])
    parts = [
        (np.abs(spectra[:, :, inside]) ** 2).sum(axis=2, dtype=np.float64)
        for spectra in iterate_spectra(samples, frame)
    ]
    return np.asarray(10 * np.log10(np.concatenate(parts, axis=1) + 1e-9))
