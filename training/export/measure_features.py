# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training features of a bundle, by which the node recognises audio unlike its training set.

`export_bundle` takes them from the windows of the experiment. For a bundle of simulated streets whose dataset is no
longer there, this command simulates some of its streets again and adds the statistics to the bundle:

python -m training.export.measure_features --bundle models/street --streets 600
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.cli.options import add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import whole_number
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.splits import check_training_seed
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.batch_features import window_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.feature_descriptors import describe_features
from audio_manifold_ros.inference.bundle.feature_statistics import (
    STATISTICS_FILE,
    FeatureStatistics,
)
from audio_manifold_ros.processes.process_pool import fresh_pool
from audio_manifold_ros.simulation.drive import SAMPLE_RATE_HZ, Drive
from training.export.changed_bundle import change_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.features.kinds import AnyFeatureSpec

# Fraction of the simulated streets from which the limit comes.
VALIDATION_FRACTION = 1 / 3
MIN_STREETS = 150


@dataclass(frozen=True)
class StreetDescriptor:
    """Description of the first window of a simulated street. Callable in another process.

    Attributes:
        spec: Definition of the features.

    """

    spec: AnyFeatureSpec

    def __call__(self, seed: int) -> FloatArray:
        """Return `describe_features` of the first window of a street."""
        drive, spec = Drive(seed), self.spec
        geometry = None
        if isinstance(spec, SpatialFeatureSpec):
            geometry = ArrayGeometry.from_parts(drive.array, drive.camera, drive.extrinsics, spec)
        return describe_features(window_features(drive.audio(0, spec.window_samples), spec, geometry), spec)


def simulate_statistics(spec: AnyFeatureSpec, seeds: range, workers: int, console: Console) -> FeatureStatistics:
    """Return the statistics of simulated streets. Two thirds give the statistics, the others the limit.

    Raises:
        TrainingError: The features have another rate than the simulation.
        SimulationError: A street cannot be simulated.
        DatasetError: A seed is reserved for demonstrations.

    """
    if spec.sample_rate_hz != SAMPLE_RATE_HZ:
        msg = f'The features have {spec.sample_rate_hz} Hz, the simulation has {SAMPLE_RATE_HZ} Hz: export the bundle.'
        raise TrainingError(msg)
    check_training_seed(seeds.start)
    check_training_seed(seeds.stop - 1)
    with fresh_pool(workers) as pool:
        rows = list(track(pool.map(StreetDescriptor(spec), seeds), 'streets', total=len(seeds), console=console))
    values = np.stack(rows)
    first_validation = len(values) - round(VALIDATION_FRACTION * len(values))
    return FeatureStatistics.fit(values[:first_validation], values[first_validation:])


def add_statistics(bundle: Bundle, statistics: FeatureStatistics) -> Bundle:
    """Write a bundle again with statistics, replacing those it has. All networks stay as they are."""
    return change_files(bundle, {STATISTICS_FILE: statistics.to_json().encode()})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train measure-features')
    parser.add_argument('--bundle', type=Path, required=True, help='folder of the bundle; it is written again')
    parser.add_argument(
        '--streets', type=whole_number(MIN_STREETS, 100_000), default=600, metavar='N', help='number of streets (600)'
    )
    parser.add_argument(
        '--first-seed', type=whole_number(0), default=0, metavar='SEED', help='seed of the first street (0)'
    )
    add_workers_option(parser)
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle = Bundle.load(options.bundle)
        seeds = range(options.first_seed, options.first_seed + options.streets)
        statistics = simulate_statistics(bundle.manifest.features, seeds, options.workers, console)
        add_statistics(bundle, statistics)
    except (AudioManifoldError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f'{bundle.folder}: statistics of {statistics.windows} windows, limit {statistics.limit} from '
        f'{statistics.validation_windows} others'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
