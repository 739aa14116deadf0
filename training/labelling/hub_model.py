# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Models by name on the Hugging Face hub or by local path: safetensors only, never pickles, never code of theirs."""

from __future__ import annotations

import os
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
    """A model whose configuration has been read, its weights not yet.

    Attributes:
        name: As the user gave it, without revision.
        revision: The commit; None for a local path.
        config: Its configuration.
        identity: The model as plain values: its name and commit, or the hash of its files.

    """

    name: str
    revision: str | None
    config: PretrainedConfig
    identity: dict[str, object]

    @classmethod
    def find(cls, text: str) -> HubModel:
        """Read the configuration of `NAME`, `NAME@REVISION` or a local folder.

        Raises:
            TrainingError: There is no such model, or it needs code of its own.

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
            task: In the words of transformers.
            auto_model: Class of transformers that makes models for this task.

        Raises:
            TrainingError: There are no safetensors, or the model is for another task.

        """
        import torch
        import transformers

        processor_arguments: dict[str, Any] = {
            'revision': self.revision,
            'trust_remote_code': False,
            'local_files_only': 'sha256' in self.identity,
        }
        processor_arguments = {key: value for key, value in processor_arguments.items() if value is not None}
        try:
            processor = self._image_processor(processor_arguments)
            model = auto_model.from_pretrained(self.name, use_safetensors=True, **processor_arguments)
        except (OSError, ValueError) as error:
            msg = (
                f'The model {self.name!r} cannot be loaded for {task}: {_first_line(error)} It needs safetensors: '
                'where a repository has pickles only, look for a revision that has them (NAME@refs/pr/3).'
            )
            raise TrainingError(msg) from None
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
        pipeline: Any = transformers.pipeline
        return pipeline(task, model=model, image_processor=processor, device=device)

    def _image_processor(self, processor_arguments: dict[str, Any]) -> Any:
        """Return what makes tensors of pictures, always by Pillow: the labels must not depend on what is installed."""
        if self.config.model_type == 'segformer':
            # Hidden where torchvision is missing, though only maps to train on need that (transformers 5.20).
            from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

            return SegformerImageProcessorPil.from_pretrained(self.name, **processor_arguments)
        from transformers import AutoImageProcessor

        return AutoImageProcessor.from_pretrained(self.name, backend='pil', **processor_arguments)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]
