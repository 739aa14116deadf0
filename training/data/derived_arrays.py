# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrays of the window cache with images that are derived from stored ones, computed once for each shard."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.files import atomic_write
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.rig.derived_images import DERIVED_IMAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.rig.camera import CameraModel
    from training.data.cache_shard import Shard

HASH_DIGITS = 16
# Array that each derived array is computed from.
SOURCE_ARRAYS = {MODALITIES[name].image: MODALITIES[MODALITIES[name].derived_from].image for name in DERIVED_IMAGES}
MODALITY_OF_ARRAY = {MODALITIES[name].image: name for name in DERIVED_IMAGES}


def derived_array(shard: Shard, name: str, cameras: Sequence[CameraModel]) -> NDArray[Any]:
    """Map a derived array of a shard (window, row, column, …), of the first stored type of its modality.

    Args:
        shard: The shard.
        name: Name of the array.
        cameras: Camera of each window.

    Raises:
        TrainingError: A drive has no images that it is derived from.

    """
    modality = MODALITY_OF_ARRAY[name]
    path = shard.folder / f'{name}_{hashlib.sha256(repr(Counter(cameras)).encode()).hexdigest()[:HASH_DIGITS]}.npy'
    if not path.exists():
        source, dtype = shard.array(SOURCE_ARRAYS[name]), MODALITIES[modality].stored_dtypes[0]
        derived = [
            DERIVED_IMAGES[modality](np.asarray(image, dtype=np.float32), camera).astype(dtype)
            for image, camera in zip(source, cameras, strict=True)
        ]
        with atomic_write(path) as partial, partial.open('wb') as file:
            np.save(file, np.stack(derived))
    return np.load(path, mmap_mode='r')  # type: ignore[no-any-return]
