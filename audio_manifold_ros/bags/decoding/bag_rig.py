# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig of a bag, as a folder."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, TOPIC, RunMetadata
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.resource_paths import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.bags.storage.bag_reader import BagReader

DEFAULT_RIG = 'calibration/roof_octagon'


@dataclass(frozen=True)
class BagRig:
    """The rig of a bag.

    Attributes:
        folder: Folder with `mic_array.yaml`, `camera.yaml` and `extrinsics.yaml`.
        origin: Its origin: `given`, `bag` or `default`.

    """

    folder: Path
    origin: str


@contextmanager
def bag_rig(bag: BagReader, given: Path | None = None) -> Iterator[BagRig]:
    """Provide the rig: the given one, else the one stored in the bag, else the default one.

    Raises:
        BagError: The given folder does not exist, or the run metadata of the bag is damaged.

    """
    if given is not None:
        if not given.is_dir():
            msg = f'The rig is {str(given)!r}: give a folder with mic_array.yaml, camera.yaml and extrinsics.yaml.'
            raise BagError(msg)
        yield BagRig(given, 'given')
        return
    metadata = read_run_metadata(bag)
    if metadata is None or metadata.rig is None:
        yield BagRig(resource_path(DEFAULT_RIG), 'default')
        return
    with tempfile.TemporaryDirectory(prefix='audio_manifold_rig_') as folder:
        for name, text in metadata.rig.texts().items():
            (Path(folder) / f'{name}.yaml').write_text(text, encoding='utf-8')
        yield BagRig(Path(folder), 'bag')


def read_run_metadata(bag: BagReader) -> RunMetadata | None:
    """Return the run metadata of a bag, from its custom data or from its latched topic. None without any.

    Raises:
        BagError: The run metadata is damaged.

    """
    if CUSTOM_KEY in bag.custom:
        return RunMetadata.from_json(bag.custom[CUSTOM_KEY])
    names = [topic.name for topic in bag.topics if topic.name.rpartition('/')[2] == TOPIC and topic.count > 0]
    first = next(iter(bag.messages(names[:1])), None) if names else None
    return None if first is None else RunMetadata.from_json(str(bag.decode(first).data))
