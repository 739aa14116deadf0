# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a campaign, and the folders that its processes share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# The most important first: weights are kept in this order until the folder of the results is full.
SYSTEMS = (
    'spatial',
    'spatial_vq',
    'vq_8x8',
    'echo2depth_paper',
    'omninet_8ch_both',
    'omninet_2ch_both',
    'end_to_end_8x8',
    'vq_16x16',
    'vq_32x32',
    'autoencoder_8x8',
    'vae_8x8',
)


@dataclass(frozen=True)
class CampaignSettings:
    """Settings of a campaign.

    Attributes:
        out: Folder of the results.
        work: Folder of drives, caches and checkpoints, which are not results.
        seconds: Duration of the campaign.
        systems: Names of the systems to train.
        dry_run: Whether everything runs on the processor with few drives and few steps.

    """

    out: Path
    work: Path
    seconds: float
    systems: tuple[str, ...] = SYSTEMS
    dry_run: bool = False

    @property
    def device(self) -> str:
        """Device of benches and training, as torch names it."""
        return 'cpu' if self.dry_run else 'cuda'

    @property
    def logs(self) -> Path:
        """Folder of the output of all processes."""
        return self.out / 'logs'

    @property
    def records(self) -> Path:
        """Folder of the run records of the systems."""
        return self.out / 'records'

    @property
    def benches(self) -> Path:
        """Folder of the figures of the benches."""
        return self.out / 'benches'

    @property
    def octagon_drives(self) -> Path:
        """Folder of the drives with the roof octagon."""
        return self.work / 'street' / 'octagon'

    @property
    def random_drives(self) -> Path:
        """Folder of the drives with random arrays and cameras."""
        return self.work / 'street' / 'random'

    @property
    def runs(self) -> Path:
        """Folder of the checkpoints."""
        return self.work / 'runs'

    @property
    def bundles(self) -> Path:
        """Folder of the exported bundles before they are selected."""
        return self.work / 'bundles'


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
