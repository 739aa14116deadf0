# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One window of an unseen street: its features by any definition, its ground truth and its camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.batch_features import rig_geometry, window_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from training.comparison.traffic_regions import traffic_regions

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Mask
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.modalities.modality_images import ModalityImages


@dataclass
class StreetWindow:
    """One window of a drive.

    Attributes:
        street: Id of the drive.
        seed: Seed of the street.
        image_s: Instant of the image on the clock of the street.
        seconds: Length of the drive.
        samples: float32 (mic, sample), full scale ±1, of the longest window. The others end with it. A dead microphone
            is silent.
        active: bool (mic,), False for a dead microphone.
        rig: Files of its rig.
        ground_truth: Camera images.

    """

    street: str
    seed: int
    image_s: float
    seconds: float
    samples: NDArray[np.float32]
    active: Mask
    rig: RigFiles
    ground_truth: ModalityImages
    _features: dict[AnyFeatureSpec, NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, spec: AnyFeatureSpec, frame_position: float, dead: int = 0) -> StreetWindow:
        """Read the last window of a drive. The drives of a comparison have one.

        Args:
            path: The drive.
            spec: Definition of the features with the longest window.
            frame_position: Position of the image in the window.
            dead: Number of microphones that are dead. They depend on the name of the drive.

        Raises:
            DatasetError: The drive cannot be read.

        """
        with DriveReader(path) as drive:
            window = cut_windows(drive, spec, frame_position).windows[-1]
            samples = drive.samples(window.first_sample, spec.window_samples)
            active = np.array([microphone.enabled for microphone in drive.array.microphones])
            seed = int(drive.provenance.get('seed', 0))  # type: ignore[call-overload]
            rng = np.random.default_rng([seed, dead])
            active[rng.permutation(np.flatnonzero(active))[:dead]] = False
            samples[~active] = 0.0
            image_s = float(drive.image_samples[window.image] / drive.sample_rate_hz)
            seconds = (drive.end_sample - drive.first_sample) / drive.sample_rate_hz
            return cls(drive.drive_id, seed, image_s, seconds, samples, active, drive.rig, drive.images(window.image))

    @cached_property
    def traffic_regions(self) -> dict[str, Mask]:
        """Pixels of moving, waiting and parked vehicles (see `traffic_regions`)."""
        return traffic_regions(self.ground_truth, self.rig, self.seed, self.seconds, self.image_s)

    @property
    def view(self) -> CameraView:
        """View of the camera."""
        return CameraView.from_rig(self.rig.camera_model(), self.rig.transforms())

    def features(self, spec: AnyFeatureSpec) -> NDArray[np.float32]:
        """Return the features of the window. Spatial features leave out the dead microphones.

        Raises:
            RigError: A file of the rig is invalid.
            FeatureError: The rig cannot be used with these features.

        """
        if spec not in self._features:
            geometry = rig_geometry(self.rig, spec)
            active = self.active if isinstance(spec, SpatialFeatureSpec) else None
            self._features[spec] = window_features(self.samples[:, -spec.window_samples :], spec, geometry, active)
        return self._features[spec]
