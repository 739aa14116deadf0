# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Text of the rig files that a drive stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.common.untrusted_text import read_limited_text
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraModel
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray

RIG_FILES = ('mic_array', 'camera', 'extrinsics')
OPTIONAL_FILES = ('depth',)


@dataclass(frozen=True)
class RigFiles:
    """Unchanged text of the YAML files of a rig.

    Attributes:
        mic_array: Text of `mic_array.yaml`.
        camera: Text of `camera.yaml` (the format of camera_info_manager).
        extrinsics: Text of `extrinsics.yaml`.
        depth: Text of `depth.yaml`; empty for a rig without it.

    """

    mic_array: str
    camera: str
    extrinsics: str
    depth: str = ''

    @classmethod
    def from_folder(cls, folder: Path | str, defaults: Mapping[str, str] = MappingProxyType({})) -> RigFiles:
        """Read the rig files of a folder.

        Args:
            folder: The folder.
            defaults: Texts of files that may be missing, by name without `.yaml`.

        Raises:
            DatasetError: A file is missing or is not UTF-8 text.

        """
        texts: dict[str, str] = {}
        for name in (*RIG_FILES, *OPTIONAL_FILES):
            path = Path(folder) / f'{name}.yaml'
            if name in {*OPTIONAL_FILES, *defaults} and not path.exists():
                texts |= {name: defaults[name]} if name in defaults else {}
                continue
            try:
                texts[name] = read_limited_text(path)
            except ValueError as error:
                msg = f'Cannot read the rig file {str(path)!r}: {error}. Give a folder with {list(RIG_FILES)} as YAML.'
                raise DatasetError(msg) from None
        return cls(**texts)

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> RigFiles:
        """Return the rig for the given texts by file name without `.yaml`, as returned by `texts`.

        Raises:
            KeyError: A required file is missing.

        """
        required = {name: str(texts[name]) for name in RIG_FILES}
        return cls(**required, **{name: str(texts[name]) for name in OPTIONAL_FILES if name in texts})

    def texts(self) -> dict[str, str]:
        """Return the text of every existing file by its name without `.yaml`."""
        more = {name: getattr(self, name) for name in OPTIONAL_FILES if getattr(self, name)}
        return {**{name: getattr(self, name) for name in RIG_FILES}, **more}

    def array(self) -> MicrophoneArray:
        """Return the microphone array.

        Raises:
            RigError: The text does not describe a microphone array.

        """
        return _array(self.mic_array)

    def camera_model(self) -> CameraModel:
        """Return the camera of the images.

        Raises:
            RigError: The text does not describe a camera.

        """
        return CameraModel.from_text(self.camera, CAMERA_FILE)

    def transforms(self) -> Extrinsics:
        """Return the transforms of the rig.

        Raises:
            RigError: The text does not describe transforms.

        """
        return Extrinsics.from_text(self.extrinsics, EXTRINSICS_FILE)

    def depth_file(self) -> DepthCalibration | None:
        """Return the depth calibration, None for a rig without it.

        Raises:
            RigError: `depth.yaml` is invalid.

        """
        return DepthCalibration.from_text(self.depth, DEPTH_FILE) if self.depth else None


@lru_cache(maxsize=8)
def _array(text: str) -> MicrophoneArray:
    return MicrophoneArray.from_text(text, 'mic_array.yaml')
