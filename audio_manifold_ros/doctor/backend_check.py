# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of the backend: it opens, and it is fast enough for the requested rate."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.inference.backend_factory import open_backend, read_cores
from audio_manifold_ros.inference.backends.backend import input_shape

if TYPE_CHECKING:
    from audio_manifold_ros.doctor.doctor_settings import DoctorSettings
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle

MEASUREMENT_S = 1.0
MIN_RUNS = 5
# Features, messages and the other programs of a robot need the rest of a period.
FULL_LOAD_RATIO = 0.7


def check_backend(settings: DoctorSettings, bundle: Bundle) -> list[Finding]:
    """Open the backend as the node does, run the networks for a second, and compare with the period of the images.

    Args:
        settings: Parameters of the perception node.
        bundle: The bundle for the camera of the rig.

    """
    warnings: list[str] = []
    try:
        backend = open_backend(
            bundle,
            settings.backend,
            device=settings.backend_device,
            threads=settings.threads,
            engine_policy=settings.engine_policy,
            warn=warnings.append,
            precision=settings.precision,
            cores=read_cores(settings.cores),
        )
        run_ms = _measure_run_ms(backend, input_shape(bundle.manifest))
    except AudioManifoldError as error:
        return [Finding(Severity.ERROR, 'backend', str(error))]
    findings = [Finding(Severity.WARNING, 'backend', text) for text in warnings]
    return [*findings, _check_rate(backend.reason, run_ms, settings.rate_hz)]


def _check_rate(reason: str, run_ms: float, rate_hz: float) -> Finding:
    """Compare the time of one prediction with the period of the images."""
    load = run_ms * rate_hz / 1e3
    text = f'{reason}. One prediction takes {run_ms:.1f} ms, {load:.0%} of the period at {rate_hz:g} Hz'
    if load > 1:
        remedy = f'set prediction.rate_hz to {0.7 * 1e3 / run_ms:.1f} or less, or choose a faster backend.'
        return Finding(Severity.ERROR, 'backend', f'{text}: {remedy}')
    if load > FULL_LOAD_RATIO:
        return Finding(
            Severity.WARNING, 'backend', f'{text}: images will be late under load. Lower prediction.rate_hz.'
        )
    return Finding(Severity.OK, 'backend', f'{text}.')


def _measure_run_ms(backend: Backend, shape: tuple[int, ...]) -> float:
    """Return the median duration of a prediction in milliseconds."""
    features = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    durations_s: list[float] = []
    end_s = time.perf_counter() + MEASUREMENT_S
    while len(durations_s) < MIN_RUNS or time.perf_counter() < end_s:
        start_s = time.perf_counter()
        backend.run(features)
        durations_s.append(time.perf_counter() - start_s)
    return float(np.median(durations_s)) * 1e3
