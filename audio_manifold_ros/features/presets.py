# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Feature specifications of other systems. The defaults of `FeatureSpec` are those of the paper."""

from __future__ import annotations

import math

from audio_manifold_ros.features.spec import FeatureSpec

OMNINET_N_FFT = 512
OMNINET_HOP_SAMPLES = 160
NATURAL_LOGARITHM = 10.0 / math.log(10.0)


def omninet_features(sample_rate_hz: int = 48_000, window_samples: int = 96_000) -> FeatureSpec:
    """Return the features of Vasudevan et al. 2020 ("OmniNet"): natural logarithm of a linear power spectrum.

    Frames of 400 samples in transforms of 512, every 160 samples at any rate, 257 bins, power at least 1e-5, no
    resizing. The defaults are the published rate and window: 257 × 601. The level normalisation of the paper, a
    constant gain per track, is set in the rig. For the 24-bit tracks of OAP it is 25.6 / (the RMS of the track in
    units of 2^-15), between 0.47 and 0.65.

    Raises:
        FeatureError: The window is shorter than a transform, or a value is invalid.

    """
    bins = OMNINET_N_FFT // 2 + 1
    return FeatureSpec(
        sample_rate_hz=sample_rate_hz,
        window_samples=window_samples,
        n_fft=OMNINET_N_FFT,
        win_samples=400,
        hop_samples=OMNINET_HOP_SAMPLES,
        bands='linear',
        mel_bands=bins,
        f_max_hz=sample_rate_hz / 2,
        floor_power=1e-5,
        db_divisor=NATURAL_LOGARITHM,
        height=bins,
        width=window_samples // OMNINET_HOP_SAMPLES + 1,
    )


def reference_features() -> FeatureSpec:
    """Return the features of the published code on OAP: 22,050 Hz, 87 frames, and the nearest pixel on resizing.

    That code resizes 256 bands to 128 by taking every second one, so half of the bands never reach the network. Its
    processing of MAVD, which applies mel filters for 16 kHz to a spectrogram, is not reproduced.
    """
    return FeatureSpec(sample_rate_hz=22_050, window_samples=22_050, f_max_hz=11_025.0, resize='nearest')
