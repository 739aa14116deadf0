# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A trained model as a folder of verified files; nothing in it is executed or unpickled."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE, FileEntry, Manifest
from audio_manifold_ros.rig.rig_difference import geometry_difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.rig.rig import MicrophoneArray

WEIGHTS_FILE = 'weights.safetensors'
ONNX_FILE = 'model.onnx'
INT8_FILE = 'model.int8.onnx'
REQUIRED_FILES = (WEIGHTS_FILE, ONNX_FILE)
FILE_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]{0,99}')
MAX_MANIFEST_BYTES = 4_000_000


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.

    Attributes:
        folder: The real folder that holds its files, links resolved.
        manifest: What it says about itself.

    """

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path | str) -> Bundle:
        """Verify every file of a bundle by size and SHA-256, then return it.

        Raises:
            InferenceError: A file is missing, truncated, changed, unknown, or leads out of the folder; or the
                manifest is one that this software cannot use.

        """
        where = _real_folder(Path(folder))
        manifest = _read_manifest(where / MANIFEST_FILE)
        _check_folder_content(where, manifest.files)
        for name, entry in manifest.files.items():
            _verify(where / name, entry)
        return cls(where, manifest)

    @property
    def weights_path(self) -> Path:
        """The safetensors file, the only copy of the weights."""
        return self.folder / WEIGHTS_FILE

    @property
    def onnx_path(self) -> Path:
        """The ONNX graph, whose weights lie in the safetensors file."""
        return self.folder / ONNX_FILE

    @property
    def int8_path(self) -> Path:
        """The ONNX graph whose convolutions compute with bytes; derived from the other, with weights of its own.

        Raises:
            InferenceError: The bundle has none.

        """
        if INT8_FILE not in self.manifest.files:
            msg = (
                f'The bundle {self.manifest.name!r} has no {INT8_FILE}: make it with python -m training.export.quantize, or '
                "choose the precision 'float32'."
            )
            raise InferenceError(msg)
        return self.folder / INT8_FILE

    def describe_array_difference(self, array: MicrophoneArray) -> str | None:
        """Say how `array` differs from the one that the bundle was trained for, or None if it does not.

        Raises:
            InferenceError: The number of microphones differs, so that the networks cannot be used at all.

        """
        trained = self.manifest.array
        difference = geometry_difference(
            (np.array(trained.positions_m), array.positions_m), (np.array(trained.facings), array.facings)
        )
        if difference.missing or difference.extra:
            msg = (
                f'The array {array.array_id!r} has {len(array.microphones)} microphones, the bundle '
                f'{self.manifest.name!r} needs {self.manifest.microphones} ({trained.array_id}), '
                f'{difference.describe()}: choose the rig of the bundle, or a bundle for this rig.'
            )
            raise InferenceError(msg)
        if array.geometry_sha256() == trained.sha256 or not difference.is_significant:
            return None
        return (
            f'The array {array.array_id!r} is not the one the bundle {self.manifest.name!r} was trained for '
            f'({trained.array_id}): {difference.describe()}. Expect worse images.'
        )


def write_bundle(folder: Path | str, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """Write a bundle: complete and verified, or not at all.

    Args:
        folder: Where; a bundle that is there already is replaced.
        manifest: Its `files` are filled in here.
        files: Content of every file but the manifest.

    Raises:
        InferenceError: A name or a content would make a bundle that cannot be loaded.

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
            _write(new_folder / name, data)
        Bundle.load(new_folder)
        _swap_folders(new_folder, target, old_folder)
    return Bundle.load(target)


def _real_folder(folder: Path) -> Path:
    if not folder.is_dir():
        msg = f'There is no bundle {str(folder)!r}: give the path of a folder with a {MANIFEST_FILE}.'
        raise InferenceError(msg)
    manifest = folder / MANIFEST_FILE
    if not manifest.is_file():
        msg = f'{str(folder)!r} holds no {MANIFEST_FILE}: give the path of a bundle.'
        raise InferenceError(msg)
    # A symlink installation of a ROS workspace links every single file to one folder of the sources.
    return manifest.resolve().parent


def _read_manifest(path: Path) -> Manifest:
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        msg = f'{path} has {path.stat().st_size} bytes, more than {MAX_MANIFEST_BYTES}: this is no manifest.'
        raise InferenceError(msg)
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        msg = f'Cannot read {path}: {error}.'
        raise InferenceError(msg) from None
    try:
        return Manifest.from_json(text)
    except InferenceError as error:
        msg = f'{path.parent}: {error}'
        raise InferenceError(msg) from None


def _check_file_names(files: Mapping[str, FileEntry]) -> None:
    bad = sorted(name for name in files if not FILE_NAME.fullmatch(name) or name == MANIFEST_FILE)
    missing = [name for name in REQUIRED_FILES if name not in files]
    if bad:
        msg = (
            f'The manifest lists the file names {bad}: only plain names of letters, digits, ".", "_" and "-" are taken.'
        )
        raise InferenceError(msg)
    if missing:
        msg = f'The manifest does not list {missing}: export the bundle again.'
        raise InferenceError(msg)


def _check_folder_content(folder: Path, files: Mapping[str, FileEntry]) -> None:
    _check_file_names(files)
    extra = sorted({path.name for path in folder.iterdir()} - set(files) - {MANIFEST_FILE})
    if extra:
        msg = f'{folder} holds {extra}, which its manifest does not list: remove them, or export the bundle again.'
        raise InferenceError(msg)


def _verify(path: Path, entry: FileEntry) -> None:
    if not path.is_file():
        msg = f'{path} is missing: copy the whole bundle again.'
        raise InferenceError(msg)
    if path.resolve().parent != path.parent:
        msg = f'{path} is a link to {path.resolve()}: a bundle holds its files itself.'
        raise InferenceError(msg)
    size = path.stat().st_size
    if size != entry.size:
        msg = f'{path} has {size} bytes, its manifest says {entry.size}: it is truncated or foreign, copy it again.'
        raise InferenceError(msg)
    digest = _sha256(path)
    if digest != entry.sha256:
        msg = f'{path} has the SHA-256 {digest}, its manifest says {entry.sha256}: it was changed, copy it again.'
        raise InferenceError(msg)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open('rb') as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        msg = f'Cannot read {path}: {error}.'
        raise InferenceError(msg) from None
    return digest.hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open('wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _swap_folders(new_folder: Path, target: Path, old_folder: Path) -> None:
    if target.exists():
        target.rename(old_folder)
    try:
        new_folder.rename(target)
    except OSError:
        if old_folder.exists():
            shutil.move(old_folder, target)
        raise
