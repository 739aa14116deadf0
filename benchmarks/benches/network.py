# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the networks: ONNX Runtime compared with eager PyTorch, and PyTorch on a GPU if there is one."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.backend import Backend, input_shape
from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.harness.device_choice import CPU, CUDA, measures_on
from benchmarks.harness.figure import Figure, cheaper
from benchmarks.harness.short_mode import scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.bundles import STREET_MEL, write_paper_bundle, write_spatial_bundle
from benchmarks.support.gpu_pipeline import measure_on_gpu

THREADS = 2
ROUNDS = 15
CALLS = 10
MIN_RATIO = 1.6
# The networks of a window may take 8 ms where those of models/street_mel take 11.2 ms.
MIN_SPATIAL_RATIO = 1.4
TOLERANCE_M = 0.05


def measure() -> list[Figure]:
    """Return the figures of the networks."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        bundles = {
            'models/street_mel': Bundle.load(STREET_MEL),
            'the paper’s sizes, a network per modality': write_paper_bundle(Path(folder) / 'paper'),
        }
        for title, bundle in bundles.items():
            if measures_on(CPU):
                figures.append(_measure_bundle(title, bundle))
            if measures_on(CUDA):
                figures += measure_on_gpu(title, bundle)
        if measures_on(CPU):
            figures += _measure_spatial(Path(folder), next(iter(bundles.items())))
    return figures


def _measure_spatial(folder: Path, reference: tuple[str, Bundle]) -> list[Figure]:
    """Compare networks on spatial maps with a bundle on mel features, on one thread in the same run."""
    title, mel_bundle = reference
    bundles = {
        'direct heads': write_spatial_bundle(folder / 'direct'),
        'manifolds of 8 × 8 codes': write_spatial_bundle(folder / 'quantised', latent_cells=8),
        title: mel_bundle,
    }
    rng = np.random.default_rng(0)
    actions = {}
    for name, bundle in bundles.items():
        features = rng.uniform(-1.2, 0.4, input_shape(bundle.manifest)).astype(np.float32)
        actions[name] = Action(partial(open_backend(bundle, 'onnx', threads=1).run, features), CALLS)
    times_s = medians_s(actions, scaled_count(ROUNDS))
    what = 'depth and segmentation of one window from spatial maps by `onnx`, one thread'
    return [
        cheaper(f'{what}: {name}', times_s[name], title, times_s[title], minimum)
        for name, minimum in (('direct heads', MIN_SPATIAL_RATIO), ('manifolds of 8 × 8 codes', None))
    ]


def _measure_bundle(title: str, bundle: Bundle) -> Figure:
    rng = np.random.default_rng(0)
    features = rng.uniform(-1.2, 0.4, input_shape(bundle.manifest)).astype(np.float32)
    backends = {name: open_backend(bundle, name, threads=THREADS) for name in ('onnx', 'torch')}
    _require_same(backends, features)
    actions = {name: Action(partial(backend.run, features), CALLS) for name, backend in backends.items()}
    times_s = medians_s(actions, scaled_count(ROUNDS))
    what = f'depth and segmentation of one window by `onnx`, {THREADS} threads: {title}'
    return cheaper(what, times_s['onnx'], '`torch`, eager', times_s['torch'], MIN_RATIO)


def _require_same(backends: dict[str, Backend], features: NDArray[np.float32]) -> None:
    depth_m, other_depth_m = (np.asarray(backend.run(features).depth_m) for backend in backends.values())
    difference_m = float(np.median(np.abs(depth_m - other_depth_m)))
    if not difference_m < TOLERANCE_M:
        msg = f'The backends differ by {difference_m:.2g} m: the comparison is invalid.'
        raise RuntimeError(msg)
