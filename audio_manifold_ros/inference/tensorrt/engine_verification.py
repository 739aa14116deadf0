# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of an engine with the single precision network, on simulated streets."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.errors import InferenceError, SimulationError
from audio_manifold_ros.features.array_geometry import ArrayGeometry, steered_azimuths
from audio_manifold_ros.features.batch_features import window_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.backend import network_output, output_names
from audio_manifold_ros.inference.bundle.image_change import describe_changes, mean_changes
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, FP32, INT8, Precision
from audio_manifold_ros.inference.tensorrt.engine_metadata import VerificationResult
from audio_manifold_ros.inference.tensorrt.engine_precision import layer_types
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.street import make_street

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.inference.tensorrt.engine_compiler import Toolchain
    from audio_manifold_ros.rig.rig import MicrophoneArray

# Streets outside every training. Seeds of the simulator's validation begin at 900,000.
FIRST_SEED = 990_000
WINDOW_COUNT = 8
START_S = 2.0
# Rotation of the optical axes (right, down, ahead) of a level camera that looks ahead to (ahead, left, up).
LEVEL_CAMERA = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
MAX_CHANGE = {FP16: 0.01, FP32: 0.001, INT8: 0.03}
"""Largest mean change of the images of a modality."""


def simulate_windows(manifest: Manifest, windows: int = WINDOW_COUNT) -> NDArray[np.float32]:
    """Return features (window, …) of simulated streets, received by an array that the bundle was trained for.

    Raises:
        InferenceError: The simulator does not support the sample rate.

    """
    spec, array = manifest.features, manifest.array.example()
    geometry = None
    if isinstance(spec, SpatialFeatureSpec):
        azimuths_rad = steered_azimuths(manifest.camera, LEVEL_CAMERA, spec)
        geometry = ArrayGeometry(array.positions_m, azimuths_rad, np.ones(len(array.microphones), dtype=bool))
    try:
        return np.stack([_simulate_features(FIRST_SEED + index, array, spec, geometry) for index in range(windows)])
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
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
    from audio_manifold_ros.inference.tensorrt.tensorrt_backend import make_engine_runner

    start_s = time.perf_counter()
    loaded = toolchain.load(engine, precision)
    runner = make_engine_runner(bundle, loaded, toolchain.device)
    load_s = time.perf_counter() - start_s
    names = output_names(bundle.manifest)
    reference = TorchBackend(bundle, 'cpu', reason='reference of the comparison')
    check = compare_outputs(bundle, lambda window: network_output(names, runner.run(window)), reference, precision)
    types = layer_types(loaded.infos)
    return replace(check, half_layers=types.half, single_layers=types.single, load_s=load_s)


def compare_outputs(
    bundle: Bundle, run: Callable[[NDArray[np.float32]], NetworkOutput], reference: Backend, precision: Precision
) -> VerificationResult:
    """Compare an engine with the single precision network on simulated windows.

    Args:
        bundle: A verified bundle.
        run: Function from the features of a window to the images of the engine.
        reference: Backend of the single precision network.
        precision: Precision of the engine.

    Raises:
        InferenceError: The engine differs from the network.

    """
    windows = simulate_windows(bundle.manifest)
    expected = [reference.run(window) for window in windows]
    spent_s: list[float] = []
    actual = []
    for window in windows:
        start_s = time.perf_counter()
        actual.append(run(window))
        spent_s.append(time.perf_counter() - start_s)
    check = VerificationResult(
        windows=len(windows),
        changes=mean_changes(actual, expected),
        half_layers=0,
        single_layers=0,
        load_s=0.0,
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
    if not all(change <= limit for change in check.changes.values()):
        msg = (
            f'The engine changes {describe_changes(check.changes)}, more than {limit:.1%}: it is not used. Build it '
            'with --precision fp32.'
        )
        raise InferenceError(msg)


def _simulate_features(
    seed: int, array: MicrophoneArray, spec: AnyFeatureSpec, geometry: ArrayGeometry | None
) -> NDArray[np.float32]:
    acoustics = StreetAcoustics(make_street(seed), array, spec.sample_rate_hz)
    samples = acoustics.render(round(START_S * spec.sample_rate_hz), spec.window_samples)
    return window_features(samples.astype(np.float32), spec, geometry)
