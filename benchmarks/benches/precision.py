# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of int8 and float32 convolutions, and of threads and their cores, hop by hop as in the node."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, Bundle
from benchmarks.harness.figure import Figure, at_least
from benchmarks.harness.short_mode import scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.bundles import (
    PAPER_8X8,
    STREET,
    half_width_config,
    write_paper_bundle,
    write_random_bundle,
)
from benchmarks.support.streaming_pipeline import StreamingPipeline

THREADS = 2
ROUNDS = 40
STEPS = 5
# Predictions per second on two cores of a current machine. A hop of the paper's features is 256 samples at 22,500 Hz.
EVERY_HOP_HZ = 22_500 / 256
MIN_RATES_HZ = {
    ('paper', FLOAT32): 45.0,
    ('paper', INT8): 60.0,
    ('half', FLOAT32): EVERY_HOP_HZ,
    ('half', INT8): EVERY_HOP_HZ,
    ('street', FLOAT32): EVERY_HOP_HZ,
    ('street', INT8): EVERY_HOP_HZ,
}
TITLES = {'paper': 'the paper’s two networks', 'half': 'a half-width pair', 'street': 'models/street'}
SCORES = {'abs_rel': 'ABS_rel', 'rmse': 'RMSE (m)', 'miou': 'mIoU', 'accuracy': 'pixels right'}


def measure() -> list[Figure]:
    """Return speeds of both precisions with and without pinned threads, and the scores in the shipped bundles."""
    with tempfile.TemporaryDirectory() as folder:
        bundles = {
            'paper': write_paper_bundle(Path(folder) / 'paper'),
            'half': write_random_bundle(Path(folder) / 'half', half_width_config()),
            'street': Bundle.load(STREET),
        }
        figures = [figure for name, bundle in bundles.items() for figure in _speeds(name, bundle)]
    return figures + [figure for path in (STREET, PAPER_8X8) for figure in _scores(Bundle.load(path))]


class Options(TypedDict, total=False):
    """Options of `StreamingPipeline` that are compared."""

    threads: int
    precision: str
    cores: tuple[int, ...]


def _speeds(name: str, bundle: Bundle) -> list[Figure]:
    """Measure hop → images with each option, in turns."""
    cores = tuple(sorted(os.sched_getaffinity(0))[:THREADS])
    options: dict[str, Options] = {
        FLOAT32: {'threads': THREADS},
        INT8: {'threads': THREADS, 'precision': INT8},
        'float32, 1 thread': {'threads': 1},
        'int8, 1 thread': {'threads': 1, 'precision': INT8},
    }
    found_s = _hop_to_images(bundle, options)
    # Pinning also moves the calling thread: it is measured with its own alternative, and undone.
    pinned: Options = {'threads': THREADS, 'cores': cores}
    found_s |= _hop_to_images(
        bundle,
        {'float32, cores kept for it': pinned, 'int8, cores kept for it': {**pinned, 'precision': INT8}},
    )
    os.sched_setaffinity(0, cores)
    return [_figure(name, option, 1 / seconds) for option, seconds in found_s.items()]


def _hop_to_images(bundle: Bundle, options: Mapping[str, Options]) -> dict[str, float]:
    pipelines = {name: StreamingPipeline(bundle, 'onnx', 'cpu', **given) for name, given in options.items()}
    return medians_s({name: Action(pipeline.step, STEPS) for name, pipeline in pipelines.items()}, scaled_count(ROUNDS))


def _figure(name: str, option: str, rate: float) -> Figure:
    what, min_rate_hz = f'{TITLES[name]}, {option}: predictions, hop → images', MIN_RATES_HZ.get((name, option))
    return Figure(what, rate, 'a second') if min_rate_hz is None else at_least(what, rate, 'a second', min_rate_hz)


def _scores(bundle: Bundle) -> list[Figure]:
    """Return the scores that `audio-manifold train quantize` measured on validation windows."""
    scores = bundle.manifest.metrics.get(INT8)
    if INT8_FILE not in bundle.manifest.files or scores is None:
        return []
    return [
        Figure(
            f'models/{bundle.manifest.name} on {scores["windows"]} validation windows, {SCORES[name]} in int8',
            scores[INT8][name],
            '',
            'float32',
            scores[FLOAT32][name],
            target='at most 1 % worse',
            met=worse <= 0.01,
        )
        for name, worse in scores['worse'].items()
    ]
