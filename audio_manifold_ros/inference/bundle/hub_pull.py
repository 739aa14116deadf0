# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command that downloads a bundle from the Hugging Face hub and verifies it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.hub_download import download_bundle
from audio_manifold_ros.inference.bundle.hub_reference import FORM, HubReference


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status. Print the folder of the bundle."""
    parser = command_parser(
        'model pull', 'Only the files of the manifest are downloaded. Sizes and checksums are verified.'
    )
    parser.add_argument('bundle', help=f'{FORM}: a commit, or a tag or branch, which is resolved to its commit')
    parser.add_argument('--out', type=Path, help='new folder for a copy (default: the folder in the cache)')
    options = parser.parse_args(arguments)
    try:
        folder = Bundle.load(download_bundle(HubReference.parse(options.bundle), _report)).folder
        if options.out is not None:
            folder = Path(shutil.copytree(folder, options.out))
    except (InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(folder)
    return 0


def _report(line: str) -> None:
    print(line, file=sys.stderr)
