# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of an experiment's networks on unseen drives, with predictors without audio and controls of the audio.

audio-manifold train evaluate --config training/configs/paper_8x8.yaml
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, EvaluationError, TrainingError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.evaluation.controls.audio_control import (
    OTHER_DRIVE,
    audio_controls,
    control_order,
)
from audio_manifold_ros.evaluation.controls.camera_priors import CameraPriors
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder
from audio_manifold_ros.evaluation.metrics.depth_metrics import MIN_DEPTH_BY_UNIT
from audio_manifold_ros.evaluation.metrics.metric_names import CAMERA_PRIOR, CONSTANTS, MODEL, PRIOR
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite, Scores
from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import MODALITIES, STORED_MODALITIES
from audio_manifold_ros.simulation.assumptions import ASSUMPTIONS
from training.data.evenly_spaced import evenly_spaced
from training.data.full_resolution_truth import FullResolutionGroundTruth
from training.data.vehicle_arrays import VEHICLES
from training.experiment.calibrated_network import CalibratedNetwork
from training.experiment.cli_arguments import add_experiment_arguments, named_experiment
from training.experiment.experiment_inference import (
    WindowPriors,
    batches,
    predict,
)
from training.experiment.provenance import PROVENANCE, describe_provenance
from training.experiment.run_directory import open_windows
from training.experiment.scored_batches import ScoredBatches
from training.experiment.vehicle_scores import score_vehicles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.image_prior import PriorTensors
    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

METRICS_FILE = 'metrics.json'
# Training windows of the predictors without audio, evenly spaced.
PRIOR_WINDOWS = 8000


def evaluate(
    network: PerceptionNetwork,
    cache: WindowCache,
    confidence: ConfidenceModel | None = None,
    split: str = 'test',
    drives: Path | str | None = None,
    stored: ScoredBatches | None = None,
) -> Scores:
    """Return the scores of a split (see `MetricSuite.result`).

    The predictors without audio are the prior and the best constants of the training windows (see `make_priors`). The
    controls are the networks with the audio of another drive, with left and right microphones exchanged, and with one
    of the spatial maps of another drive (see `audio_controls`). Where one drive has more than half of the windows, the
    audio of another time takes the place of that of another drive, and `shuffled_audio` states it. If the drives are
    simulated, `assumptions` states what the simulator assumes. Networks with a map of vehicles have `vehicles` (see
    `score_vehicles`) on drives that state them.

    Args:
        network: The trained networks.
        cache: All windows.
        confidence: Confidence model, which is evaluated if given.
        split: Split to evaluate.
        drives: Folder of the drives. The camera of each one locates its objects, and their full-resolution images are
            scored as well.
        stored: Store of the predictions, so that a killed evaluation continues. None stores nothing.

    Raises:
        EvaluationError: The split has fewer than two windows.
        DatasetError: A drive cannot be read.
        RigError: The camera of a drive is invalid.

    """
    indices = cache.indices(split)
    if len(indices) < 2:
        msg = (
            f'The split {split!r} has {len(indices)} windows: at least two are needed. Give it a drive in the split '
            'file (data: {split: …}), or a larger fraction of the drives (data: {validation: …, test: …}).'
        )
        raise EvaluationError(msg)
    order, shuffled_audio = control_order(cache.window_drives(indices))
    others = indices[order]
    priors = make_priors(cache, network.config.modalities)
    window_priors = WindowPriors(network, cache)
    camera_priors = None if network.spatial is None else CameraPriors(network.spatial.prior.table())
    microphones = cache.mirrored_microphones()
    with ExitStack() as stack:
        full_resolution = None if drives is None else stack.enter_context(FullResolutionGroundTruth(drives))
        board = MetricSuite(depth_unit=cache.depth_unit or METRES)
        pairs = list(zip(batches(indices), batches(others), strict=True))
        for number, (own, other) in enumerate(track(pairs, f'windows of {split}', console=Console(stderr=True))):
            predict_batch = partial(_predict_variants, network, cache, own, other, microphones, window_priors(own))
            outputs = predict_batch() if stored is None else stored.load_or_predict(number, predict_batch)
            instants = cache.instants(own)
            truths = ground_truth_images(cache, own, network.config.modalities)
            for place, ground_truth in enumerate(truths):
                output = outputs[MODEL][place]
                predicted: dict[str, ModalityImages] = {variant: found[place] for variant, found in outputs.items()}
                predicted |= {variant: _prior_images(prior, output) for variant, prior in priors.items()}
                if camera_priors is not None:
                    view = cache.views[int(cache.window_views(own[place : place + 1])[0])]
                    predicted[CAMERA_PRIOR] = _prior_images(camera_priors.prior(view, *_size(output)), output)
                confidence_image = None if confidence is None else confidence.image(output, *_size(output))
                board.add(
                    ground_truth,
                    predicted,
                    confidence_image,
                    None if full_resolution is None else full_resolution.images(*instants[place]),
                    street=instants[place][0],
                    camera=None if full_resolution is None else full_resolution.camera(instants[place][0]),
                )
    scores = board.result()
    if shuffled_audio != OTHER_DRIVE:
        scores['shuffled_audio'] = shuffled_audio
    if network.config.has_vehicles and cache.has(VEHICLES):
        scores['vehicles'] = score_vehicles(network, cache, indices, others)
    if cache.is_simulated:
        scores['assumptions'] = list(ASSUMPTIONS)
    return scores


def _predict_variants(
    network: PerceptionNetwork,
    cache: WindowCache,
    own: NDArray[np.int64],
    other: NDArray[np.int64],
    microphones: NDArray[np.int64] | None,
    prior: PriorTensors | None,
) -> dict[str, list[NetworkOutput]]:
    """Return the predictions of a batch by variant: for its audio, and for each control."""
    controls = [
        audio_controls(window, another, cache.spec, microphones)
        for window, another in zip(cache.features(own), cache.features(other), strict=True)
    ]
    return {
        variant: predict(network, np.stack([features[variant] for features in controls]), prior)
        for variant in controls[0]
    }


def evaluate_experiment(
    config: TrainingConfig, cache: WindowCache, split: str, calibrated: CalibratedNetwork | None = None
) -> dict[str, object]:
    """Return the scores of an experiment's best networks on a split, calibrated (see `export`), with provenance.

    After an interruption, the next call continues with the batch at which the evaluation was interrupted.

    Args:
        config: The experiment.
        cache: All windows.
        split: Split to evaluate.
        calibrated: Its networks. None loads and calibrates them.

    Raises:
        TrainingError: A network has not been fitted.
        NetworkError: The networks do not match each other.
        EvaluationError: The split has fewer than two windows.
        DatasetError: A drive cannot be read.
        RigError: The camera of the drives is invalid.

    """
    calibrated = calibrated or CalibratedNetwork.load(config, cache)
    provenance = describe_provenance(config, cache, split, calibrated.calibration())
    # The predictions depend on the definition of the features, too, which may change with its own cache.
    stored = ScoredBatches(config.output, {**provenance, 'features': config.data.features.to_dict()})
    scores = evaluate(calibrated.network, cache, split=split, drives=config.data.drives, stored=stored)
    stored.remove()
    return {**scores, PROVENANCE: provenance}


def make_priors(cache: WindowCache, modalities: Iterable[str] = ()) -> dict[str, PixelPrior]:
    """Return the predictors without audio by variant: summaries of the ground truth of the training windows.

    `prior` has the median depth and the most frequent class of each pixel, `constants` the constants with the smallest
    mean relative error and the largest mean IoU. They are computed from at most `PRIOR_WINDOWS` windows.

    Args:
        cache: All windows.
        modalities: Derived modalities to include. Those that the drives store are always included.

    """
    chosen = evenly_spaced(cache.indices('train'), PRIOR_WINDOWS)
    builder = PixelPriorBuilder(
        *_size(ground_truth_images(cache, chosen[:1], modalities)[0]),
        near_m=MIN_DEPTH_BY_UNIT[cache.depth_unit or METRES],
    )
    for batch in track(list(batches(chosen)), 'predictors without audio', console=Console(stderr=True)):
        for ground_truth in ground_truth_images(cache, batch, modalities):
            builder.add(ground_truth)
    return {PRIOR: builder.build(), CONSTANTS: builder.build_constants()}


def make_prior(cache: WindowCache, modalities: Iterable[str] = ()) -> PixelPrior:
    """Return the median depth and the most frequent class of each pixel of the training windows (see `make_priors`)."""
    return make_priors(cache, modalities)[PRIOR]


def ground_truth_images(
    cache: WindowCache, indices: NDArray[np.int64], modalities: Iterable[str] = ()
) -> list[ModalityImages]:
    """Return the ground truth in the image size of the networks.

    Args:
        cache: All windows.
        indices: Numbers of the windows.
        modalities: Derived modalities to include. Those that the drives store are always included.

    """
    wanted = {*STORED_MODALITIES, *modalities}
    arrays = {
        name: cache.take(modality.image, indices).astype(modality.dtype)
        for name, modality in MODALITIES.items()
        if name in wanted and cache.has(modality.image)
    }
    return [to_modality_images({name: rows[place] for name, rows in arrays.items()}) for place in range(len(indices))]


def _size(images: ModalityImages) -> tuple[int, int]:
    """Return rows and columns.

    Raises:
        TrainingError: There is no image.

    """
    for image in images.by_modality().values():
        return image.shape[0], image.shape[1]
    msg = 'Windows without depth and classes cannot be scored: label the drives first.'
    raise TrainingError(msg)


def _prior_images(prior: PixelPrior, output: NetworkOutput) -> ModalityImages:
    return to_modality_images({name: prior.image(name) for name in output.by_modality()})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train evaluate')
    add_experiment_arguments(parser)
    parser.add_argument(
        '--split',
        choices=('validation', 'test'),
        default='validation',
        help='validation for design decisions, test for results',
    )
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = named_experiment(options)
        scores = evaluate_experiment(config, open_windows(config), options.split)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    path = Path(config.output) / f'{options.split}_{METRICS_FILE}'
    write_json_atomic(path, scores, sort_keys=False)
    console.print(f'scores: {path}')
    return 0
