# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the pipeline from a hop to images: all backends, a librosa baseline, and the arithmetic floor."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import torch

from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from benchmarks.harness.device_choice import CPU, CUDA, measures_on
from benchmarks.harness.figure import Figure, faster, not_measured
from benchmarks.harness.short_mode import scaled_count
from benchmarks.support.bundles import PAPER_8X8, write_paper_bundle
from benchmarks.support.roofline import MachineRates, NetworkWork, count_work, measure_rates
from benchmarks.support.subprocess_pipeline import NAIVE, RunStats, SubprocessPipeline

THREADS = 2
ROUNDS = 5
PREDICTIONS = 40
WARM_UP = 5
MIN_RATIO = 3
MAX_FLOOR_RATIO = 2.0
CPU_VARIANTS = (('onnx', 'cpu'), ('torch', 'cpu'), (NAIVE, 'cpu'))
CUDA_VARIANTS = (('torch', 'cuda'), (NAIVE, 'cuda'))
STAGES = {
    'conditioning': 'channel map, resampling, the new frame',
    'features': 'features of the window',
    'network': 'networks',
    'window': 'the audio window, laid out for the GPU',
    'sound_network': 'features and networks on the GPU',
    'images': 'confidence and images',
    'all': 'hop → images',
}
NAIVE_DESCRIPTION = 'librosa and eager torch, each modality by itself'

Variant = tuple[str, str]


def measure() -> list[Figure]:
    """Return the figures of the pipeline."""
    torch.set_num_threads(THREADS)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        paper = write_paper_bundle(Path(folder) / 'paper')
        figures += _measure_bundle('paper’s sizes', paper, targets=True)
        figures += _measure_bundle('models/paper_8x8', Bundle.load(PAPER_8X8), targets=False)
    return figures


def _measure_bundle(title: str, bundle: Bundle, *, targets: bool) -> list[Figure]:
    variants: tuple[Variant, ...] = (
        *(CPU_VARIANTS if measures_on(CPU) else ()),
        *(CUDA_VARIANTS if measures_on(CUDA) and torch.cuda.is_available() else ()),
    )
    stats_by_variant, rates = _measure_interleaved(bundle, variants)
    work = count_work(PerceptionConfig.from_dict(bundle.manifest.networks), input_shape(bundle.manifest))
    figures = []
    for device in dict.fromkeys(device for _, device in variants):
        figures.append(_floor(f'{title}, {device}', work, rates[device]))
        naive = stats_by_variant[NAIVE, device]
        for backend in (variant for variant, where in variants if where == device and variant != NAIVE):
            name, stats = f'{title}, {backend} on {device}', stats_by_variant[backend, device]
            target = targets and (backend, device) == CPU_VARIANTS[0]
            figures.append(_compare_with_naive(name, stats, naive, target=target))
            if 'network' in stats.seconds:
                figures.append(_compare_with_floor(name, stats, rates[device].floor_s(work), target=target))
            figures += _figures(name, stats)
        figures += _figures(f'{title}, {NAIVE} on {device}', naive)
    if measures_on(CUDA) and not torch.cuda.is_available():
        figures.append(not_measured(f'{title}, torch on cuda: hop → images', 'ms', 'torch sees no CUDA device'))
    return figures


def _measure_interleaved(
    bundle: Bundle, variants: tuple[Variant, ...]
) -> tuple[dict[Variant, RunStats], dict[str, MachineRates]]:
    """Return the statistics of each pipeline and the peak rates of each device in between."""
    stats_by_variant = {variant: RunStats() for variant in variants}
    rates = {device: MachineRates() for _, device in variants}
    with ExitStack() as stack:
        contenders = {
            variant: stack.enter_context(SubprocessPipeline(bundle, *variant, THREADS)) for variant in variants
        }
        for contender in contenders.values():
            contender.run(WARM_UP)
        for _ in range(scaled_count(ROUNDS)):
            for variant, contender in contenders.items():
                stats_by_variant[variant].add(contender.run(scaled_count(PREDICTIONS)))
            for device, best_rates in rates.items():
                rates[device] = best_rates.elementwise_max(measure_rates(device))
    return stats_by_variant, rates


def _floor(name: str, work: NetworkWork, rates: MachineRates) -> Figure:
    description = (
        f'{name}: the networks’ arithmetic floor: {work.flop / 1e9:.2f} GFLOP at {rates.flop_per_s / 1e9:.0f} GFLOP/s, '
        f'{work.memory_bytes / 1e6:.0f} MB at {rates.bytes_per_s / 1e9:.1f} GB/s'
    )
    return Figure(description, rates.floor_s(work) * 1e3, 'ms')


def _compare_with_naive(name: str, stats: RunStats, naive: RunStats, *, target: bool) -> Figure:
    min_ratio = MIN_RATIO if target else None
    return faster(f'{name}: predictions', stats.rate, 'a second', NAIVE_DESCRIPTION, naive.rate, min_ratio)


def _compare_with_floor(name: str, stats: RunStats, floor_s: float, *, target: bool) -> Figure:
    network_s = stats.percentile_s('network', 50)
    return Figure(
        f'{name}: networks, compared with the arithmetic floor',
        network_s * 1e3,
        'ms',
        'arithmetic floor',
        floor_s * 1e3,
        floor_s / network_s,
        f'at most {MAX_FLOOR_RATIO:g}× the floor' if target else '',
        network_s <= MAX_FLOOR_RATIO * floor_s if target else None,
    )


def _figures(name: str, stats: RunStats) -> list[Figure]:
    figures = [
        Figure(
            f'{name}: {description}',
            stats.percentile_s(stage, 50) * 1e3,
            'ms',
            p95=stats.percentile_s(stage, 95) * 1e3,
            p99=stats.percentile_s(stage, 99) * 1e3,
        )
        for stage, description in STAGES.items()
        if stage in stats.seconds
    ]
    figures.append(Figure(f'{name}: memory (resident)', stats.memory_mb, 'MB'))
    if stats.joules is not None:
        figures.append(Figure(f'{name}: energy of the machine', stats.joules / stats.predictions, 'J a prediction'))
    return figures
