# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt import build_engine as command
from audio_manifold_ros.inference.tensorrt.background_build import BackgroundBuild
from audio_manifold_ros.inference.tensorrt.build_engine import build_engine
from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, METADATA_FILE, REJECTED_SUFFIX, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_compiler import LoadedEngine
from audio_manifold_ros.inference.tensorrt.engine_key import EngineKey, Platform
from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata
from audio_manifold_ros.inference.tensorrt.engine_verification import MAX_CHANGE, WINDOW_COUNT
from audio_manifold_ros.inference.tensorrt.tensorrt_backend import TensorRtBackend
from tests.inference.tensorrt import cpu_builder, cpu_compiler
from tests.inference.tensorrt.cpu_compiler import CpuToolchain
from tests.inference.tensorrt.engine_damage import FAULTS, remove_metadata, truncate

pytestmark = pytest.mark.own_process

STAGE = (sys.executable, cpu_compiler.__file__)


@pytest.fixture(scope='module')
def toolchain() -> CpuToolchain:
    return CpuToolchain()


@dataclass(frozen=True)
class Built:
    """A cache in which a builder was killed, and then one was not.

    Attributes:
        root: Of the cache.
        reported: By the second builder.
        stage: Process that the first one had started.
        found: What the cache offered after the first one, and what it warned of.
        leftovers: What the first one left behind.

    """

    root: Path
    reported: list[str]
    stage: int
    found: tuple[Path | None, list[str]]
    leftovers: list[Path]


@pytest.fixture(scope='module')
def built(bundle: Bundle, toolchain: CpuToolchain, tmp_path_factory: pytest.TempPathFactory) -> Built:
    root, reported, warnings = tmp_path_factory.mktemp('engines'), [], []
    cache, key = EngineCache(root), key_of(bundle, toolchain)
    command = [sys.executable, cpu_builder.__file__, str(bundle.folder), str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert 'Compiling' in builder.stdout.readline()
        stage = wait_for_stage(builder.pid)
        builder.send_signal(signal.SIGKILL)
        assert builder.wait(60) == -signal.SIGKILL
    found = cache.find(key, warnings.append)
    leftovers = list(cache.folder(key).glob('build-*'))
    build_engine(bundle, toolchain, precision='fp32', cache=cache, report=reported.append, stage=STAGE)
    return Built(root, reported, stage, (found, warnings), leftovers)


@pytest.fixture
def root(built: Built, tmp_path: Path) -> Path:
    """Return a copy of that cache, to be damaged."""
    return shutil.copytree(built.root, tmp_path / 'engines')


def key_of(bundle: Bundle, toolchain: CpuToolchain) -> EngineKey:
    return EngineKey.for_bundle(bundle, 'fp32', toolchain.options(), toolchain.platform())


def open_engine(bundle: Bundle, toolchain: CpuToolchain, root: Path, warn: Callable[[str], None]) -> TensorRtBackend:
    return TensorRtBackend(bundle, toolchain, warn, precision='fp32', cache=EngineCache(root))


def test_a_build_reports_its_steps_and_results(built: Built) -> None:
    reported = '\n'.join(built.reported)
    assert 'Compiling the networks takes minutes.' in reported
    assert 'Checking the engine.' in reported
    assert 'changes depth by 0.00' in reported


def test_the_metadata_describe_the_engine(built: Built, bundle: Bundle, toolchain: CpuToolchain) -> None:
    key, cache = key_of(bundle, toolchain), EngineCache(built.root)
    folder = cache.folder(key)
    assert sorted(path.name for path in folder.iterdir()) == [ENGINE_FILE, METADATA_FILE, 'lock']
    metadata = EngineMetadata.from_json((folder / METADATA_FILE).read_text())
    assert metadata.key == key
    assert metadata.size == (folder / ENGINE_FILE).stat().st_size
    assert metadata.check.windows == WINDOW_COUNT
    assert metadata.check.half_layers == 0 < metadata.check.single_layers
    assert max(metadata.check.changes.values()) <= MAX_CHANGE['fp32']
    assert cache.timing_cache(key).read_bytes() == b'measured'
    assert folder.stat().st_mode & 0o077 == 0


def test_the_engine_predicts_the_same_as_the_network(
    built: Built, bundle: Bundle, toolchain: CpuToolchain, windows: np.ndarray
) -> None:
    warnings: list[str] = []
    engine = open_engine(bundle, toolchain, built.root, warnings.append)
    network = TorchBackend(bundle)
    for window in windows:
        found, expected = engine.run(window), network.run(window)
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=1e-4)
        assert (found.labels == expected.labels).mean() > 0.999
    assert warnings == []
    assert 'TensorRT 11.0 on a CPU, fp32, by torch-tensorrt 2.13.0: as requested' in engine.reason


def test_the_engine_hears_sound_through_the_features(built: Built, bundle: Bundle, toolchain: CpuToolchain) -> None:
    engine = open_engine(bundle, toolchain, built.root, pytest.fail)
    network, spec = engine.waveform_network, bundle.manifest.features
    waveform = 0.1 * np.random.default_rng(0).standard_normal((8, spec.window_samples))
    network.waveform[...] = waveform
    found = network.run()
    np.testing.assert_allclose(network.features(), mel_features(waveform.astype(np.float32), spec), rtol=0, atol=1e-4)
    expected = engine.run(network.features())
    np.testing.assert_array_equal(found.depth_m, expected.depth_m)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_a_second_build_finds_the_engine(built: Built, bundle: Bundle, toolchain: CpuToolchain) -> None:
    reported: list[str] = []
    build_engine(
        bundle,
        toolchain,
        precision='fp32',
        cache=EngineCache(built.root),
        report=reported.append,
        stage=('must', 'not', 'run'),
    )
    assert reported[0].startswith('The engine exists')


@pytest.mark.parametrize(('damage', 'reason'), FAULTS)
def test_a_damaged_engine_is_set_aside_with_one_warning(
    bundle: Bundle, toolchain: CpuToolchain, root: Path, damage: Callable[[Path], None], reason: str
) -> None:
    folder = EngineCache(root).folder(key_of(bundle, toolchain))
    damage(folder)
    warnings: list[str] = []
    with pytest.raises(InferenceError, match='TensorRT has no engine'):
        open_engine(bundle, toolchain, root, warnings.append)
    assert len(warnings) == 1
    assert reason in warnings[0]
    assert 'Build it again with build_engine' in warnings[0]
    assert not (folder / ENGINE_FILE).exists()
    assert any(path.name.endswith(REJECTED_SUFFIX) for path in folder.iterdir())
    with pytest.raises(InferenceError, match='there is no fp32 engine'):
        open_engine(bundle, toolchain, root, warnings.append)
    assert len(warnings) == 1, 'a rejected engine is reported once'


def test_an_engine_that_the_runtime_refuses_is_set_aside(
    bundle: Bundle, toolchain: CpuToolchain, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_engine: Path, _precision: str) -> Any:
        msg = 'No compatible device was found for instantiating TensorRT engine'
        raise InferenceError(msg)

    monkeypatch.setattr(toolchain, 'load', refuse)
    warnings: list[str] = []
    with pytest.raises(InferenceError, match='is set aside'):
        open_engine(bundle, toolchain, root, warnings.append)
    assert 'No compatible device' in warnings[0]
    assert (EngineCache(root).folder(key_of(bundle, toolchain)) / (ENGINE_FILE + REJECTED_SUFFIX)).exists()


FULL = 'CUDA out of memory. Tried to allocate 20.00 MiB.'


@pytest.mark.parametrize(
    'fault', [torch.OutOfMemoryError(FULL), RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling')]
)
@pytest.mark.parametrize('where', ['load', 'run'])
def test_a_full_device_leaves_the_engine_in_place(
    bundle: Bundle,
    toolchain: CpuToolchain,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: RuntimeError,
    where: str,
) -> None:
    def fail(*_arguments: Any) -> Any:
        raise fault

    load = fail if where == 'load' else lambda _engine, _precision: LoadedEngine(fail, ())
    with monkeypatch.context() as patch:
        patch.setattr(toolchain, 'load', load)
        with pytest.raises(InferenceError, match=f'and the engine is kept .{re.escape(str(fault))}'):
            open_engine(bundle, toolchain, root, pytest.fail)
    open_engine(bundle, toolchain, root, pytest.fail)


FOREIGN = [
    ('machine', 'aarch64'),
    ('gpu', 'Orin'),
    ('compute_capability', '8.7'),
    ('tensorrt', '10.3.0'),
    ('torch_tensorrt', '2.8.0'),
    ('torch', '2.8.0'),
    ('abi', '7'),
    ('cuda', '12.6'),
]


@pytest.mark.parametrize(('field', 'value'), FOREIGN)
def test_an_engine_of_another_machine_is_never_loaded(
    bundle: Bundle, toolchain: CpuToolchain, root: Path, field: str, value: str
) -> None:
    """An engine of another platform is set aside under the key of this machine, and ignored under its own key."""
    own, cache = key_of(bundle, toolchain), EngineCache(root)
    here: Platform = replace(own.platform, **{field: value})
    key = replace(own, platform=here)
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert f'{field} is ' in cache.describe_missing(key)
    assert warnings == []
    shutil.copytree(cache.folder(own), cache.folder(key))
    assert cache.find(key, warnings.append) is None
    assert f'it has another key: its {field} is {getattr(own.platform, field)!r}, not {value!r}' in warnings[0]


def test_an_engine_of_stale_weights_is_never_loaded(bundle: Bundle, toolchain: CpuToolchain, root: Path) -> None:
    own, cache = key_of(bundle, toolchain), EngineCache(root)
    key = replace(own, weights_sha256='0' * 64)
    shutil.copytree(cache.folder(own), cache.folder(key))
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'another key: its weights_sha256' in warnings[0]


def test_what_cannot_be_set_aside_is_not_used_either(
    bundle: Bundle, toolchain: CpuToolchain, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, cache = key_of(bundle, toolchain), EngineCache(root)
    truncate(cache.folder(key))

    def refuse(_self: Path, _target: Path) -> Path:
        msg = 'Read-only file system'
        raise OSError(msg)

    monkeypatch.setattr(Path, 'replace', refuse)
    warnings: list[str] = []
    assert cache.find(key, warnings.append) is None
    assert 'cannot be set aside (Read-only file system)' in warnings[0]


def test_a_build_under_way_is_left_alone(bundle: Bundle, toolchain: CpuToolchain, root: Path) -> None:
    key, cache = key_of(bundle, toolchain), EngineCache(root)
    remove_metadata(cache.folder(key))
    warnings: list[str] = []
    with cache.lock(key, warnings.append):
        assert cache.find(key, warnings.append) is None
    assert warnings == []
    assert (cache.folder(key) / ENGINE_FILE).exists()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def has_ended(pid: int) -> bool:
    """Return whether a process is gone, or only its entry is left."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_killed_builder_leaves_no_engine_and_the_next_one_clears_up(
    built: Built, bundle: Bundle, toolchain: CpuToolchain
) -> None:
    assert built.found == (None, [])
    assert built.leftovers, 'it was killed in the middle'
    wait_until(lambda: has_ended(built.stage), 'the stage outlives its builder')
    assert not any(path.exists() for path in built.leftovers)
    assert EngineCache(built.root).find(key_of(bundle, toolchain), pytest.fail) is not None


def wait_for_stage(pid: int) -> int:
    """Return the process that compiles, once it is at work: it loads torch last."""
    wait_until(lambda: bool(children_of(pid)), 'the builder starts no stage')
    child = children_of(pid)[0]
    wait_until(lambda: 'libtorch' in Path(f'/proc/{child}/maps').read_text(), 'the stage never begins')
    return child


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until_s, what
        time.sleep(0.02)


def test_a_failed_stage_reports_the_reason(bundle: Bundle, toolchain: CpuToolchain, tmp_path: Path) -> None:
    cache = EngineCache(tmp_path)
    for script, reason in (
        (
            "import sys; print('error: no converter for aten.fft', file=sys.stderr); print('noise'); sys.exit(1)",
            '^no converter for aten.fft$',
        ),
        ("print('error: not the reason', flush=True); import os; os.kill(os.getpid(), 9)", 'was killed by SIGKILL'),
        ("raise ValueError('abc')", r'stage compile ended with status 1; last output:(.|\n)*ValueError: abc'),
        ('import os; os.kill(os.getpid(), 9)', r'was killed by SIGKILL \(too little memory\?\)'),
    ):
        with pytest.raises(InferenceError, match=reason):
            build_engine(
                bundle, toolchain, cache=cache, report=lambda _text: None, stage=(sys.executable, '-c', script)
            )
    assert not list(tmp_path.glob(f'*/{ENGINE_FILE}'))


@pytest.mark.parametrize(
    ('bundle', 'reason'),
    [
        ('models/street', 'no GPU today'),
        ('models/nowhere', 'nowhere'),
        ('/models/street', '/models/street'),
    ],
)
def test_the_command_finds_the_bundles_that_ship_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], bundle: str, reason: str
) -> None:
    def refuse(_device: str) -> Any:
        msg = 'no GPU today'
        raise InferenceError(msg)

    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, 'TensorRtToolchain', refuse)
    try:
        assert command.main([bundle]) == 1
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert reason in capsys.readouterr().err


def test_a_background_build_is_followed_and_stopped(tmp_path: Path) -> None:
    reported: list[str] = []
    script = "import time; print('Compiling', flush=True); time.sleep(60)"
    build = BackgroundBuild(tmp_path, 'cuda', reported.append, command=(sys.executable, '-c', script))
    assert build.status().state == 'building'
    wait_until(lambda: reported == ['Compiling'], 'nothing is said')
    assert build.status().message == 'Compiling'
    assert 'is being built, ' in build.status().describe('onnx')
    assert '(Compiling). Until then onnx predicts.' in build.status().describe('onnx')
    build.stop()
    assert build.status().state == 'failed'
    ended = BackgroundBuild(tmp_path, 'cuda', reported.append, command=(sys.executable, '-c', "print('Engine built')"))
    wait_until(lambda: ended.status().state == 'built', 'it does not end')
    assert ended.status().message == 'Engine built'
    assert 'configure the node again to use it' in ended.status().describe('onnx')
    ended.stop()
