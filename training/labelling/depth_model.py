# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth labels in metres from a monocular depth model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.depth_range import valid_depth
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.modalities.registry import DEPTH
from training.labelling.frame import RecordedFrame
from training.labelling.hub_model import HubModel

# The small model is Apache-2.0. The larger ones have other licences.
DEFAULT_DEPTH = 'depth-anything/Depth-Anything-V2-Metric-Outdoor-Small-hf'
# Test for metric depth by model type.
METRIC: Mapping[str, Callable[[Any], bool]] = {
    'depth_anything': lambda config: config.depth_estimation_type == 'metric',
    'zoedepth': lambda config: True,  # noqa: ARG005
    'depth_pro': lambda config: True,  # noqa: ARG005
    'glpn': lambda config: True,  # noqa: ARG005
}


class DepthModel:
    """A monocular depth model from the Hugging Face hub or a folder.

    Attributes:
        modality: `depth`.

    """

    modality = DEPTH

    def __init__(self, name: str) -> None:
        """Read the configuration of the model. Its weights are loaded when they are needed.

        Raises:
            TrainingError: The model does not exist, or its depth is relative.

        """
        self._model = HubModel.find(name)
        kind = self._model.config.model_type
        if kind not in METRIC or not METRIC[kind](self._model.config):
            msg = f'The model {name!r} ({kind!r}) does not predict metric depth: give {DEFAULT_DEPTH!r} or another one.'
            raise TrainingError(msg)

    @property
    def provenance(self) -> dict[str, object]:
        """Identity of the model, and its maximum depth."""
        return {'kind': 'model', **self._model.identity, 'max_depth_m': getattr(self._model.config, 'max_depth', None)}

    @cached_property
    def _pipeline(self) -> Any:
        from transformers import AutoModelForDepthEstimation

        return self._model.pipeline('depth-estimation', AutoModelForDepthEstimation)

    def label(self, frames: Sequence[RecordedFrame]) -> list[NDArray[Any] | None]:
        """Return float32 (row, column) metres in the size of the pictures. Values that are not positive become NaN.

        Raises:
            TrainingError: The weights cannot be loaded.

        """
        from PIL import Image

        pictures = [Image.fromarray(frame.picture()) for frame in frames]
        return [_metres(found) for found in self._pipeline(pictures, batch_size=len(pictures))]


def _metres(found: Mapping[str, Any]) -> NDArray[np.float32]:
    return valid_depth(found['predicted_depth'].float().cpu().numpy())
