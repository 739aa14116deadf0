# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Timing of one window on a GPU: features, networks, and both in one pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner
from benchmarks.harness.figure import Figure, at_most, not_measured
from benchmarks.harness.timing import Action, medians_s

CUDA = 'cuda'
ROUNDS = 50
CALLS = 20
FEATURES, NETWORK, BOTH = 'window of sound → features on the GPU', 'features → images', 'window of sound → images'
# Targets for a data-centre GPU. Times include the copies from and to host memory, except for the features.
MAX_MS = {FEATURES: 0.2, NETWORK: 0.6}


def measure_on_gpu(title: str, bundle: Bundle) -> list[Figure]:
    """Return the times of one window with torch on CUDA, or figures without a value if there is no CUDA device."""
    if not torch.cuda.is_available():
        reason = 'torch sees no CUDA device'
        return [_not_measured(f'{title}, torch on CUDA: {stage}', stage, reason) for stage in (FEATURES, NETWORK, BOTH)]
    found_s = medians_s({stage: Action(call, CALLS) for stage, call in _stages(bundle).items()}, ROUNDS)
    name = f'{title}, torch on {torch.cuda.get_device_name()}'
    return [_measured(f'{name}: {stage}', stage, seconds * 1e3) for stage, seconds in found_s.items()]


def _stages(bundle: Bundle) -> dict[str, Callable[[], object]]:
    spec, shape = bundle.manifest.features, input_shape(bundle.manifest)
    rng = np.random.default_rng(0)
    waveform = (0.1 * rng.standard_normal((shape[0], spec.window_samples))).astype(np.float32)
    features = rng.uniform(-1.2, 0.4, shape).astype(np.float32)
    backend = TorchBackend(bundle, CUDA)
    network = backend.waveform_network
    assert network is not None
    network.waveform[...] = waveform
    return {
        FEATURES: partial(_features_only(bundle).run, waveform),
        NETWORK: partial(backend.run, features),
        BOTH: network.run,
    }


def _features_only(bundle: Bundle) -> CudaGraphRunner:
    """Return a function that computes the features of a window and leaves them on the device."""
    device = torch.device(CUDA)
    mel, feature_buffer = (
        MelFeatureExtractor(require_mel(bundle.manifest.features)),
        torch.zeros((1, *input_shape(bundle.manifest)), device=device),
    )

    def compute_features(waveform: Tensor) -> tuple[Tensor, ...]:
        feature_buffer.copy_(mel(waveform))
        return ()

    shape = (bundle.manifest.microphones, bundle.manifest.features.window_samples)
    return CudaGraphRunner(compute_features, shape, device, captured=True)


def _measured(what: str, stage: str, value_ms: float) -> Figure:
    max_ms = MAX_MS.get(stage)
    return Figure(what, value_ms, 'ms') if max_ms is None else at_most(what, value_ms, 'ms', max_ms)


def _not_measured(what: str, stage: str, reason: str) -> Figure:
    max_ms = MAX_MS.get(stage)
    return not_measured(what, 'ms', reason, '' if max_ms is None else f'at most {max_ms:g}')
