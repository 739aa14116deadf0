# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of an experiment as a bundle: calibrated, evaluated on the test drives, with a model card.

audio-manifold train export --config training/configs/paper_8x8.yaml
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from audio_manifold_ros.camera_prior.prior_table import TABLE_FILE, PriorTable
from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.common.json_text import format_json, read_json
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.datasets.drive_attributes import RELATIVE
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.evaluation.reporting.model_card import LEAK_KEY, model_card
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.bundle import ONNX_FILE, WEIGHTS_FILE, Bundle, write_bundle
from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel, ModalityConfidence
from audio_manifold_ros.inference.bundle.feature_statistics import STATISTICS_FILE, FeatureStatistics
from audio_manifold_ros.inference.bundle.file_metadata import describe_files
from audio_manifold_ros.inference.bundle.image_change import describe_changes, mean_changes
from audio_manifold_ros.inference.bundle.manifest import (
    FORMAT_VERSION,
    SPATIAL_FORMAT_VERSION,
    DepthRange,
    LabelClass,
    Manifest,
)
from audio_manifold_ros.inference.bundle.trained_array import TrainedArray
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, categorical
from audio_manifold_ros.rig.camera import CameraModel
from training.config.experiment_configuration import TrainingConfig
from training.data.augment import max_dropped_microphones
from training.data.split_file import SPLITS
from training.data.vehicle_arrays import VEHICLES
from training.data.window_dataset import find_drives
from training.experiment.calibrate_confidence import calibrate
from training.experiment.calibrated_network import CalibratedNetwork
from training.experiment.cli_arguments import add_experiment_arguments, named_experiment
from training.experiment.evaluate import METRICS_FILE, evaluate, make_prior
from training.experiment.experiment_inference import predict
from training.experiment.familiarity import fit_statistics
from training.experiment.provenance import PROVENANCE, check_provenance, describe_provenance
from training.experiment.results import has_known_leaks
from training.experiment.run_directory import open_windows
from training.experiment.verdict import LEAK_WARNING, worse_than_prior
from training.export.onnx_graph import ExportedNetwork, export_network
from training.export.trained_rigs import trained_range
from training.fitting.checkpoints import BEST, load_checkpoint
from training.fitting.lr_schedule import BUDGET_KEY
from training.fitting.spatial_statistics import most_common_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.config.fit_configuration import FitConfig
    from training.config.joint_configuration import JointConfig
    from training.data.cache import WindowCache

CARD_FILE = 'README.md'
COMPARED_WINDOWS = 64
# Greatest mean change of the images of a modality (see `IMAGE_CHANGES`).
MAX_CHANGE = 0.005


def export(config: TrainingConfig, folder: Path, scores: Mapping[str, object] | None = None) -> Bundle:
    """Write the bundle of an experiment and return it.

    Args:
        config: The experiment, its networks fitted.
        folder: Folder of the bundle. An existing bundle is replaced.
        scores: Scores of the test split with their provenance. None computes them: those of `audio-manifold train run`
            have no confidence, which is fitted here.

    Raises:
        TrainingError: A network is not fitted, storing it changes its predictions, or the scores are not its own.

    """
    cache = open_windows(config)
    calibrated = CalibratedNetwork.load(config, cache)
    network, vehicles = calibrated.network, calibrated.vehicles
    scored = describe_provenance(config, cache, 'test', calibrated.calibration())
    if scores is not None:
        check_provenance(scores, scored, 'The file of --metrics')
    manifest = describe(config, network, cache)
    training = {
        **manifest.training,
        'logit adjustment': str(calibrated.logits),
    }
    if vehicles is not None:
        training['calibration of vehicles'] = f'{vehicles.slope:.3g} × logit {vehicles.offset:+.3g}'
    if has_known_leaks(cache, config.data.features, config.data):
        training[LEAK_KEY] = LEAK_WARNING
    manifest = replace(manifest, training=training)
    manifest = replace(manifest, confidence=calibrate(network, manifest, cache))
    if scores is None:
        scores = {**evaluate(network, cache, manifest.confidence, drives=config.data.drives), PROVENANCE: scored}
    network = network.cpu()
    exported = export_network(network, input_shape(manifest), metadata=describe_files(manifest))
    table, prior = _camera_prior(network, cache)
    statistics = fit_statistics(cache)
    with tempfile.TemporaryDirectory() as draft:
        changes = compare(
            network, _write(Path(draft) / config.name, manifest, exported, prior, statistics, scores, table), cache
        )
    manifest = replace(
        manifest,
        training={**manifest.training, **changes},
        metrics={key: scores[key] for key in ('windows', *MODALITIES, VEHICLES) if scores.get(key)},
    )
    return _write(folder, manifest, exported, prior, statistics, scores, table)


def _camera_prior(network: PerceptionNetwork, cache: WindowCache) -> tuple[PriorTable | None, PixelPrior]:
    """Return the prior table, None without a network on spatial maps, and the prior of the camera of the bundle."""
    if network.spatial is None:
        return None, make_prior(cache, network.config.modalities)
    view, size = most_common_view(cache), network.spatial.config.image_size
    table = replace(network.spatial.prior.table(), view=view)
    return table, PixelPrior.of_camera(table, view, size, size, images=len(cache.indices('train')))


def describe(config: TrainingConfig, network: PerceptionNetwork, cache: WindowCache) -> Manifest:
    """Return the manifest of an experiment, without fitted confidence and without its list of files."""
    modalities = network.config.modalities
    first = next(iter(find_drives(config.data.drives).values()))
    with DriveReader(first) as drive:
        array, camera = drive.array, CameraModel.from_text(drive.rig.camera, f'{first} (camera)')
    cells = network.config.cells
    flat = ModalityConfidence(((0.0,) * cells,) * cells, 0.0, 0.0, 1.0)
    classes = tuple(LabelClass(i, name, colour) for i, (name, colour) in enumerate(CLASS_COLOURS.items()))
    is_spatial = isinstance(config.data.features, SpatialFeatureSpec)
    trained: ArrayRange | TrainedArray = TrainedArray.from_array(array)
    if is_spatial:
        camera = most_common_view(cache).camera
        trained = trained_range(_training_drives(config, cache), config.data.left_out)
    return Manifest(
        format_version=SPATIAL_FORMAT_VERSION if is_spatial else FORMAT_VERSION,
        name=config.name,
        description=f'{" and ".join(modalities).capitalize()} from the sound of {_describe_array(trained)}, '
        f'learnt from the dataset {config.data.dataset!r}.',
        modalities=modalities,
        features=config.data.features,
        frame_position=config.data.frame_position,
        array=trained,
        camera=camera,
        depth=_depth_range(config, cache) if DEPTH in modalities else None,
        classes=classes if categorical(modalities) else (),
        networks=dict(network.config.to_dict()),
        confidence=ConfidenceModel(dict.fromkeys(modalities, flat), 0.0),
        training=_training(config, network, cache),
        metrics={},
        files={},
        tolerates_missing=0 if is_spatial else _max_missing(config, len(array.microphones)),
    )


def _training_drives(config: TrainingConfig, cache: WindowCache) -> list[Path]:
    drives = find_drives(config.data.drives)
    return [drives[drive_id] for drive_id in cache.drives('train')]


def _describe_array(trained: TrainedArray | ArrayRange) -> str:
    return trained.describe() if isinstance(trained, ArrayRange) else f'{len(trained.positions_m)} microphones'


def _max_missing(config: TrainingConfig, mics: int) -> int:
    """Return the number of microphones that may be missing, for the network with the fewest inputs."""
    return max_dropped_microphones(config.augment, min([mics, *(system.mics for system in config.direct)]))


def _depth_range(config: TrainingConfig, cache: WindowCache) -> DepthRange:
    relative = cache.depth_unit == RELATIVE
    return DepthRange(config.depth.kind, config.depth.near_m, config.depth.far_m, unit='relative' if relative else 'm')


def compare(network: PerceptionNetwork, bundle: Bundle, cache: WindowCache) -> dict[str, str]:
    """Return the differences that half precision and ONNX make on validation windows, as text.

    Raises:
        TrainingError: The differences exceed `MAX_CHANGE`.

    """
    features = cache.features(cache.indices('validation')[:COMPARED_WINDOWS])
    backend = OnnxBackend(bundle)
    # Both have the camera of the bundle.
    changes = mean_changes([backend.run(window) for window in features], predict(network, features))
    if any(change > MAX_CHANGE for change in changes.values()):
        msg = f'The bundle changes {describe_changes(changes)}: store single precision.'
        raise TrainingError(msg)
    return {'stored in half precision': f'changes {describe_changes(changes, digits=4)}'}


def _training(config: TrainingConfig, network: PerceptionNetwork, cache: WindowCache) -> dict[str, object]:
    summary: dict[str, object] = {
        'drives': ', '.join(f'{len(cache.drives(split)):,} for {split}' for split in SPLITS),
        'windows': ', '.join(f'{len(cache.indices(split)):,} for {split}' for split in SPLITS),
    }
    if config.at_nets:
        widths = ', '.join(f'{" and ".join(net.modalities)} at width {net.width:g}' for net in config.at_nets)
        features = ', '.join(f'{name} {size.features}' for name, size in config.manifolds.items())
        transforms = [config.transform_folder(net.modalities) for net in config.at_nets]
        summary['audio transformation'] = f'{widths} (the paper: 1)'
        summary['features of the manifolds'] = f'{features} (the paper: 128)'
        if config.joint is None:
            summary['fit of the manifolds'] = _fit_text(config.manifold_fit, config.manifold_folders)
            summary['fit of the audio transformation'] = _fit_text(config.transform_fit, transforms)
    if config.direct:
        systems = [f'{system.kind} for {" and ".join(system.modalities)}' for system in config.direct]
        summary['without a manifold'] = ', '.join(systems).replace('_', ' ')
        summary['fit of what has no manifold'] = _fit_text(
            config.direct_fit, list(map(config.direct_folder, config.direct))
        )
    if config.spatial is not None:
        head = f'latents at {config.spatial.latent_cells} x {config.spatial.latent_cells}'
        direct = f'images of {config.spatial.head_size} x {config.spatial.head_size}, as deviations from a prior'
        summary['network on spatial maps'] = head if config.spatial.is_quantised else direct
    if config.joint is not None:
        summary['joint fit'] = _joint_fit_text(config, config.joint)
    summary['parameters'] = sum(parameter.numel() for parameter in network.parameters())
    changes = asdict(config.augment).items()
    summary['augmentation'] = ', '.join(f'{name.replace("_", " ")} {value:g}' for name, value in changes)
    return summary


def _run_name(folder: str) -> str:
    """Return the name of a bundle or of a run. That of a run with several seeds contains the seed."""
    path = Path(folder)
    return f'{path.parent.name}/{path.name}' if path.name.startswith('seed') else path.name


def _joint_fit_text(config: TrainingConfig, joint: JointConfig) -> str:
    start = 'from random weights'
    if joint.start:
        start = f'from the weights of {_run_name(joint.start)}'
    if joint.start_trunk:
        start = f'from the trunk of {_run_name(joint.start_trunk)}'
    losses = f'relative depth {joint.relative_depth:g}, log depth {joint.log_depth:g}, classes {joint.classes:g}'
    frozen = f', frozen decoder of {" and ".join(joint.frozen)}' if joint.frozen else ''
    fit = _fit_text(config.joint_fit, [config.joint_folder])
    return f'{fit}, {start}, losses on the images ({losses}){frozen}, averaged weights'


def _fit_text(fit: FitConfig, folders: Sequence[Path]) -> str:
    """Return the lengths of fits from their best checkpoints: the command line may have changed the experiment."""
    lengths = []
    for folder in folders:
        checkpoint = load_checkpoint(folder / BEST)
        minutes = checkpoint['callbacks'][BUDGET_KEY]['elapsed_s'] / 60
        duration = f'{minutes:.0f} minutes' if minutes >= 1.5 else f'{60 * minutes:.0f} seconds'
        lengths.append(f'{checkpoint["global_step"]:,} steps in {duration}')
    optimiser = f'AdamW at {fit.learning_rate:g} with weight decay {fit.weight_decay:g}'
    return f'{" and ".join(lengths)}, {optimiser}, {fit.schedule.replace("_", " ")}'


def _write(
    folder: Path,
    manifest: Manifest,
    exported: ExportedNetwork,
    prior: PixelPrior,
    statistics: FeatureStatistics,
    scores: Mapping[str, object],
    table: PriorTable | None,
) -> Bundle:
    files = {} if table is None else {TABLE_FILE: table.to_bytes()}
    files |= {
        ONNX_FILE: exported.onnx,
        WEIGHTS_FILE: exported.weights,
        PRIOR_FILE: prior.to_bytes(),
        STATISTICS_FILE: statistics.to_json().encode(),
        METRICS_FILE: format_json(scores).encode(),
    }
    return write_bundle(folder, manifest, with_card(files, manifest, scores))


def with_card(files: Mapping[str, bytes], manifest: Manifest, scores: Mapping[str, object]) -> dict[str, bytes]:
    """Return the files of a bundle with the card that lists them."""
    listed = {name: content for name, content in files.items() if name != CARD_FILE}
    sizes = {name: {'size': len(content)} for name, content in listed.items()}
    return {**listed, CARD_FILE: model_card({**to_plain(manifest), 'files': sizes}, scores).encode()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train export')
    add_experiment_arguments(parser)
    parser.add_argument('--output', type=Path, help='folder of the bundle (models/NAME)')
    parser.add_argument(
        '--metrics', type=Path, help='JSON file with scores of the test split, instead of computing them'
    )
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = named_experiment(options)
        scores = (
            None
            if options.metrics is None
            else read_json(options.metrics, TrainingError, 'Give the scores of an evaluation.')
        )
        bundle = export(config, options.output or Path('models') / config.name, scores)
    except (AudioManifoldError, OSError, ValueError) as error:
        print_error(console, error)
        return 1
    size = sum(entry.size for entry in bundle.manifest.files.values()) / 1e6
    if warning := worse_than_prior(bundle.manifest.metrics):
        console.print(f'[yellow]warning[/yellow]: {warning}', highlight=False, soft_wrap=True)
    if LEAK_KEY in bundle.manifest.training:
        console.print(f'[yellow]warning[/yellow]: {LEAK_WARNING}', highlight=False, soft_wrap=True)
    console.print(f'bundle: {bundle.folder} ({size:.1f} MB)')
    return 0
