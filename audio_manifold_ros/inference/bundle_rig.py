# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rig as a bundle uses it: microphones, geometry of spatial features, and camera of the images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import DatasetError, FeatureError, InferenceError, RigError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.batch_features import rig_geometry
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import DEFAULT_SETTINGS, PipelineSettings
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray

if TYPE_CHECKING:
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.rig.camera import CameraModel


@dataclass(frozen=True)
class BundleRig:
    """The parts of a rig that a bundle needs.

    Attributes:
        bundle: The bundle for the camera of the rig.
        array: The microphones.
        camera: Camera of the images: that of the bundle, or with spatial features that of the rig at the size of the
            bundle's images.
        geometry: Geometry of the array. None with mel features.
        warning: What of the rig differs from those that the bundle was trained for, or an empty string.

    """

    bundle: Bundle
    array: MicrophoneArray
    camera: CameraModel
    geometry: ArrayGeometry | None
    warning: str

    @classmethod
    def open(cls, bundle: Bundle, folder: Path) -> BundleRig:
        """Read a rig. Mel features need only its array. A rig without a camera file has the camera of the bundle.

        Raises:
            InferenceError: The bundle cannot be used with the rig.
            RigError: A file of the rig is missing or invalid.

        """
        manifest = bundle.manifest
        if not manifest.is_spatial:
            array = MicrophoneArray.from_yaml(folder / RIG_FILE)
            return cls(bundle, array, manifest.camera, None, bundle.describe_array_difference(array) or '')
        try:
            files = RigFiles.from_folder(folder, {'camera': CameraCalibration(manifest.camera).to_text()})
        except DatasetError as error:
            msg = f'The bundle {manifest.name!r} needs microphones, camera and extrinsics of the rig: {error}'
            raise RigError(msg) from None
        array, camera = files.array(), files.camera_model()
        view = CameraView.from_rig(camera, files.transforms())
        warning = bundle.describe_array_difference(array, view) or ''
        try:
            geometry = rig_geometry(files, manifest.features)
        except FeatureError as error:
            msg = f'The rig {str(folder)!r} cannot be used with the bundle {manifest.name!r}: {error}'
            raise InferenceError(msg) from None
        size = manifest.camera.height, manifest.camera.width
        return cls(bundle.with_view(view), array, camera.resized(*size), geometry, warning)

    @property
    def manifest(self) -> Manifest:
        """Manifest of the bundle with the camera of the images."""
        return replace(self.bundle.manifest, camera=self.camera)

    def make_pipeline(
        self, backend: Backend, input_rate_hz: int, settings: PipelineSettings = DEFAULT_SETTINGS
    ) -> Pipeline:
        """Return a pipeline for the rig.

        Args:
            backend: Backend opened for `bundle`.
            input_rate_hz: Rate of the blocks.
            settings: Initial settings.

        Raises:
            AudioError: The rate is out of range.

        """
        return Pipeline(self.bundle, backend, self.array, input_rate_hz, settings, self.geometry)
