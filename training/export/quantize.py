# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Quantisation of a bundle to int8 for CPUs, if its scores on validation windows stay the same.

audio-manifold train quantize --config training/configs/paper_8x8.yaml --bundle models/paper_8x8
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, Bundle, write_bundle
from audio_manifold_ros.inference.bundle.file_metadata import describe_files
from audio_manifold_ros.modalities.registry import MODALITIES
from training.data.evenly_spaced import evenly_spaced
from training.experiment.cli_arguments import add_experiment_arguments, named_experiment
from training.experiment.evaluate import ground_truth_images
from training.experiment.experiment_inference import batches
from training.experiment.run_directory import open_windows
from training.export.changed_bundle import change_files
from training.export.onnx_int8 import quantize_graph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.data.cache import WindowCache

# With 64 windows the mean IoU of models/street fell by 1.9 %, with 512 by 1.0 %.
CALIBRATION_WINDOWS = 512
MAX_WORSE = 0.01
# Number of metrics of each modality that are compared.
COMPARED_METRICS = 2
# Modality and metric, with the sign of an improvement.
COMPARED = tuple(
    (name, metric.key, 1 if metric.larger_is_better else -1)
    for name, modality in MODALITIES.items()
    for metric in modality.metrics[:COMPARED_METRICS]
)


@dataclass(frozen=True)
class PrecisionComparison:
    """Scores of both precisions of a bundle.

    Attributes:
        windows: Number of validation windows.
        float32: Scores of the float32 graph by name.
        int8: Scores of the int8 graph by name.
        worse: Relative degradation of each int8 score, negative for an improvement.

    """

    windows: int
    float32: dict[str, float]
    int8: dict[str, float]
    worse: dict[str, float]

    def text(self) -> str:
        """Return the scores as one line."""
        figures = [f'{name} {value:.4f} (float32: {self.float32[name]:.4f})' for name, value in self.int8.items()]
        return f'`{INT8_FILE}` on {self.windows} validation windows: {", ".join(figures)}'


def quantize(bundle: Bundle, cache: WindowCache, windows: int | None = None) -> Bundle:
    """Calibrate on some validation windows, compare on all, write the bundle again, and return it.

    The decision is made without the test windows, so that their scores stay those of unseen drives.

    Args:
        bundle: The bundle. An int8 graph is added or replaced. Its float32 graph is unchanged.
        cache: Windows of the dataset of the bundle.
        windows: Maximum number of windows to compare on, evenly spaced.

    Raises:
        TrainingError: A score would be worse by more than 1 %. The bundle is unchanged.

    """
    features = cache.features(evenly_spaced(cache.indices('validation'), CALIBRATION_WINDOWS))
    graph = quantize_graph(bundle.onnx_path, features, describe_files(bundle.manifest))
    files = {name: (bundle.folder / name).read_bytes() for name in bundle.manifest.files}
    with tempfile.TemporaryDirectory() as draft:
        quantised = write_bundle(Path(draft) / 'int8', bundle.manifest, {**files, INT8_FILE: graph})
        scores = compare(quantised, cache, windows)
    worse = {name: value for name, value in scores.worse.items() if value > MAX_WORSE}
    if worse:
        msg = (
            f'The int8 scores of {bundle.manifest.name!r} on {scores.windows} windows are worse by {worse}, at most '
            f'{MAX_WORSE:.0%} is allowed: give more validation windows, or use the float32 graph.'
        )
        raise TrainingError(msg)
    manifest = replace(
        bundle.manifest,
        training={**bundle.manifest.training, 'convolutions of bytes': scores.text()},
        metrics={**bundle.manifest.metrics, INT8: asdict(scores)},
    )
    return change_files(replace(bundle, manifest=manifest), {INT8_FILE: graph})


def compare(bundle: Bundle, cache: WindowCache, limit: int | None = None) -> PrecisionComparison:
    """Compute the scores of both precisions of a bundle on validation windows."""
    indices = cache.indices('validation')
    indices = evenly_spaced(indices, limit or len(indices))
    backends = {precision: OnnxBackend(bundle, precision=precision) for precision in (FLOAT32, INT8)}
    boards = {precision: MetricSuite(structure=False) for precision in backends}
    for batch in track(list(batches(indices)), 'both precisions', console=Console(stderr=True)):
        for window, ground_truth in zip(
            cache.features(batch), ground_truth_images(cache, batch, bundle.manifest.modalities), strict=True
        ):
            for precision, backend in backends.items():
                output = backend.run(window)
                boards[precision].add(ground_truth, {'model': output})
    results: dict[str, Mapping[str, Any]] = {precision: board.result() for precision, board in boards.items()}
    scores: dict[str, dict[str, float]] = {
        precision: {name: value for part, name, _ in COMPARED if (value := result[part].get(name)) is not None}
        for precision, result in results.items()
    }
    before, after = scores[FLOAT32], scores[INT8]
    worse = {name: sign * (before[name] - after[name]) / before[name] for _, name, sign in COMPARED if name in before}
    return PrecisionComparison(len(indices), before, after, worse)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train quantize')
    add_experiment_arguments(parser)
    parser.add_argument('--bundle', type=Path, help='folder of the bundle (models/NAME)')
    parser.add_argument('--windows', type=int, help='maximum number of validation windows to compare on (all)')
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = named_experiment(options)
        bundle = Bundle.load(options.bundle or Path('models') / config.name)
        bundle = quantize(bundle, open_windows(config), options.windows)
    except (AudioManifoldError, OSError, ValueError) as error:
        print_error(console, error)
        return 1
    console.print(f'{bundle.folder / INT8_FILE}: {bundle.manifest.training["convolutions of bytes"]}', soft_wrap=True)
    return 0
