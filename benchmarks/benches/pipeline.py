# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a hop of sound to images: our backends, what a user would write, and the arithmetic floor."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import torch

from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from benchmarks.harness.figure import Figure, faster, not_measured
from benchmarks.support.bundles import STREET, has_street, write_paper_bundle
from benchmarks.support.roofline import Rates, Work, measure_rates, work_of
from benchmarks.support.subprocess_pipeline import NAIVE, Contender, Course

THREADS = 2
ROUNDS = 5
PREDICTIONS = 40
WARM_UP = 5
LEAST_RATIO = 3
MOST_FLOORS = 2.0
WAYS = (('onnx', 'cpu'), ('torch', 'cpu'), (NAIVE, 'cpu'))
CUDA_WAYS = (('torch', 'cuda'), (NAIVE, 'cuda'))
STAGES = {
    'conditioning': 'channel map, resampling, the new frame',
    'features': 'features of the window',
    'network': 'networks',
    'window': 'the window of sound, laid out for the GPU',
    'sound_network': 'features and networks on the GPU',
    'images': 'confidence and images',
    'all': 'hop → images',
}
NAIVE_WORDS = 'librosa and eager torch, each modality by itself'

Way = tuple[str, str]


def measure() -> list[Figure]:
    """Return the figures of the pipeline."""
    torch.set_num_threads(THREADS)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        paper = write_paper_bundle(Path(folder) / 'paper')
        figures += _measure_bundle('paper’s sizes', paper, targets=True)
        if has_street():
            figures += _measure_bundle('models/street', Bundle.load(STREET), targets=False)
    return figures


def _measure_bundle(title: str, bundle: Bundle, *, targets: bool) -> list[Figure]:
    ways: tuple[Way, ...] = WAYS + (CUDA_WAYS if torch.cuda.is_available() else ())
    courses, rates = _take_turns(bundle, ways)
    work = work_of(PerceptionConfig.from_dict(bundle.manifest.networks), input_shape(bundle.manifest))
    figures = []
    for device in dict.fromkeys(device for _, device in ways):
        figures.append(_floor(f'{title}, {device}', work, rates[device]))
        naive = courses[NAIVE, device]
        for backend in (way for way, where in ways if where == device and way != NAIVE):
            name, course = f'{title}, {backend} on {device}', courses[backend, device]
            target = targets and (backend, device) == WAYS[0]
            figures.append(_beside_naive(name, course, naive, target=target))
            if 'network' in course.seconds:
                figures.append(_beside_floor(name, course, rates[device].floor_s(work), target=target))
            figures += _figures(name, course)
        figures += _figures(f'{title}, {NAIVE} on {device}', naive)
    if not torch.cuda.is_available():
        figures.append(not_measured(f'{title}, torch on cuda: hop → images', 'ms', 'torch sees no CUDA device'))
    return figures


def _take_turns(bundle: Bundle, ways: tuple[Way, ...]) -> tuple[dict[Way, Course], dict[str, Rates]]:
    """Return how each way fared and the best that each device did in between."""
    courses = {way: Course() for way in ways}
    rates = {device: Rates() for _, device in ways}
    with ExitStack() as stack:
        contenders = {way: stack.enter_context(Contender(bundle, *way, THREADS)) for way in ways}
        for contender in contenders.values():
            contender.run(WARM_UP)
        for _ in range(ROUNDS):
            for way, contender in contenders.items():
                courses[way].add(contender.run(PREDICTIONS))
            for device, known in rates.items():
                rates[device] = known.better(measure_rates(device))
    return courses, rates


def _floor(name: str, work: Work, rates: Rates) -> Figure:
    words = (
        f'{name}: the networks’ arithmetic floor: {work.flop / 1e9:.2f} GFLOP at {rates.flop_per_s / 1e9:.0f} GFLOP/s, '
        f'{work.bytes / 1e6:.0f} MB at {rates.bytes_per_s / 1e9:.1f} GB/s'
    )
    return Figure(words, rates.floor_s(work) * 1e3, 'ms')


def _beside_naive(name: str, course: Course, naive: Course, *, target: bool) -> Figure:
    least = LEAST_RATIO if target else None
    return faster(f'{name}: predictions', course.rate, 'a second', NAIVE_WORDS, naive.rate, least)


def _beside_floor(name: str, course: Course, floor_s: float, *, target: bool) -> Figure:
    network_s = course.percentile_s('network', 50)
    return Figure(
        f'{name}: networks beside the floor',
        network_s * 1e3,
        'ms',
        'arithmetic floor',
        floor_s * 1e3,
        floor_s / network_s,
        f'at most {MOST_FLOORS:g}× the floor' if target else '',
        network_s <= MOST_FLOORS * floor_s if target else None,
    )


def _figures(name: str, course: Course) -> list[Figure]:
    figures = [
        Figure(
            f'{name}: {words}',
            course.percentile_s(stage, 50) * 1e3,
            'ms',
            p95=course.percentile_s(stage, 95) * 1e3,
            p99=course.percentile_s(stage, 99) * 1e3,
        )
        for stage, words in STAGES.items()
        if stage in course.seconds
    ]
    figures.append(Figure(f'{name}: memory (resident)', course.memory_mb, 'MB'))
    if course.joules is not None:
        figures.append(Figure(f'{name}: energy of the machine', course.joules / course.predictions, 'J a prediction'))
    return figures
