# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where engines lie: one folder for each key in the user's cache; what cannot be trusted is set aside."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.tensorrt.engine_metadata import METADATA_FILE, EngineMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey

ENGINE_FILE = 'engine.ep'
LOCK_FILE = 'lock'
SCRATCH_PREFIX = 'build-'
REJECTED_SUFFIX = '.rejected'
PRIVATE_MODE = 0o700
MAX_METADATA_BYTES = 1_000_000


def default_root() -> Path:
    """Return the folder of this user's engines (XDG base directories: a relative path counts as none)."""
    base = Path(os.environ.get('XDG_CACHE_HOME', ''))
    return (base if base.is_absolute() else Path.home() / '.cache') / 'audio_manifold_ros' / 'engines'


class EngineCache:
    """Engines by their key.

    An engine is loaded only if the sidecar beside it says that it is this one, whole, and was checked. Loading an
    engine runs what its file says, so only files of this user are taken, from folders where only this user writes.

    Args:
        root: Holds a folder for each key.

    """

    def __init__(self, root: Path | None = None) -> None:
        """Note the folder; it is made when something is stored."""
        self.root = default_root() if root is None else root

    def folder(self, key: EngineKey) -> Path:
        """Return where the engine of a key lies."""
        return self.root / key.digest

    def find(self, key: EngineKey, warn: Callable[[str], None]) -> Path | None:
        """Return the verified engine of a key; None if there is none.

        Args:
            key: What it depends on.
            warn: Told in one sentence what was set aside, and why.

        """
        engine = self.folder(key) / ENGINE_FILE
        if not engine.exists() and not engine.with_name(METADATA_FILE).exists():
            return None
        try:
            self._verify(key, engine)
        except (InferenceError, OSError) as error:
            if not self._is_building(key):
                self.reject(key, str(error), warn)
            return None
        return engine

    def describe_missing(self, key: EngineKey) -> str:
        """Say that there is no engine of a key, and in what the one differs that is nearest to it."""
        all_metadata = [_metadata_or_none(path) for path in sorted(self.root.glob(f'*/{METADATA_FILE}'))]
        keys = [metadata.key for metadata in all_metadata if metadata is not None]
        found = [other for other in keys if other.weights_sha256 == key.weights_sha256]
        differences = min((key.differences(other) for other in found), key=len, default='')
        if not differences:
            return f'there is no {key.precision} engine of this bundle in {self.root}'
        return f'the engine of this bundle in {self.root} was built elsewhere or otherwise: its {differences}'

    def reject(self, key: EngineKey, reason: str, warn: Callable[[str], None]) -> None:
        """Set an engine aside as `.rejected`, the last one set aside before it excepted, and say so."""
        folder = self.folder(key)
        try:
            for name in (ENGINE_FILE, METADATA_FILE):
                path = folder / name
                if path.exists() or path.is_symlink():
                    path.replace(path.with_name(name + REJECTED_SUFFIX))
        except OSError as error:
            warn(f'The engine in {folder} is not used and cannot be set aside ({error}): {reason}. Remove it.')
            return
        warn(f'The engine in {folder} is set aside as {REJECTED_SUFFIX}: {reason}. Build it again with build_engine.')

    @contextmanager
    def lock(self, key: EngineKey, report: Callable[[str], None]) -> Iterator[int]:
        """Hold the right to build the engine of a key; yields the descriptor, which a child may inherit."""
        folder = self.folder(key)
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_MODE)
        with (folder / LOCK_FILE).open('w') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                report('Another process builds this engine: waiting for it.')
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()

    @contextmanager
    def scratch(self, key: EngineKey) -> Iterator[Path]:
        """Give a folder for a build, beside the engine; those that killed builds have left are removed. Lock first."""
        for leftover in self.folder(key).glob(SCRATCH_PREFIX + '*'):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            dir=self.folder(key), prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True
        ) as scratch:
            yield Path(scratch)

    def store(self, key: EngineKey, engine: Path, metadata: EngineMetadata) -> Path:
        """Put a checked engine in its place, then its sidecar, each at once or not at all.

        Args:
            key: What it depends on.
            engine: Within `scratch`.
            metadata: What was found of it.

        """
        folder = self.folder(key)
        (folder / METADATA_FILE).unlink(missing_ok=True)
        _replace(engine, folder / ENGINE_FILE)
        text = engine.with_name(METADATA_FILE)
        text.write_text(metadata.to_json(), encoding='utf-8')
        _replace(text, folder / METADATA_FILE)
        return folder / ENGINE_FILE

    def timing_cache(self, key: EngineKey) -> Path:
        """Return the file with what the compiler has measured of kernels on this platform."""
        platform = key.platform
        name = f'{platform.tensorrt}-{platform.gpu}-{platform.machine}'
        return self.root / f'timing-{hashlib.sha256(name.encode()).hexdigest()[:16]}.bin'

    def _verify(self, key: EngineKey, engine: Path) -> None:
        metadata_path = engine.with_name(METADATA_FILE)
        if not metadata_path.exists():
            msg = 'it has no sidecar: its build did not end, or did not find it equal to the network'
            raise InferenceError(msg)
        metadata = _read_metadata(metadata_path)
        differences = key.differences(metadata.key)
        if differences:
            msg = f'it is another engine: its {differences}'
            raise InferenceError(msg)
        _check_owner(engine)
        size, digest = engine.stat().st_size, file_sha256(engine)
        if (size, digest) != (metadata.size, metadata.sha256):
            msg = (
                f'it has {size} bytes and the SHA-256 {digest[:12]}…, its sidecar says {metadata.size} and '
                f'{metadata.sha256[:12]}…: it is truncated or was changed'
            )
            raise InferenceError(msg)

    def _is_building(self, key: EngineKey) -> bool:
        try:
            with (self.folder(key) / LOCK_FILE).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _read_metadata(path: Path) -> EngineMetadata:
    if path.stat().st_size > MAX_METADATA_BYTES:
        msg = f'{path.name} has {path.stat().st_size} bytes: this is no sidecar'
        raise InferenceError(msg)
    try:
        return EngineMetadata.from_json(path.read_text(encoding='utf-8'))
    except UnicodeDecodeError as error:
        msg = f'{path.name} is no text: {error}'
        raise InferenceError(msg) from None


def _metadata_or_none(path: Path) -> EngineMetadata | None:
    try:
        return _read_metadata(path)
    except (InferenceError, OSError):
        return None


def _check_owner(engine: Path) -> None:
    """Refuse what somebody else may have written."""
    status, folder = engine.lstat(), engine.parent.stat()
    if engine.is_symlink() or status.st_uid != os.getuid() or (status.st_mode | folder.st_mode) & 0o022:
        msg = 'it is a link, belongs to another user, or others may write it or its folder'
        raise InferenceError(msg)


def _replace(source: Path, target: Path) -> None:
    """Move a file on the same file system into its place, its content on the disk first."""
    with source.open('rb') as file:
        os.fsync(file.fileno())
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
