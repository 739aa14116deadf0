# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Summary of a bundle: manifest, microphones, weight arrays, file sizes, hashes and scores."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from safetensors import safe_open

from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.cli.options import BUNDLE_HELP, add_json_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.inference.bundle.manifest import Manifest

# Number of metrics of each modality, of which the first is shown with its controls.
SHOWN_METRICS = 2
CONTROLS = ('prior', 'constants', 'camera_prior', 'shuffled', 'mirrored')


@dataclass(frozen=True)
class WeightArray:
    """An array of the weights file: name, data type in the notation of safetensors, and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def weight_arrays(bundle: Bundle) -> list[WeightArray]:
    """Return the arrays of the weights file, sorted by name. The weights themselves are not read."""
    with safe_open(bundle.weights_path, framework='numpy') as weights:
        slices = {name: weights.get_slice(name) for name in sorted(weights.keys())}
        return [WeightArray(name, part.get_dtype(), tuple(part.get_shape())) for name, part in slices.items()]


def print_bundle(bundle: Bundle, console: SafeConsole) -> None:
    """Print the summary for people."""
    manifest = bundle.manifest
    features = manifest.features
    lines = {
        'bundle': f'{manifest.name} (format {manifest.format_version}) in {bundle.folder}',
        'description': manifest.description,
        'modalities': ', '.join(manifest.modalities),
        'features': describe_kind(features),
        'input': f'{manifest.window_s:.3g} s at {features.sample_rate_hz} Hz, '
        f'{" × ".join(map(str, features.input_shape(manifest.microphones)))} values',
        **_state_line(manifest),
        'output': f'{manifest.camera.height} × {manifest.camera.width} pixels, '
        f'for the instant {manifest.look_back_s:g} s before the end of the window',
        'microphones': manifest.array.describe()
        + ('' if manifest.is_spatial else f', {manifest.tolerates_missing} may be missing'),
    }
    for name, text in lines.items():
        console.print(f'{name:12} {text}', markup=False, highlight=False)
    for line in manifest.array.details():
        console.print(f'  {line}', markup=False, highlight=False)
    console.print(_scores_table(manifest.metrics))
    files = Table('file', 'bytes', 'SHA-256', title='files, verified')
    for name, entry in manifest.files.items():
        files.add_row(name, f'{entry.size:,}', entry.sha256)
    console.print(files)
    arrays = Table('array', 'type', 'shape', title='arrays of weights.safetensors')
    for array in weight_arrays(bundle):
        arrays.add_row(array.name, array.dtype, ' × '.join(map(str, array.shape)))
    console.print(arrays)
    for name, value in manifest.training.items():
        console.print(f'{name}: {value}', markup=False, highlight=False)


def _state_line(manifest: Manifest) -> dict[str, str]:
    state = manifest.state
    if state is None:
        return {}
    return {'state': f'latents of {state.describe(manifest.features.hop_samples / manifest.features.sample_rate_hz)}'}


def describe_kind(features: AnyFeatureSpec) -> str:
    """Return the kind of the features in a few words."""
    if isinstance(features, SpatialFeatureSpec):
        return (
            f'spatial: levels in {features.mel_bands} bands, {features.azimuths} steered azimuths in '
            f'{features.steered_bands} bands, {features.describe_echoes()}'
        )
    return f'mel: levels of each microphone in {features.mel_bands} bands'


def to_dict(bundle: Bundle) -> dict[str, object]:
    """Return the manifest and the arrays as JSON values."""
    arrays = {array.name: {'dtype': array.dtype, 'shape': array.shape} for array in weight_arrays(bundle)}
    return {'folder': str(bundle.folder), 'manifest': to_plain(bundle.manifest), 'arrays': arrays}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('model info')
    parser.add_argument('bundle', help=BUNDLE_HELP)
    add_json_option(parser)
    options = parser.parse_args(arguments)
    try:
        bundle = Bundle.load(find_bundle(options.bundle))
    except (InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(to_dict(bundle), indent=1))
    else:
        print_bundle(bundle, SafeConsole(soft_wrap=True, width=None if sys.stdout.isatty() else 140))
    return 0


def _scores_table(metrics: Mapping[str, object]) -> Table:
    table = Table('modality', 'metric', 'value', title=f'scores on {metrics.get("windows", "?")} test windows')
    for modality, entry in MODALITIES.items():
        scores = metrics.get(modality)
        names = [metric.key for metric in entry.metrics[:SHOWN_METRICS]]
        names += [f'{names[0]}_{control}' for control in CONTROLS]
        if isinstance(scores, Mapping):
            for name in names:
                if name in scores:
                    table.add_row(modality, name, f'{scores[name]:.4f}')
    return table
