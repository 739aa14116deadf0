# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cache of TensorRT engines of the user: one folder per key. An invalid engine is set aside."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError, reraise_file_errors
from audio_manifold_ros.common.files import sha256_of, sync_to_disk, write_text_atomic
from audio_manifold_ros.common.resource_paths import cache_folder
from audio_manifold_ros.common.untrusted_text import read_limited_text
from audio_manifold_ros.inference.tensorrt.engine_metadata import METADATA_FILE, EngineMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey

ENGINE_FILE = 'engine.ep'
LOCK_FILE = 'lock'
SCRATCH_PREFIX = 'build-'
REJECTED_SUFFIX = '.rejected'
PRIVATE_MODE, PRIVATE_FILE_MODE = 0o700, 0o600
WRITABLE_BY_OTHERS = 0o022
MAX_METADATA_BYTES = 1_000_000


def default_root() -> Path:
    """Return the folder of this user's engines. XDG base directories: a relative path is ignored."""
    return cache_folder('engines')


class EngineCache:
    """Engines by their key.

    An engine is used only if its metadata file names the same key, size and hash, and the result of the check. Loading
    an engine executes its content, so only files of this user are used, from folders that only this user can write.

    Args:
        root: Folder that holds one folder per key; by default that of `default_root`.

    """

    def __init__(self, root: Path | None = None) -> None:
        """Keep the folder, which is created when something is stored."""
        self.root = default_root() if root is None else root

    def folder(self, key: EngineKey) -> Path:
        """Return the folder of the engine of a key."""
        return self.root / key.digest

    def find(self, key: EngineKey, warn: Callable[[str], None], *, unchecked: bool = False) -> Path | None:
        """Return the verified engine of a key, or None.

        Args:
            key: Key of the engine.
            warn: Function for the sentence that names an engine that was set aside and the reason.
            unchecked: Accept an engine that has not been compared with the network. The caller compares it.

        """
        engine = self.folder(key) / ENGINE_FILE
        if not engine.exists() and not engine.with_name(METADATA_FILE).exists():
            return None
        try:
            self._check_folders(key)
        except (InferenceError, OSError) as error:
            # Nothing is renamed in a folder of someone else.
            warn(f'The engine in {engine.parent} is not used: {error}')
            return None
        try:
            self._verify(key, engine, unchecked=unchecked)
        except (InferenceError, OSError) as error:
            if not self._is_building(key):
                self.reject(key, str(error), warn)
            return None
        return engine

    def describe_missing(self, key: EngineKey) -> str:
        """Return a text that there is no engine of a key, with the differences of the most similar engine."""
        all_metadata = [_metadata_or_none(path) for path in sorted(self.root.glob(f'*/{METADATA_FILE}'))]
        keys = [metadata.key for metadata in all_metadata if metadata is not None]
        found = [other for other in keys if other.weights_sha256 == key.weights_sha256]
        differences = min((key.differences(other) for other in found), key=len, default='')
        if not differences:
            return f'there is no {key.precision} engine of this bundle in {self.root}'
        return f'the engine of this bundle in {self.root} has another key: its {differences}'

    def reject(self, key: EngineKey, reason: str, warn: Callable[[str], None]) -> None:
        """Rename an engine to `.rejected`, in place of an earlier rejected one, and report it."""
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
        """Hold the lock for building the engine of a key. Yield its descriptor, which a child may inherit.

        Raises:
            InferenceError: The folders cannot be made, are links, or belong to or are writable by other users.

        """
        remedy = 'Check the folder, or set XDG_CACHE_HOME.'
        with reraise_file_errors(InferenceError, 'use the engine cache', self.root, remedy):
            for folder in (self.root, self.folder(key)):
                folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_MODE)
                if folder.stat().st_uid == os.getuid() and not folder.is_symlink():
                    folder.chmod(PRIVATE_MODE)
            self._check_folders(key)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(self.folder(key) / LOCK_FILE, flags, PRIVATE_FILE_MODE)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                report('Another process builds this engine. Waiting for it.')
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def scratch(self, key: EngineKey) -> Iterator[Path]:
        """Yield a folder for a build. Folders of killed builds are removed, so the lock must be held."""
        for leftover in self.folder(key).glob(SCRATCH_PREFIX + '*'):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            dir=self.folder(key), prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True
        ) as scratch:
            yield Path(scratch)

    def store(self, key: EngineKey, engine: Path, metadata: EngineMetadata) -> Path:
        """Move a checked engine to its place, then write its metadata file, both atomically.

        Args:
            key: Key of the engine.
            engine: The engine in the folder of `scratch`.
            metadata: Its metadata.

        """
        folder = self.folder(key)
        (folder / METADATA_FILE).unlink(missing_ok=True)
        engine.chmod(PRIVATE_FILE_MODE)
        _replace(engine, folder / ENGINE_FILE)
        self.store_metadata(key, metadata)
        return folder / ENGINE_FILE

    def store_metadata(self, key: EngineKey, metadata: EngineMetadata) -> None:
        """Write the metadata file of an engine atomically."""
        path = self.folder(key) / METADATA_FILE
        write_text_atomic(path, metadata.to_json(), sync=True)
        path.chmod(PRIVATE_FILE_MODE)

    def metadata(self, key: EngineKey) -> EngineMetadata:
        """Return the metadata of the engine of a key.

        Raises:
            InferenceError: The file is invalid.

        """
        return _read_metadata(self.folder(key) / METADATA_FILE)

    def load_timing_cache(self, key: EngineKey, target: Path) -> None:
        """Copy the compiler's kernel timings on this platform to a file, if there are any of this user."""
        source = self.timing_cache(key)
        try:
            _check_private_file(source)
            shutil.copyfile(source, target, follow_symlinks=False)
        except (InferenceError, OSError):
            # The compiler measures again.
            target.unlink(missing_ok=True)

    def timing_cache(self, key: EngineKey) -> Path:
        """Return the file of the compiler's kernel timings on this platform."""
        platform = key.platform
        name = f'{platform.tensorrt}-{platform.gpu}-{platform.machine}'
        return self.root / f'timing-{hashlib.sha256(name.encode()).hexdigest()[:16]}.bin'

    def _check_folders(self, key: EngineKey) -> None:
        """Refuse folders that another user may have made or may write."""
        folder = self.folder(key)
        if folder.is_symlink():
            msg = f'{folder} is a link, which is not followed. Remove it.'
            raise InferenceError(msg)
        for path in (self.root, folder):
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & WRITABLE_BY_OTHERS:
                msg = f'{path} belongs to another user, or other users can write it. Remove it, or set XDG_CACHE_HOME.'
                raise InferenceError(msg)

    def _verify(self, key: EngineKey, engine: Path, *, unchecked: bool) -> None:
        metadata_path = engine.with_name(METADATA_FILE)
        if not metadata_path.exists():
            msg = f'it has no {METADATA_FILE}: its build did not finish, or it differed from the network'
            raise InferenceError(msg)
        for path in (metadata_path, engine):
            _check_private_file(path)
        metadata = _read_metadata(metadata_path)
        if metadata.check is None and not unchecked:
            msg = 'it has not been compared with the network'
            raise InferenceError(msg)
        differences = key.differences(metadata.key)
        if differences:
            msg = f'it has another key: its {differences}'
            raise InferenceError(msg)
        size, digest = engine.stat().st_size, sha256_of(engine)
        if (size, digest) != (metadata.size, metadata.sha256):
            msg = (
                f'it has {size} bytes and the SHA-256 {digest[:12]}…, and {METADATA_FILE} has {metadata.size} and '
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


def _read_metadata(path: Path) -> EngineMetadata:
    try:
        text = read_limited_text(path, MAX_METADATA_BYTES)
    except ValueError as error:
        msg = f'{path.name} cannot be read: {error}'
        raise InferenceError(msg) from None
    return EngineMetadata.from_json(text)


def _metadata_or_none(path: Path) -> EngineMetadata | None:
    try:
        return _read_metadata(path)
    except (InferenceError, OSError):
        return None


def _check_private_file(path: Path) -> None:
    """Refuse a file that another user may have written."""
    status = path.lstat()
    is_own = status.st_uid == os.getuid() and not status.st_mode & WRITABLE_BY_OTHERS
    if not is_own or not stat.S_ISREG(status.st_mode):
        msg = f'it is a link, belongs to another user, or other users can write it ({path.name})'
        raise InferenceError(msg)


def _replace(source: Path, target: Path) -> None:
    """Move a file on the same file system to its place, after its content is on the disk."""
    sync_to_disk(source)
    source.replace(target)
    sync_to_disk(target.parent)
