# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models from the Hugging Face hub or a local folder: safetensors only, no pickles, no remote code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.common.errors import TrainingError
from training.labelling.content_fingerprint import fingerprint

if TYPE_CHECKING:
    from transformers import PretrainedConfig

FILES = ('*.json', '*.safetensors')
# Loading must not ask a public service to convert pickles.
os.environ['DISABLE_SAFETENSORS_CONVERSION'] = '1'


@dataclass(frozen=True)
class HubModel:
    """A model with its configuration. The weights are loaded later.

    Attributes:
        name: Name from the user, without revision.
        revision: Commit. None for a local folder.
        config: Configuration of the model.
        identity: Name and commit, or hash of the files, as plain values.

    """

    name: str
    revision: str | None
    config: PretrainedConfig
    identity: dict[str, object]

    @classmethod
    def find(cls, text: str) -> HubModel:
        """Read the configuration of `NAME`, `NAME@REVISION` or a local folder.

        Raises:
            TrainingError: The model does not exist, or needs remote code.

        """
        from transformers import AutoConfig

        folder = Path(text)
        local = folder.is_dir()
        name, _, revision = (text, '', '') if local else text.partition('@')
        try:
            config = AutoConfig.from_pretrained(
                name, revision=revision or None, trust_remote_code=False, local_files_only=local
            )
        except (OSError, ValueError) as error:
            msg = f'No model {text!r}: {_first_line(error)} Give a name on the hub, NAME@REVISION or a local folder.'
            raise TrainingError(msg) from None
        if local:
            files = sorted(file for pattern in FILES for file in folder.glob(pattern))
            return cls(
                name, None, config, {'model': folder.absolute().name, 'sha256': fingerprint(files, full_content=True)}
            )
        commit = getattr(config, '_commit_hash', None) or revision
        return cls(name, commit or None, config, {'model': name, 'revision': commit})

    def pipeline(self, task: str, auto_model: Any) -> Any:
        """Load the weights and return a pipeline, on the GPU if there is one.

        Args:
            task: Name of the task in transformers.
            auto_model: Class of transformers that makes models for this task.

        Raises:
            TrainingError: There are no safetensors, or the model is for another task.

        """
        import torch
        import transformers

        revision = {} if self.revision is None else {'revision': self.revision}
        load_arguments = {'trust_remote_code': False, 'local_files_only': 'sha256' in self.identity, **revision}
        try:
            processor = self._image_processor(load_arguments)
            model = auto_model.from_pretrained(self.name, use_safetensors=True, **load_arguments)
        except (OSError, ValueError) as error:
            msg = (
                f'The model {self.name!r} cannot be loaded for {task}: {_first_line(error)} Safetensors are required: '
                'if the repository has pickles only, give a revision with safetensors (NAME@refs/pr/3).'
            )
            raise TrainingError(msg) from None
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        pipeline: Any = transformers.pipeline
        return pipeline(task, model=model, image_processor=processor, device=device)

    def _image_processor(self, load_arguments: Mapping[str, Any]) -> Any:
        """Return the image processor of the Pillow backend: labels must not depend on the installed packages."""
        if self.config.model_type == 'segformer':
            # Not exported without torchvision, which only its training code needs (transformers 5.20).
            from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

            return SegformerImageProcessorPil.from_pretrained(self.name, **load_arguments)
        from transformers import AutoImageProcessor

        return AutoImageProcessor.from_pretrained(self.name, backend='pil', **load_arguments)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]
