# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Microphones whose signal is not related to that of the others, found by the coherence of low frequencies.

Microphones of an array receive the same low frequencies from almost the same place, so that each is coherent with its
neighbours. A broken capsule, a channel of another device and a channel that is out of step are not, whatever their
level. Wind at the capsules lowers the coherence of all microphones. Nothing is reported then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELATED_BAND_HZ = (80, 600)
# Partners of a microphone whose coherence counts.
PARTNERS = 2
# Without this coherence of most microphones, which is the case in wind, none can be called unrelated.
MIN_ARRAY_COHERENCE = 0.25
# Share of the coherence of most microphones, over the second that is compared. Gusts at single capsules bring a healthy
# microphone near it, and the bench `health` states how near. Over shorter times the two are closer together.
MAX_RELATIVE_COHERENCE = 0.25
MIN_POWER = 1e-18


def normalize_spectra(spectra: NDArray[np.complexfloating]) -> NDArray[np.complexfloating]:
    """Return spectra (mic, bin) divided by the median level of the microphones, so that loud frames do not dominate."""
    level = np.sqrt(np.median(spectra.real**2 + spectra.imag**2, axis=0) + MIN_POWER)
    return np.asarray(spectra / level)


def partner_coherence(spectra: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Return the mean squared coherence (mic,) of each microphone with its most related partners.

    Args:
        spectra: Normalised spectra (frame, mic, bin) of consecutive frames.

    """
    by_bin = spectra.transpose(2, 1, 0)
    cross = by_bin @ by_bin.conj().transpose(0, 2, 1)
    powers = np.einsum('kmm->km', cross).real + MIN_POWER
    squared = (cross.real**2 + cross.imag**2) / (powers[:, :, None] * powers[:, None])
    coherence = np.asarray(squared.mean(axis=0), dtype=np.float64)
    np.fill_diagonal(coherence, 0.0)
    partners = min(PARTNERS, len(coherence) - 1)
    return np.asarray(np.sort(coherence, axis=1)[:, -partners:].mean(axis=1))


def relative_coherence(spectra: NDArray[np.complexfloating]) -> NDArray[np.float64] | None:
    """Return the coherence of each microphone with its partners, divided by that of most microphones (mic,).

    Args:
        spectra: Normalised spectra (frame, mic, bin) of consecutive frames.

    Returns:
        None if most microphones have too little coherence for a comparison.

    """
    coherence = partner_coherence(spectra)
    usual = float(np.median(coherence))
    return coherence / usual if usual >= MIN_ARRAY_COHERENCE else None


def find_unrelated(spectra: NDArray[np.complexfloating], reference: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which microphones (mic,) are not related to the others.

    Args:
        spectra: Normalised spectra (frame, mic, bin) of consecutive frames.
        reference: Microphones that are compared (mic,), at least two.

    """
    relative = relative_coherence(spectra[:, reference])
    unrelated = np.zeros_like(reference)
    if relative is not None:
        unrelated[reference] = relative < MAX_RELATIVE_COHERENCE
    return unrelated
