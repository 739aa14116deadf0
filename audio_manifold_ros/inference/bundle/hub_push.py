# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command that verifies a bundle and uploads it to the Hugging Face hub."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from audio_manifold_ros.cli.options import BUNDLE_HELP
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle.hub_upload import upload_bundle


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status. Print the reference to the uploaded bundle."""
    parser = command_parser('model push')
    parser.add_argument('bundle', help=BUNDLE_HELP)
    parser.add_argument('repository', help='ORGANISATION/NAME on the hub; it is created if it does not exist')
    parser.add_argument('--branch', default='main', help='branch of the commit (default: %(default)s)')
    parser.add_argument('--private', action='store_true', help='create a private repository')
    options = parser.parse_args(arguments)
    try:
        bundle = Bundle.load(find_bundle(options.bundle))
        reference = upload_bundle(bundle, options.repository, branch=options.branch, private=options.private)
    except (InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(reference)
    return 0
