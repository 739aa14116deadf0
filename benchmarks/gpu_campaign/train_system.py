# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process of a campaign that fits, scores and exports one system: `--out DIR --work DIR --limit SECONDS SYSTEM`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.common.errors import AudioManifoldError
from benchmarks.gpu_campaign.systems import make_experiment, read_arguments
from training.data.window_checks import with_drive_microphones
from training.experiment.run import run
from training.export.export_bundle import export

SEED = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment of a system and export its bundle. Return the exit status."""
    settings, limit_s = read_arguments(__doc__, arguments)
    console = Console(stderr=True)
    try:
        for name in settings.systems:
            config = make_experiment(name, settings, limit_s).seeded(SEED)
            console.print(f'record: {run(config, settings.records, console)}')
            bundle = export(with_drive_microphones(config), settings.bundles / name)
            console.print(f'bundle: {bundle.folder}')
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
