# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of an engine with the single precision network, on simulated streets."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.errors import InferenceError, SimulationError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.backend import network_output, output_names
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, FP32, Precision
from audio_manifold_ros.inference.tensorrt.engine_metadata import VerificationResult
from audio_manifold_ros.inference.tensorrt.engine_precision import layer_types
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.street import make_street

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.inference.tensorrt.engine_compiler import Toolchain

# Streets outside every training. Seeds of the simulator's validation begin at 900,000.
FIRST_SEED = 990_000
WINDOW_COUNT = 8
START_S = 2.0
MAX_CHANGE = {FP16: 0.01, FP32: 0.001}
"""Largest mean change of depth, and largest fraction of pixels with another class."""


def simulate_windows(manifest: Manifest, windows: int = WINDOW_COUNT) -> NDArray[np.float32]:
    """Return features (window, mic, height, width) of simulated streets, received by the array of a bundle.

    Raises:
        InferenceError: The simulator does not support the sample rate.

    """
    spec = manifest.features
    poses = zip(manifest.array.positions_m, manifest.array.facings, strict=True)
    microphones = tuple(
        Microphone(f'mic_{channel}', channel, position, facing) for channel, (position, facing) in enumerate(poses)
    )
    array = MicrophoneArray(manifest.array.array_id, 'mic_array', microphones)
    try:
        return np.stack([_simulate_features(FIRST_SEED + index, array, spec) for index in range(windows)])
    except SimulationError as error:
        msg = f'The windows for the comparison of the engine cannot be simulated: {error}'
        raise InferenceError(msg) from None


def verify_engine(bundle: Bundle, engine: Any, toolchain: Toolchain, precision: Precision) -> VerificationResult:
    """Load an engine and compare it with the single precision network on a CPU.

    Args:
        bundle: A verified bundle.
        engine: File of the engine.
        toolchain: Toolchain that loads it.
        precision: Requested precision.

    Raises:
        InferenceError: The engine cannot be loaded, has another precision, or differs from the network.

    """
    from audio_manifold_ros.inference.tensorrt.tensorrt_backend import make_engine_runner

    start_s = time.perf_counter()
    loaded = toolchain.load(engine, precision)
    runner = make_engine_runner(bundle, loaded, toolchain.device)
    load_s = time.perf_counter() - start_s
    names = output_names(bundle.manifest)
    spent_s: list[float] = []
    windows = simulate_windows(bundle.manifest)
    actual, expected = [], _reference_outputs(bundle, windows)
    for window in windows:
        start_s = time.perf_counter()
        actual.append(network_output(names, runner.run(window)))
        spent_s.append(time.perf_counter() - start_s)
    types = layer_types(loaded.infos)
    check = VerificationResult(
        windows=len(windows),
        depth_change=float(np.mean([_depth_change(*pair) for pair in zip(actual, expected, strict=True)])),
        labels_changed=float(np.mean([_labels_changed(*pair) for pair in zip(actual, expected, strict=True)])),
        half_layers=types.half,
        single_layers=types.single,
        load_s=load_s,
        run_ms=statistics.median(spent_s) * 1e3,
    )
    require_equal_outputs(check, precision)
    return check


def require_equal_outputs(check: VerificationResult, precision: Precision) -> None:
    """Refuse an engine that differs from the network.

    Raises:
        InferenceError: The difference exceeds that of its precision.

    """
    limit = MAX_CHANGE[precision]
    if not max(check.depth_change, check.labels_changed) <= limit:
        msg = (
            f'The engine changes depth by {check.depth_change:.3%} on average and {check.labels_changed:.3%} of the '
            f'labels, more than {limit:.1%}: it is not used. Build it with --precision fp32.'
        )
        raise InferenceError(msg)


def _simulate_features(seed: int, array: MicrophoneArray, spec: FeatureSpec) -> NDArray[np.float32]:
    acoustics = StreetAcoustics(make_street(seed), array, spec.sample_rate_hz)
    samples = acoustics.render(round(START_S * spec.sample_rate_hz), spec.window_samples)
    return mel_features(samples.astype(np.float32), spec)


def _reference_outputs(bundle: Bundle, windows: NDArray[np.float32]) -> list[NetworkOutput]:
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend

    backend = TorchBackend(bundle, 'cpu', reason='reference of the comparison')
    return [backend.run(window) for window in windows]


def _depth_change(actual: NetworkOutput, expected: NetworkOutput) -> float:
    if actual.depth_m is None or expected.depth_m is None:
        return 0.0
    return float(np.mean(np.abs(actual.depth_m / expected.depth_m - 1)))


def _labels_changed(actual: NetworkOutput, expected: NetworkOutput) -> float:
    return 0.0 if actual.labels is None else float(np.mean(actual.labels != expected.labels))
