# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latents of overlapping windows of drives, with the ground truth of their last images."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.files import atomic_write
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.processes.spread_work import spread
from training.data.simulate import FIRST_VERSION, VERSION_KEY
from training.data.window_dataset import find_drives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork

# Interval of the windows. Two windows of one second share three quarters.
STEP_S = 0.25
# The longest past is three seconds, the shorter one two.
PAST_WINDOWS = (8, 12)
WINDOWS = max(PAST_WINDOWS) + 1
PART_DRIVES = 50


@dataclass(frozen=True)
class DriveLatents:
    """Latents and ground truth of drives.

    Attributes:
        latents: float16 (drive, `WINDOWS`, channel, cell, cell), those of all modalities in order, `STEP_S` apart. The
            last window is that of the last image.
        depth_m: float16 (drive, image, row, column), NaN invalid: the images of the windows `PAST_WINDOWS`.
        labels: uint8 (drive, image, row, column), class ids, 255 unlabelled.

    """

    latents: NDArray[np.float16]
    depth_m: NDArray[np.float16]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of drives."""
        return len(self.latents)

    def chosen(self, drives: slice | NDArray[np.int64]) -> DriveLatents:
        """Return a part of the drives."""
        return DriveLatents(self.latents[drives], self.depth_m[drives], self.labels[drives])


def drive_version(path: Path) -> int:
    """Return the version of the simulator of a drive, which need not be the current one.

    Raises:
        DatasetError: The drive cannot be read.

    """
    with DriveReader(path) as drive:
        version = drive.provenance.get(VERSION_KEY, FIRST_VERSION)
    return int(cast('int', version))


def encode_drives(bundle: Bundle, drives: Path, out: Path, workers: int) -> DriveLatents:
    """Return the latents of all drives of a folder in the order of their paths. Parts in `out` are kept and used again.

    Args:
        bundle: Bundle with a network on spatial maps and manifolds.
        drives: Folder of drives with images every second, longer by three seconds than the window of the bundle.
        out: Folder of the parts.
        workers: Number of processes.

    Raises:
        DatasetError: A drive cannot be read.
        TrainingError: The bundle has no latents of spatial maps, or a drive is too short or has no images.

    """
    network = bundle.manifest.networks
    if not bundle.manifest.is_spatial or not network.get('manifolds'):
        msg = f'{bundle.folder} has no latents of spatial maps: give a bundle such as models/street.'
        raise TrainingError(msg)
    paths = list(find_drives(drives).values())
    parts = [paths[first : first + PART_DRIVES] for first in range(0, len(paths), PART_DRIVES)]
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(_part_path(out, bundle, part), part) for part in parts]
    done = spread(partial(_write_part, bundle.folder), jobs, workers)
    for _ in track(done, 'latents', total=len(parts), console=Console(stderr=True)):
        pass
    found = [_read_part(path) for path, _ in jobs]
    return DriveLatents(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def latents_key(bundle: Bundle, drives: Sequence[Path]) -> str:
    """Return a short name of the latents of drives, which depends on networks, drives and version of their simulator.

    Raises:
        DatasetError: A drive cannot be read.

    """
    weights = bundle.manifest.files[bundle.weights_path.name]
    names = [f'{path.parent.name}/{path.name}' for path in drives]
    key = repr((weights.sha256, drive_version(drives[0]), names))
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _part_path(out: Path, bundle: Bundle, drives: Sequence[Path]) -> Path:
    """Return a path that depends on the networks, on the drives and on the version of their simulator."""
    return out / f'{drives[0].stem}_{latents_key(bundle, drives)}.npz'


def _read_part(path: Path) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.uint8]]:
    with np.load(path, allow_pickle=False) as part:
        return part['latents'], part['depth_m'], part['labels']


def _write_part(bundle_folder: Path, job: tuple[Path, Sequence[Path]]) -> None:
    path, drives = job
    if path.exists():
        return
    torch.set_num_threads(1)
    bundle = Bundle.load(bundle_folder)
    spatial = cast('SpatialNetwork', load_network(bundle).spatial)
    spec = cast('SpatialFeatureSpec', bundle.manifest.features)
    for drive in drives:
        _check_camera(bundle, drive)
    found = [_encode(drive, spatial, spec, bundle.manifest.frame_position) for drive in drives]
    latents, depth_m, labels = (np.stack(arrays) for arrays in zip(*found, strict=True))
    with atomic_write(path) as temporary, temporary.open('wb') as file:
        np.savez(file, latents=latents, depth_m=depth_m, labels=labels)


def _check_camera(bundle: Bundle, path: Path) -> None:
    """Refuse a drive with another camera: the decoders add the prior of the camera of the bundle."""
    with DriveReader(path) as drive:
        view = CameraView.from_rig(drive.rig.camera_model(), drive.rig.transforms())
    if bundle.with_view(view).view is not None:
        msg = f'{path} has another camera than {bundle.folder}: write drives with audio-manifold train simulate --rig.'
        raise TrainingError(msg)


def _encode(
    path: Path, network: SpatialNetwork, spec: SpatialFeatureSpec, frame_position: float
) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.uint8]]:
    """Return latents (`WINDOWS`, channel, cell, cell), depth and labels (image, row, column) of a drive."""
    step = round(STEP_S * spec.sample_rate_hz)
    past_s, window_s = max(PAST_WINDOWS) * STEP_S, spec.window_samples / spec.sample_rate_hz
    with DriveReader(path) as drive:
        windows = cut_windows(drive, spec, frame_position).windows
        last = windows[-1].first_sample if windows else -1
        starts = [last - (WINDOWS - 1 - place) * step for place in range(WINDOWS)]
        images = {window.first_sample: window.image for window in windows}
        chosen = [images.get(starts[place]) for place in PAST_WINDOWS]
        if starts[0] < drive.first_sample or None in chosen or not (drive.has_depth and drive.has_labels):
            msg = (
                f'{path} has no images of depth and labels with {past_s:g} s of audio before the last window: write '
                f'drives with audio-manifold train simulate --seconds {math.ceil(past_s + window_s)}.'
            )
            raise TrainingError(msg)
        audio = np.stack([drive.samples(first, spec.window_samples) for first in starts])
        features = spatial_features(audio, ArrayGeometry.from_rig(drive.rig, spec), spec)
        depth_m = np.stack([drive.depth_m(image) for image in chosen if image is not None])
        labels = np.stack([drive.labels(image) for image in chosen if image is not None])
    with torch.inference_mode():
        latents = network(torch.from_numpy(features)).latents
    return (
        torch.cat([latents[name] for name in network.config.modalities], dim=1).numpy().astype(np.float16),
        depth_m.astype(np.float16),
        labels,
    )
