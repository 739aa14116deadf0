# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Download of a bundle from the Hugging Face hub: only the files of its manifest, each verified, nothing executed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import InferenceError, reraise_file_errors
from audio_manifold_ros.common.resource_paths import cache_folder
from audio_manifold_ros.inference.bundle.bundle import MAX_MANIFEST_BYTES, Bundle, read_manifest
from audio_manifold_ros.inference.bundle.hub_reference import COMMIT, HubReference, import_hub
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE, FileEntry

MAX_BUNDLE_BYTES = 4_000_000_000
MAX_FILES = 64
REMEDY = 'Check the name, the network and the token (HF_TOKEN), or copy the bundle and give its folder.'


def download_bundle(reference: HubReference, report: Callable[[str], None] | None = None) -> Path:
    """Return the folder of a bundle on the hub, downloaded if it is not in the cache.

    A commit in the cache is used without the network. A tag or a branch is resolved to its commit first. Without the
    network, or with HF_HUB_OFFLINE=1, the last known commit and the cache of huggingface_hub are used.

    Args:
        reference: The bundle.
        report: Takes a line before a download.

    Raises:
        InferenceError: huggingface_hub is missing, the bundle cannot be downloaded, is too large or is damaged.

    """
    folder = cache_folder('bundles') / reference.repository.replace('/', '--')
    if reference.is_pinned and _is_complete(folder / reference.revision):
        return folder / reference.revision
    hub = import_hub()
    with _reraise_hub_errors(hub, reference):
        commit, manifest = _fetch_manifest(hub, reference)
        target = folder / commit
        if _is_complete(target):
            return target
        files = read_manifest(manifest).files
        _check_sizes(reference, files)
        if report is not None:
            size = sum(entry.size for entry in files.values())
            report(f'Downloading {reference} ({size / 1e6:.1f} MB) at commit {commit}')
        paths = {name: _fetch(hub, reference.repository, name, commit, entry) for name, entry in files.items()}
    with reraise_file_errors(InferenceError, 'store', target, 'Check the folder, or set XDG_CACHE_HOME.'):
        _store(target, {**paths, MANIFEST_FILE: manifest})
    return target


def _is_complete(folder: Path) -> bool:
    """Return whether the cache holds a bundle. `Bundle.load` verifies it whenever it is used."""
    return (folder / MANIFEST_FILE).is_file()


@contextmanager
def _reraise_hub_errors(hub: Any, reference: HubReference) -> Iterator[None]:
    """Turn the errors of huggingface_hub, which are subclasses of these, into one of this package."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, hub.errors.HTTPError, hub.errors.EntryNotFoundError) as error:
        reason = ' '.join(str(error).split())[:400]
        msg = f'Cannot download {reference}: {type(error).__name__}: {reason} {REMEDY}'
        raise InferenceError(msg) from None


def _fetch_manifest(hub: Any, reference: HubReference) -> tuple[str, Path]:
    """Return the commit of a reference and the path of its manifest."""
    size = None
    # Without the network the cache of huggingface_hub is used below, or its error states the cause.
    with suppress(OSError, hub.errors.HTTPError):
        url = hub.hf_hub_url(reference.repository, MANIFEST_FILE, revision=reference.revision)
        size = hub.get_hf_file_metadata(url).size
    if size is not None and size > MAX_MANIFEST_BYTES:
        msg = f'its {MANIFEST_FILE} has {size} bytes, more than {MAX_MANIFEST_BYTES}.'
        raise ValueError(msg)
    path = Path(hub.hf_hub_download(reference.repository, MANIFEST_FILE, revision=reference.revision))
    commit = path.parent.name
    if not COMMIT.fullmatch(commit):
        msg = f'the hub states the commit {commit!r}.'
        raise ValueError(msg)
    return commit, path


def _check_sizes(reference: HubReference, files: Mapping[str, FileEntry]) -> None:
    size = sum(entry.size for entry in files.values())
    if len(files) > MAX_FILES or size > MAX_BUNDLE_BYTES or min(entry.size for entry in files.values()) < 0:
        msg = (
            f'{reference} has {len(files)} files of {size} bytes together: at most {MAX_FILES} files and '
            f'{MAX_BUNDLE_BYTES} bytes are downloaded. Copy a larger bundle and give its folder.'
        )
        raise InferenceError(msg)


def _fetch(hub: Any, repository: str, name: str, commit: str, entry: FileEntry) -> Path:
    """Return the path of a file of one commit. A file whose size differs from the manifest is not downloaded."""
    cached = hub.try_to_load_from_cache(repository, name, revision=commit)
    if isinstance(cached, str):
        return Path(cached)
    if not hub.constants.is_offline_mode():
        size = hub.get_hf_file_metadata(hub.hf_hub_url(repository, name, revision=commit)).size
        if size != entry.size:
            msg = f'{name} has {size} bytes on the hub, the manifest states {entry.size}.'
            raise ValueError(msg)
    return Path(hub.hf_hub_download(repository, name, revision=commit))


def _store(target: Path, paths: Mapping[str, Path]) -> None:
    """Copy the files, verify them as a bundle, and give the folder its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f'.{target.name}-') as scratch:
        new_folder = Path(scratch) / 'new'
        new_folder.mkdir()
        for name, path in paths.items():
            shutil.copyfile(path, new_folder / name)
        Bundle.load(new_folder)
        # Another process may have stored the same commit meanwhile.
        with suppress(OSError):
            new_folder.rename(target)
    if not _is_complete(target):
        msg = f'cannot rename a folder to {target}'
        raise OSError(msg)
