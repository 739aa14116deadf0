# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bundle: a trained model as a folder of verified files. Nothing in it is executed or unpickled."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.prior_table import TABLE_FILE, PriorTable
from audio_manifold_ros.common.errors import InferenceError, NetworkError, reraise_file_errors
from audio_manifold_ros.common.files import sha256_of, write_bytes_atomic
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.common.untrusted_text import read_limited_text, shorten
from audio_manifold_ros.features.array_geometry import steered_azimuths
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.bundle.feature_descriptors import descriptor_size
from audio_manifold_ros.inference.bundle.feature_statistics import STATISTICS_FILE, FeatureStatistics
from audio_manifold_ros.inference.bundle.file_metadata import check_file_metadata
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE, FileEntry, Manifest
from audio_manifold_ros.inference.bundle.onnx_references import check_external_files
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.prior_inputs import prior_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.networks.spatial.prior_inputs import PriorInputs
    from audio_manifold_ros.rig.rig import MicrophoneArray

WEIGHTS_FILE = 'weights.safetensors'
ONNX_FILE = 'model.onnx'
INT8_FILE = 'model.int8.onnx'
ONNX_SUFFIX = '.onnx'
REQUIRED_FILES = (WEIGHTS_FILE, ONNX_FILE)
FILE_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]{0,99}')
MAX_MANIFEST_BYTES = 4_000_000


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        folder: Folder of its files, links resolved.
        manifest: Its description.
        view: Camera whose prior the networks take instead of that of the bundle (see `with_view`).

    """

    folder: Path
    manifest: Manifest
    view: CameraView | None = None

    @classmethod
    def load(cls, folder: Path | str) -> Bundle:
        """Verify every file of a bundle by size and SHA-256, and return the bundle.

        Raises:
            InferenceError: A file is missing, truncated, changed, unknown, a link out of the folder, or of another
                bundle, a graph has weights in a file that the manifest does not list, or this software cannot use the
                manifest.

        """
        where = _real_folder(Path(folder))
        manifest = read_manifest(where / MANIFEST_FILE)
        _check_folder_content(where, manifest.files)
        for name, entry in manifest.files.items():
            _verify(where / name, entry)
            if name.endswith(ONNX_SUFFIX):
                check_external_files(where / name, manifest.files)
            check_file_metadata(where / name, manifest)
        bundle = cls(where, manifest)
        # A damaged file is refused now, not with the first audio.
        _ = bundle.feature_statistics, bundle.prior_table
        return bundle

    @property
    def weights_path(self) -> Path:
        """The safetensors file, the only copy of the weights."""
        return self.folder / WEIGHTS_FILE

    @property
    def onnx_path(self) -> Path:
        """The ONNX graph, whose weights are in the safetensors file."""
        return self.folder / ONNX_FILE

    @property
    def int8_path(self) -> Path:
        """The ONNX graph with int8 convolutions. It is derived from the other graph and has its own weights.

        Raises:
            InferenceError: The bundle has none.

        """
        if INT8_FILE not in self.manifest.files:
            msg = (
                f'The bundle {self.manifest.name!r} has no {INT8_FILE}: make it with audio-manifold '
                "train quantize, or choose the precision 'float32'."
            )
            raise InferenceError(msg)
        return self.folder / INT8_FILE

    @cached_property
    def feature_statistics(self) -> FeatureStatistics | None:
        """Statistics of the training features. None in bundles without them: whether audio is familiar is unknown.

        Raises:
            InferenceError: The file is invalid.

        """
        if STATISTICS_FILE not in self.manifest.files:
            return None
        path = self.folder / STATISTICS_FILE
        try:
            text = read_limited_text(path, MAX_MANIFEST_BYTES)
        except ValueError as error:
            msg = f'Cannot read {str(path)!r}: {error}. Export the bundle again.'
            raise InferenceError(msg) from None
        statistics = FeatureStatistics.from_json(text)
        statistics.check_size(descriptor_size(self.manifest.features))
        return statistics

    @cached_property
    def prior_table(self) -> PriorTable | None:
        """The prior along each ray, without a sound. None in bundles without it, whose networks have one camera.

        Raises:
            InferenceError: The file is invalid.

        """
        if TABLE_FILE not in self.manifest.files:
            return None
        try:
            return PriorTable.load(self.folder / TABLE_FILE, self.manifest.modalities)
        except NetworkError as error:
            raise InferenceError(str(error)) from None

    def with_view(self, view: CameraView) -> Bundle:
        """Return the bundle for the camera of a rig. A bundle without a prior table, or with this camera, stays."""
        table = self.prior_table
        return self if table is None or view == table.view else replace(self, view=view)

    def prior_inputs(self) -> PriorInputs | None:
        """Return the prior of the camera of `with_view` for the networks, None for the camera of the bundle.

        Raises:
            InferenceError: The manifest describes no network that takes it.

        """
        table, view = self.prior_table, self.view
        if table is None or view is None:
            return None
        try:
            config = SpatialNetworkConfig.from_dict(self.manifest.networks['spatial'])
            depth = from_plain(DepthRepresentation, self.manifest.networks['depth'], 'depth', NetworkError)
        except (KeyError, TypeError, NetworkError) as error:
            msg = f'{self.folder}: {TABLE_FILE} needs a network on spatial maps ({error}): export the bundle again.'
            raise InferenceError(msg) from None
        return prior_inputs(table, view, config, depth)

    def steered_azimuths_rad(self) -> NDArray[np.float32] | None:
        """Return the directions (1, azimuth) of the steered map for the camera of `with_view`.

        The map of vehicles needs them. It is None for the camera of the bundle, and without that map.

        Raises:
            FeatureError: The camera cannot be used with these features.

        """
        features = self.manifest.features
        if self.view is None or self.manifest.vehicles is None or not isinstance(features, SpatialFeatureSpec):
            return None
        azimuths_rad = steered_azimuths(self.view.camera, self.view.matrix, features)
        return azimuths_rad.astype(np.float32)[None]

    def describe_array_difference(self, array: MicrophoneArray, view: CameraView | None = None) -> str | None:
        """Return how a rig differs from those that the bundle was trained for, or None if it does not.

        Args:
            array: Array of the rig.
            view: Camera of the rig. None leaves it out.

        Raises:
            InferenceError: The number of microphones does not fit, so the networks cannot be used.

        """
        return ' '.join(self.manifest.array.violations(array, view, self.manifest.name)) or None


def write_bundle(folder: Path | str, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """Write and verify a bundle. It replaces an existing one only when it is complete.

    Args:
        folder: Folder of the bundle.
        manifest: Its description. `files` is filled in here.
        files: Content of every file except the manifest.

    Raises:
        InferenceError: A name or a content is invalid, so that the bundle could not be loaded.

    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    entries = {name: FileEntry(len(data), hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items())}
    _check_file_names(entries)
    complete = replace(manifest, files=entries)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f'.{target.name}-') as scratch:
        new_folder, old_folder = Path(scratch) / 'new', Path(scratch) / 'old'
        new_folder.mkdir()
        for name, data in {**files, MANIFEST_FILE: complete.to_json().encode()}.items():
            write_bytes_atomic(new_folder / name, data, sync=True)
        Bundle.load(new_folder)
        _swap_folders(new_folder, target, old_folder)
    return Bundle.load(target)


def _real_folder(folder: Path) -> Path:
    if not folder.is_dir():
        msg = f'There is no bundle {str(folder)!r}: give the path of a folder with a {MANIFEST_FILE}.'
        raise InferenceError(msg)
    manifest = folder / MANIFEST_FILE
    if not manifest.is_file():
        msg = f'{str(folder)!r} contains no {MANIFEST_FILE}: give the path of a bundle.'
        raise InferenceError(msg)
    # A symlink installation of a ROS workspace links each file to the source folder.
    return manifest.resolve().parent


def read_manifest(path: Path) -> Manifest:
    """Read a manifest, without the files that it lists.

    Raises:
        InferenceError: It is too large, invalid, or lists a file name that could be a path.

    """
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        msg = f'{path} has {path.stat().st_size} bytes, more than {MAX_MANIFEST_BYTES}: it is not a manifest.'
        raise InferenceError(msg)
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        msg = f'Cannot read {path}: {error}.'
        raise InferenceError(msg) from None
    try:
        manifest = Manifest.from_json(text)
        _check_file_names(manifest.files)
    except InferenceError as error:
        msg = f'{path.parent}: {error}'
        raise InferenceError(msg) from None
    return manifest


def _check_file_names(files: Mapping[str, FileEntry]) -> None:
    bad = sorted(name for name in files if not FILE_NAME.fullmatch(name) or name == MANIFEST_FILE)
    missing = [name for name in REQUIRED_FILES if name not in files]
    if bad:
        msg = (
            f'The manifest lists the file names {shorten(bad)}: only names of letters, digits, ".", "_" and "-" '
            'are allowed.'
        )
        raise InferenceError(msg)
    if missing:
        msg = f'The manifest does not list {missing}: export the bundle again.'
        raise InferenceError(msg)


def _check_folder_content(folder: Path, files: Mapping[str, FileEntry]) -> None:
    extra = sorted({path.name for path in folder.iterdir()} - set(files) - {MANIFEST_FILE})
    if extra:
        msg = (
            f'{folder} contains {shorten(extra)}, which its manifest does not list: remove them, or export the bundle '
            'again.'
        )
        raise InferenceError(msg)


def _verify(path: Path, entry: FileEntry) -> None:
    if not path.is_file():
        msg = f'{path} is missing: copy the whole bundle again.'
        raise InferenceError(msg)
    if path.resolve().parent != path.parent:
        msg = f'{path} is a link to {path.resolve()}: copy the file into the bundle.'
        raise InferenceError(msg)
    size = path.stat().st_size
    if size != entry.size:
        msg = f'{path} has {size} bytes, its manifest states {entry.size}: copy it again, it is truncated or changed.'
        raise InferenceError(msg)
    with reraise_file_errors(InferenceError, 'read', path, 'Copy the bundle again.'):
        digest = sha256_of(path)
    if digest != entry.sha256:
        msg = (
            f'{path} has the SHA-256 {digest}, its manifest states {shorten(entry.sha256)}: it was changed, copy it '
            'again.'
        )
        raise InferenceError(msg)


def _swap_folders(new_folder: Path, target: Path, old_folder: Path) -> None:
    if target.exists():
        target.rename(old_folder)
    try:
        new_folder.rename(target)
    except OSError:
        if old_folder.exists():
            shutil.move(old_folder, target)
        raise
