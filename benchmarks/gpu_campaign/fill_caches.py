# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process of a campaign that computes the features of all systems once: `--out DIR --work DIR SYSTEM ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.files import write_json_atomic
from benchmarks.gpu_campaign.settings import cores
from benchmarks.gpu_campaign.systems import make_experiment, read_arguments
from training.data.cache import open_cache
from training.data.split_file import SPLITS

WINDOWS_FILE = 'windows.json'


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the caches and store the number of windows of each. Return the exit status."""
    settings, limit_s = read_arguments(__doc__, arguments)
    console = Console(stderr=True)
    configs = [make_experiment(name, settings, limit_s).data for name in settings.systems]
    windows: dict[str, object] = {}
    try:
        # Systems with equal data share a cache.
        for data in [data for number, data in enumerate(configs) if data not in configs[:number]]:
            cache = open_cache(replace(data, workers=cores()))
            counts = {split: len(cache.indices(split)) for split in SPLITS}
            windows[f'{Path(data.drives).name}: {asdict(data.features)}'] = counts
            write_json_atomic(settings.out / WINDOWS_FILE, windows, sort_keys=False)
            console.print(f'{data.drives}: {counts}')
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
