# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A cache folder that others share: nothing of another user is loaded, and no link is followed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, METADATA_FILE, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey
from tests.inference.tensorrt.cpu_compiler import CpuToolchain

OTHER_USER = 12_345
needs_root = pytest.mark.skipif(os.getuid() != 0, reason='only root can give files to another user')


@pytest.fixture
def key(bundle: Bundle) -> EngineKey:
    toolchain = CpuToolchain()
    return EngineKey.for_bundle(bundle, 'fp32', toolchain.options(), toolchain.platform())


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / 'shared' / 'engines')


def put_engine(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENGINE_FILE).write_bytes(b'engine')
    (folder / METADATA_FILE).write_text('{}')


def test_folders_and_lock_are_private_in_spite_of_the_umask(cache: EngineCache, key: EngineKey) -> None:
    before = os.umask(0)
    try:
        with cache.lock(key, pytest.fail):
            assert (cache.folder(key) / 'lock').stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (cache.root, cache.folder(key))] == [0o700, 0o700]


def test_a_lock_that_is_a_link_is_not_followed(cache: EngineCache, key: EngineKey, tmp_path: Path) -> None:
    victim = tmp_path / 'victim'
    victim.write_text('content')
    cache.folder(key).mkdir(parents=True)
    (cache.folder(key) / 'lock').symlink_to(victim)
    with pytest.raises(InferenceError, match='Cannot use the engine cache'), cache.lock(key, pytest.fail):
        pass
    assert victim.read_text() == 'content'


def test_a_folder_that_is_a_link_is_not_followed(cache: EngineCache, key: EngineKey, tmp_path: Path) -> None:
    victim = tmp_path / 'victim'
    put_engine(victim)
    cache.root.mkdir(parents=True)
    cache.folder(key).symlink_to(victim)
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'is a link, which is not followed' in warnings[0]
    with pytest.raises(InferenceError, match='is a link'), cache.lock(key, pytest.fail):
        pass
    assert sorted(path.name for path in victim.iterdir()) == [ENGINE_FILE, METADATA_FILE]


@pytest.mark.parametrize('place', ['root', 'folder'])
def test_folders_that_others_can_write_are_not_used(cache: EngineCache, key: EngineKey, place: str) -> None:
    put_engine(cache.folder(key))
    {'root': cache.root, 'folder': cache.folder(key)}[place].chmod(0o777)
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'other users can write it' in warnings[0]
    assert (cache.folder(key) / ENGINE_FILE).exists()


@needs_root
@pytest.mark.parametrize('place', ['root', 'folder'])
def test_folders_of_another_user_are_not_used(cache: EngineCache, key: EngineKey, place: str) -> None:
    put_engine(cache.folder(key))
    os.chown({'root': cache.root, 'folder': cache.folder(key)}[place], OTHER_USER, OTHER_USER)
    warnings: list[Any] = []
    assert cache.find(key, warnings.append) is None
    assert 'belongs to another user' in warnings[0]
    with pytest.raises(InferenceError, match='belongs to another user'), cache.lock(key, pytest.fail):
        pass


@needs_root
@pytest.mark.parametrize('name', [ENGINE_FILE, METADATA_FILE])
def test_files_of_another_user_are_set_aside(cache: EngineCache, key: EngineKey, name: str) -> None:
    put_engine(cache.folder(key))
    os.chown(cache.folder(key) / name, OTHER_USER, OTHER_USER)
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'it is a link, belongs to another user' in warnings[0]
    assert f'({name})' in warnings[0]


def test_timings_behind_a_link_are_not_read(cache: EngineCache, key: EngineKey, tmp_path: Path) -> None:
    secret, target = tmp_path / 'secret', tmp_path / 'timing.bin'
    secret.write_bytes(b'secret')
    cache.root.mkdir(parents=True)
    cache.load_timing_cache(key, target)
    assert not target.exists()
    cache.timing_cache(key).symlink_to(secret)
    cache.load_timing_cache(key, target)
    assert not target.exists()
    cache.timing_cache(key).unlink()
    cache.timing_cache(key).write_bytes(b'measured')
    cache.load_timing_cache(key, target)
    assert target.read_bytes() == b'measured'
