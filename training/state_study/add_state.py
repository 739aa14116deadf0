# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""State over time for a bundle: fit the correction by earlier windows on drives, and write a bundle with it.

audio-manifold train simulate --drives 5100 --first-seed 800000 --seconds 5 --out data/state
audio-manifold train add-state --drives data/state --work runs/state --output models/street_state
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from rich.console import Console
from safetensors.torch import load_file, save

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.options import add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import whole_number
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.files import write_bytes_atomic
from audio_manifold_ros.common.json_text import format_json
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import INT8_FILE, ONNX_FILE, WEIGHTS_FILE, Bundle, write_bundle
from audio_manifold_ros.inference.bundle.file_metadata import describe_files
from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.spatial.latent_state import StateHead
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from training.data.window_dataset import find_drives
from training.experiment.evaluate import METRICS_FILE
from training.export.export_bundle import CARD_FILE, with_card
from training.export.onnx_graph import export_network
from training.state_study.drive_latents import encode_drives, latents_key
from training.state_study.fit_state import LatentDecoder, fit_head
from training.state_study.score_state import score_state
from training.state_study.state_heads import CONVOLUTION
from training.state_study.study import split_drives

if TYPE_CHECKING:
    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
    from training.state_study.drive_latents import DriveLatents


# Modalities whose latents are corrected. With corrected classes, more façade pixels were predicted as sky. Sky has no
# depth, so that the error of the published depth increased.
CORRECTED = (DEPTH,)
# What the manifest of the first bundle states of its own graphs.
GRAPH_ENTRIES = ('stored in half precision', 'convolutions of bytes')


def with_state(network: PerceptionNetwork, decoder: LatentDecoder, head: StateHead) -> PerceptionNetwork:
    """Return a network whose latents of the modalities `CORRECTED` are corrected by a fitted `StateHead`.

    Args:
        network: Network on spatial maps with manifolds, without a state.
        decoder: Decoder that the head was fitted with, for the normalisation of the latents.
        head: The head.

    """
    extended = PerceptionNetwork(replace(network.config, state=LatentStateConfig()))
    modalities = cast('SpatialNetworkConfig', network.config.spatial).modalities
    is_corrected = torch.tensor([name in CORRECTED for name in modalities]).repeat_interleave(
        decoder.channels // len(modalities)
    )
    weights = {f'state.head.{name}': values for name, values in head.state_dict().items()}
    for name in ('state.head.output.weight', 'state.head.output.bias'):
        weights[name] = weights[name] * is_corrected.view(-1, *[1] * (weights[name].ndim - 1))
    weights |= {'state.mean': decoder.mean, 'state.deviation': decoder.deviation}
    extended.load_state_dict({**network.state_dict(), **weights})
    return extended


def fitted_head(path: Path, decoder: LatentDecoder, training: DriveLatents, steps: int, seed: int) -> StateHead:
    """Return the head of an earlier fit, or fit it and store it.

    Args:
        path: Weights of the head.
        decoder: Decoder of the corrected latents.
        training: Drives for the fit.
        steps: Steps of the fit.
        seed: Seed of the fit.

    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        weights = fit_head(CONVOLUTION, decoder, training, steps, seed).state_dict()
        write_bytes_atomic(path, save(weights))
    head = StateHead(decoder.channels)
    head.load_state_dict(load_file(path))
    return head.eval()


def add_state(
    bundle: Bundle, latents: DriveLatents, drives: Sequence[Path], work: Path, output: Path, *, steps: int, seed: int
) -> Bundle:
    """Fit a state on drives, and write a bundle with it and its scores on other drives.

    Args:
        bundle: Bundle with a network on spatial maps and manifolds.
        latents: Latents of the drives by `encode_drives`.
        drives: The drives, in the same order.
        work: Folder of the fitted head, which is used again.
        output: Folder of the new bundle. An existing bundle is replaced.
        steps: Steps of the fit.
        seed: Seed of the fit.

    Raises:
        TrainingError: There are too few drives.

    """
    training, tested = split_drives(latents)
    network = load_network(bundle)
    decoder = LatentDecoder(network, training)
    path = work / 'heads' / latents_key(bundle, drives) / f'{len(training)}_drives_{steps}_steps_seed{seed}.safetensors'
    extended = with_state(network, decoder, fitted_head(path, decoder, training, steps, seed))
    state = LatentStateConfig()
    hop_s = bundle.manifest.features.hop_samples / bundle.manifest.features.sample_rate_hz
    manifest = replace(
        bundle.manifest,
        name=output.name,
        description=f'{bundle.manifest.description} The latents of a window are corrected by those of earlier windows.',
        networks=dict(extended.config.to_dict()),
        training={
            **{key: value for key, value in bundle.manifest.training.items() if key not in GRAPH_ENTRIES},
            'state over time': f'{state.describe(hop_s)}, fitted to '
            f'{len(training):,} drives in {steps:,} steps of AdamW, all other weights fixed; '
            f'scores on {len(tested):,} others; it corrects {" and ".join(CORRECTED)}',
            'parameters': sum(parameter.numel() for parameter in extended.parameters()),
        },
        metrics={},
        files={},
    )
    exported = export_network(extended, input_shape(manifest), metadata=describe_files(manifest))
    replaced = {ONNX_FILE: exported.onnx, WEIGHTS_FILE: exported.weights}
    kept = {
        name: (bundle.folder / name).read_bytes()
        for name in bundle.manifest.files
        if name not in {*replaced, INT8_FILE, METRICS_FILE, CARD_FILE}
    }
    files = {**kept, **replaced}
    draft = write_bundle(output, manifest, files)
    scores = score_state(draft, tested, drives[-len(tested) :])
    files[METRICS_FILE] = format_json(scores).encode()
    shown = {'windows', *bundle.manifest.modalities}
    manifest = replace(manifest, metrics={key: value for key, value in scores.items() if key in shown})
    return write_bundle(output, manifest, with_card(files, manifest, scores))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train add-state')
    parser.add_argument(
        '--drives', type=Path, required=True, help='folder of drives, 3 s longer than the window of the bundle'
    )
    parser.add_argument('--bundle', type=Path, default=Path('models/street'), help='bundle (%(default)s)')
    parser.add_argument(
        '--work', type=Path, required=True, help='folder of latents and fitted heads, which are used again'
    )
    parser.add_argument('--output', type=Path, required=True, help='folder of the new bundle')
    parser.add_argument('--steps', type=whole_number(1), default=2000, help='steps of the fit (%(default)s)')
    parser.add_argument('--seed', type=whole_number(0), default=0, help='seed of the fit (%(default)s)')
    add_workers_option(parser)
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        bundle = Bundle.load(options.bundle)
        drives = list(find_drives(options.drives).values())
        latents = encode_drives(bundle, options.drives, options.work / 'latents', options.workers)
        written = add_state(
            bundle, latents, drives, options.work, options.output, steps=options.steps, seed=options.seed
        )
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 1
    size = sum(entry.size for entry in written.manifest.files.values()) / 1e6
    console.print(f'bundle: {written.folder} ({size:.1f} MB)')
    return 0
