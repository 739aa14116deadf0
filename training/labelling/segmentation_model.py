# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Class labels from a semantic segmentation model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.modalities.registry import SEGMENTATION
from training.labelling.frame import RecordedFrame
from training.labelling.hub_model import HubModel

# The main branch of the repository has pickles only. This revision has the same weights as safetensors.
DEFAULT_SEGMENTATION = 'nvidia/segformer-b5-finetuned-cityscapes-1024-1024@refs/pr/3'


class SegmentationModel:
    """A segmentation model from the Hugging Face hub or a folder. Its classes are matched to Cityscapes by name.

    Attributes:
        modality: `segmentation`.
        unknown_classes: Classes of the model that are not in Cityscapes. Their pixels stay unlabelled.

    """

    modality = SEGMENTATION

    def __init__(self, name: str) -> None:
        """Read the configuration of the model. Its weights are loaded when they are needed.

        Raises:
            TrainingError: The model does not exist, or has no class of Cityscapes.

        """
        self._model = HubModel.find(name)
        names = [str(label).lower() for label in (self._model.config.id2label or {}).values()]
        self.unknown_classes = tuple(label for label in names if label not in CLASS_NAMES)
        if len(self.unknown_classes) == len(names):
            msg = f'The model {name!r} has {names[:5]}…, no class of Cityscapes: give one trained on Cityscapes.'
            raise TrainingError(msg)

    @property
    def provenance(self) -> dict[str, object]:
        """Identity of the model, and its classes beyond Cityscapes."""
        return {'kind': 'model', **self._model.identity, 'unlabelled_classes': list(self.unknown_classes)}

    @cached_property
    def _pipeline(self) -> Any:
        from transformers import AutoModelForSemanticSegmentation

        return self._model.pipeline('image-segmentation', AutoModelForSemanticSegmentation)

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Return uint8 (row, column) class ids in the size of the pictures, 255 unlabelled.

        Raises:
            TrainingError: The weights cannot be loaded.

        """
        from PIL import Image

        pictures = [Image.fromarray(frame.picture()) for frame in frames]
        found = self._pipeline(pictures, batch_size=len(pictures), subtask='semantic')
        return [_class_ids(picture.size, segments) for picture, segments in zip(pictures, found, strict=True)]


def _class_ids(size: tuple[int, int], segments: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
    width, height = size
    ids = np.full((height, width), UNLABELLED, dtype=np.uint8)
    for segment in segments:
        name = str(segment['label']).lower()
        if name in CLASS_NAMES:
            ids[np.asarray(segment['mask']) > 0] = CLASS_NAMES.index(name)
    return ids
