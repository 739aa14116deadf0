# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recording of a view: the fixed scene of a rig, and the images of each instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.drawing.colormaps import MODALITY_COLOURS, colour_confidence, colour_spectrogram
from audio_manifold_ros.drawing.images import scale_with_sharp_edges
from audio_manifold_ros.features.array_geometry import array_centre_m
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from audio_manifold_ros.rig.transform_chain import find_optical_transform, pose_in_root
from audio_manifold_ros.robot_outputs.all_round_detections import vehicle_box
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from audio_manifold_ros.robot_outputs.detection_errors import angle_std_rad, range_log_std
from audio_manifold_ros.robot_outputs.image_detections import DetectionSettings, find_detections
from audio_manifold_ros.robot_outputs.organised_cloud import to_organised_cloud
from audio_manifold_ros.viewer.rerun_import import import_rerun
from audio_manifold_ros.viewer.view_layout import (
    CONFIDENCE,
    GROUND_TRUTH,
    LATENCY,
    LEVEL,
    MEAN_CONFIDENCE,
    PREDICTED,
    SCENE,
    SPECTROGRAM,
    TIMELINE,
    TOP_VIEW,
    TRUE_VEHICLES,
    VEHICLES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import RgbImage
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.networks.vehicle_map import VehiclePosition

CAMERA = f'{SCENE}/camera'
MIN_DETECTION_PIXELS, MIN_DETECTION_CONFIDENCE = 30, 0.2
MAX_POINT_M = 60.0
TOP_VIEW_SIZE, SPECTROGRAM_SIZE = 300, 256
POINT_RADIUS_M, MICROPHONE_RADIUS_M, FRUSTUM_M = 0.06, 0.05, 1.0
# A car of usual size below its roof, with base_link on the ground between the rear wheels (REP-105 leaves it open).
CAR_SIZE_M, CAR_CENTRE_M = (4.4, 1.8, 1.5), (0.9, 0.0, 0.75)
# Percentiles of the levels that the colours of the spectrogram span.
SPECTROGRAM_PERCENTILES = (1, 99.5)
MICROPHONE_COLOUR, CAR_COLOUR, PREDICTED_COLOUR, TRUE_COLOUR = (
    (255, 160, 0),
    (120, 140, 160),
    (220, 30, 60),
    (40, 160, 80),
)


class ViewRecording:
    """Logs snapshots to a stream of rerun. The scene is in the root frame of the rig (x forward, y left, z up)."""

    def __init__(self, stream: Any, rig: RigFiles, manifest: Manifest) -> None:
        """Log the fixed parts: vehicle, microphones and camera.

        Args:
            stream: Stream of `open_output`.
            rig: The rig.
            manifest: Manifest of the bundle, for the camera of its images and its classes.

        Raises:
            RigError: The rig is invalid.
            ViewerError: rerun is not installed.

        """
        self._rerun, self._stream = import_rerun(), stream
        self._camera = manifest.camera
        self._roles = ClassRoles.from_classes(manifest.classes)
        self._detection_settings = DetectionSettings(
            MIN_DETECTION_PIXELS, MIN_DETECTION_CONFIDENCE, range_log_std(manifest), angle_std_rad(manifest)
        )
        self._array_m = array_centre_m(rig.array(), rig.transforms())
        self._log_scene(rig)

    def log(self, snapshot: Snapshot, latency_ms: float | None = None) -> None:
        """Log the images of an instant.

        Args:
            snapshot: Images of the instant.
            latency_ms: From the newest sample of the window to the arrival of the image. None if it is unknown.

        """
        rerun = self._rerun
        self._stream.set_time(TIMELINE, duration=snapshot.time_s)
        low, high = (float(value) for value in np.percentile(snapshot.features, SPECTROGRAM_PERCENTILES))
        # Spectrograms of some features have few columns.
        spectrogram = colour_spectrogram(snapshot.features.mean(axis=0), low, high)
        self._log_image(SPECTROGRAM, scale_with_sharp_edges(spectrogram, SPECTROGRAM_SIZE, SPECTROGRAM_SIZE, 4))
        for kind, images in ((PREDICTED, snapshot.predicted), (GROUND_TRUTH, snapshot.ground_truth)):
            for name, image in images.by_modality().items():
                self._log_image(f'{kind}/{name}', MODALITY_COLOURS[name](image))
        self._stream.log(LEVEL, rerun.Scalars(float(snapshot.features.mean())))
        if snapshot.confidence is not None:
            self._log_image(CONFIDENCE, colour_confidence(snapshot.confidence))
            self._stream.log(MEAN_CONFIDENCE, rerun.Scalars(float(snapshot.confidence.mean())))
        top_view = snapshot.top_view(TOP_VIEW_SIZE)
        if top_view is not None:
            self._log_image(TOP_VIEW, top_view)
            self._log_vehicles(VEHICLES, snapshot.vehicles or (), PREDICTED_COLOUR, has_labels=True)
            self._log_vehicles(TRUE_VEHICLES, snapshot.true_vehicles, TRUE_COLOUR, has_labels=False)
        if latency_ms is not None:
            self._stream.log(LATENCY, rerun.Scalars(latency_ms))
        self._log_points(snapshot)

    def _log_scene(self, rig: RigFiles) -> None:
        rerun, stream = self._rerun, self._stream
        array, extrinsics = rig.array(), rig.transforms()
        stream.log(SCENE, rerun.ViewCoordinates.FLU, static=True)
        stream.log(
            f'{SCENE}/vehicle',
            rerun.Boxes3D(sizes=[CAR_SIZE_M], centers=[CAR_CENTRE_M], colors=[CAR_COLOUR]),
            static=True,
        )
        pose = pose_in_root(extrinsics, array.frame_id)
        positions_m = array.positions_m @ pose.rotation.T + pose.translation_m
        names = [mic.name for mic in array.microphones]
        stream.log(
            f'{SCENE}/microphones',
            rerun.Points3D(positions_m, radii=MICROPHONE_RADIUS_M, colors=[MICROPHONE_COLOUR], labels=names),
            static=True,
        )
        camera = self._camera
        optical = pose_in_root(extrinsics, find_optical_transform(extrinsics).child)
        stream.log(CAMERA, rerun.Transform3D(translation=optical.translation_m, mat3x3=optical.rotation), static=True)
        stream.log(
            f'{CAMERA}/frustum',
            rerun.Pinhole(
                width=camera.width,
                height=camera.height,
                focal_length=(camera.fx, camera.fy),
                principal_point=(camera.cx + 0.5, camera.cy + 0.5),
                image_plane_distance=FRUSTUM_M,
            ),
            static=True,
        )

    def _log_image(self, path: str, image: RgbImage) -> None:
        self._stream.log(path, self._rerun.Image(np.ascontiguousarray(image)))

    def _log_points(self, snapshot: Snapshot) -> None:
        """Log the predicted points in the colours of their classes, and boxes if there are no vehicles all round."""
        rerun, images = self._rerun, snapshot.predicted.by_modality()
        depth_m = images.get(DEPTH)
        if depth_m is None:
            return
        labels, confidence = images.get(SEGMENTATION), snapshot.confidence
        colours = MODALITY_COLOURS[DEPTH](depth_m) if labels is None else MODALITY_COLOURS[SEGMENTATION](labels)
        cloud = to_organised_cloud(depth_m.astype(np.float32), self._camera, labels=labels, colours=colours)
        is_shown = np.isfinite(cloud['z']) & (cloud['z'] < MAX_POINT_M)
        positions_m = np.stack([cloud[axis][is_shown] for axis in 'xyz'], axis=1)
        points = rerun.Points3D(positions_m, colors=colours[is_shown], radii=POINT_RADIUS_M)
        self._stream.log(f'{CAMERA}/points', points)
        if labels is not None and confidence is not None and snapshot.vehicles is None:
            self._log_detections(depth_m.astype(np.float32), labels, confidence)

    def _log_detections(
        self, depth_m: NDArray[np.float32], labels: NDArray[np.uint8], confidence: NDArray[np.float32]
    ) -> None:
        found = find_detections(depth_m, labels, confidence, self._camera, self._roles, self._detection_settings)
        self._stream.log(
            f'{CAMERA}/detections',
            self._rerun.Boxes3D(
                centers=[detection.position_m for detection in found],
                sizes=[detection.extent_m for detection in found],
                labels=[f'{item.class_name}, {item.distance_m:.0f} m, {item.probability:.0%}' for item in found],
                colors=[PREDICTED_COLOUR] * len(found),
            ),
        )

    def _log_vehicles(
        self, path: str, vehicles: Sequence[VehiclePosition], colour: tuple[int, int, int], *, has_labels: bool
    ) -> None:
        boxes = [vehicle_box(vehicle, self._array_m) for vehicle in vehicles]
        labels = [f'{one.category}, {one.distance_m:.0f} m, {one.probability:.0%}' for one in vehicles]
        self._stream.log(
            path,
            self._rerun.Boxes3D(
                centers=[centre_m for centre_m, _ in boxes],
                sizes=[extent_m for _, extent_m in boxes],
                labels=labels if has_labels else None,
                colors=[colour] * len(boxes),
            ),
        )
