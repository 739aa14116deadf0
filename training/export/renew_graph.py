# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of the ONNX graph of a bundle from its weights, with the rewriting of this version. Nothing is trained.

audio-manifold train renew-graph models/street
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import ONNX_FILE, Bundle
from audio_manifold_ros.inference.bundle.file_metadata import describe_files
from training.export.changed_bundle import change_files
from training.export.onnx_graph import export_network

if TYPE_CHECKING:
    from collections.abc import Sequence


def renew_graph(bundle: Bundle) -> Bundle:
    """Write a bundle again with a new float32 graph of its weights. An int8 graph stays as it is.

    Raises:
        TrainingError: The weight file would change, to which the graph refers by position.
        InferenceError: The weights do not fit the networks.

    """
    manifest = bundle.manifest
    exported = export_network(load_network(bundle), input_shape(manifest), metadata=describe_files(manifest))
    if exported.weights != bundle.weights_path.read_bytes():
        msg = f'{bundle.weights_path} has another form than this version writes: export the bundle again.'
        raise TrainingError(msg)
    return change_files(bundle, {ONNX_FILE: exported.onnx})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train renew-graph')
    parser.add_argument(
        'bundles', type=Path, nargs='+', metavar='BUNDLE', help='folder of a bundle; it is written again'
    )
    options = parser.parse_args(arguments)
    for folder in options.bundles:
        try:
            bundle = renew_graph(Bundle.load(folder))
        except (AudioManifoldError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
        print(f'{bundle.folder}: {ONNX_FILE} of {bundle.manifest.files[ONNX_FILE].size} bytes')
    return 0


if __name__ == '__main__':
    sys.exit(main())
