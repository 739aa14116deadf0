# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of the weights of a campaign that fit into the folder of its results."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from benchmarks.gpu_campaign.settings import CampaignSettings

# Archives are usually limited to 64 MB. The records that are written after the selection need little.
MAX_BYTES, RESERVED_BYTES = 64_000_000, 1_000_000
CHECKPOINT = 'best.ckpt'


@dataclass(frozen=True)
class CollectedWeights:
    """Weights of a system.

    Attributes:
        system: Name of the system.
        kind: `bundle`, or `checkpoint` of a system that was stopped before its export.
        path: Path in the folder of the results. Empty if they are left out.
        bytes: Their size.

    """

    system: str
    kind: str
    path: str
    bytes: int


def collect_weights(settings: CampaignSettings, max_bytes: int = MAX_BYTES) -> list[dict[str, object]]:
    """Copy weights into the folder of the results, in the order of the systems, while they fit.

    Args:
        settings: The campaign.
        max_bytes: Maximum size of the folder.

    Returns:
        Fields of `CollectedWeights` of all weights. Those that did not fit have no path.

    """
    free = max_bytes - RESERVED_BYTES - folder_bytes(settings.out)
    collected = []
    for system, kind, source in _weights(settings):
        size = folder_bytes(source)
        target = settings.out / f'{kind}s' / system
        fits = size <= free
        if fits:
            shutil.copytree(source, target, dirs_exist_ok=True)
            free -= size
        path = str(target.relative_to(settings.out)) if fits else ''
        collected.append(asdict(CollectedWeights(system, kind, path, size)))
    return collected


def _weights(settings: CampaignSettings) -> Iterator[tuple[str, str, Path]]:
    """Yield system, kind and folder of the weights of each system that has some."""
    for system in settings.systems:
        bundle = settings.bundles / system
        if (bundle / 'manifest.json').is_file():
            yield system, 'bundle', bundle
        elif any((settings.runs / system).rglob(CHECKPOINT)):
            yield system, 'checkpoint', extract_weights(settings, system)


def extract_weights(settings: CampaignSettings, system: str) -> Path:
    """Write the weights of the best checkpoints of a system without optimiser state, and return their folder.

    A checkpoint that was being written when its process was stopped is left out.
    """
    from safetensors.torch import save_file

    from training.fitting.checkpoints import load_checkpoint

    folder = settings.work / 'extracted' / system
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((settings.runs / system).rglob(CHECKPOINT)):
        try:
            state = load_checkpoint(path)['state_dict']
        except TrainingError as error:
            print(f'! {error}', file=sys.stderr)
            continue
        weights = {name: tensor.contiguous().clone() for name, tensor in state.items()}
        save_file(weights, folder / f'{path.parent.name}.safetensors')
    return folder


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())
