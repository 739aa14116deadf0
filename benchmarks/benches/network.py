# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the networks: ONNX Runtime compared with eager PyTorch, and PyTorch on a GPU if there is one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.backend import INPUT_NAME, Backend, input_shape
from audio_manifold_ros.inference.backends.onnx_backend import open_session
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import ONNX_FILE, WEIGHTS_FILE, Bundle
from benchmarks.harness.device_choice import CPU, CUDA, measures_on
from benchmarks.harness.figure import Figure, at_most, cheaper
from benchmarks.harness.short_mode import scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.bundles import PAPER_8X8, STREET, write_paper_bundle, write_spatial_bundle
from benchmarks.support.gpu_pipeline import measure_on_gpu
from training.export.onnx_graph import export_network

THREADS = 2
ROUNDS = 15
CALLS = 10
MIN_RATIO = 1.6
# Target of networks on spatial maps: 8 ms on a machine where mel networks of half width take 11.2 ms.
MIN_SPATIAL_RATIO = 1.4
# Time of the networks of a shipped bundle on one thread.
MAX_NETWORKS_MS = 6.0
TOLERANCE_M = 0.05


def measure() -> list[Figure]:
    """Return the figures of the networks."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        bundles = {
            'models/paper_8x8': Bundle.load(PAPER_8X8),
            'the paper’s sizes, a network per modality': write_paper_bundle(Path(folder) / 'paper'),
        }
        for title, bundle in bundles.items():
            if measures_on(CPU):
                figures.append(_measure_bundle(title, bundle))
            if measures_on(CUDA):
                figures += measure_on_gpu(title, bundle)
        if measures_on(CPU):
            figures += _measure_spatial(Path(folder), next(iter(bundles.items())))
            for shipped in (STREET, STREET.with_name('street_direct')):
                figures += _measure_rewriting(Path(folder) / shipped.name, Bundle.load(shipped))
    return figures


def _measure_rewriting(folder: Path, bundle: Bundle) -> list[Figure]:
    """Compare the graph of a bundle with the one of the same weights that has the operators of the networks."""
    features = np.random.default_rng(0).uniform(-1.2, 0.4, input_shape(bundle.manifest)).astype(np.float32)
    exported = export_network(load_network(bundle), input_shape(bundle.manifest), rewrite=False)
    folder.mkdir()
    (folder / ONNX_FILE).write_bytes(exported.onnx)
    (folder / WEIGHTS_FILE).write_bytes(exported.weights)
    runs = {'rewritten': _run(bundle.onnx_path, features), 'traced': _run(folder / ONNX_FILE, features)}
    actions = {name: Action(run, CALLS) for name, run in runs.items()}
    times_s = medians_s(actions, scaled_count(ROUNDS), clock=process_time)
    what = f'models/{folder.name}, networks on one thread, processor time'
    return [
        cheaper(what, times_s['rewritten'], 'the graph without rewriting', times_s['traced']),
        at_most(f'{what}, with the target', 1e3 * times_s['rewritten'], 'ms', MAX_NETWORKS_MS),
    ]


def _run(graph: Path, features: NDArray[np.float32]) -> Callable[[], object]:
    """Return a function that runs a graph on one thread."""
    session = open_session(graph, 1)
    return partial(session.run, None, {INPUT_NAME: features[None]})


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
