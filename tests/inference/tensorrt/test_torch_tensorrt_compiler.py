# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.tensorrt import torch_tensorrt_compiler
from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain, require_compiled
from tests.inference.tensorrt.torch_tensorrt_signatures import COMPILE, DEBUGGER, SAVE

EXAMPLE = torch.zeros(1, 2)


class Compiled(nn.Module):
    """Result of the compiler: the engines are named children."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.add_module(part, nn.Identity())


def accepts_only(names: list[str], then: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """Return a function with these parameters only. Another argument raises a TypeError."""
    arguments = ', '.join(f'{name}=None' for name in names if not name.startswith('**'))
    space: dict[str, Any] = {'then': then}
    exec(f'def function({arguments}):\n    return then(locals())', space)  # noqa: S102
    return space['function']


class Compiler:
    """Fake of one version of torch-tensorrt that records its calls."""

    def __init__(self, version: str, part: str = '_run_on_acc_0') -> None:
        self.calls: dict[str, dict[str, Any]] = {}
        self.__version__ = version
        self.save = accepts_only(SAVE[version], lambda given: self._record_call('save', given, None))
        self.dynamo = SimpleNamespace(
            compile=accepts_only(COMPILE[version], lambda given: self._record_call('compile', given, Compiled(part))),
            Debugger=accepts_only(DEBUGGER[version], lambda given: self._record_call('debugger', given, nullcontext())),
        )

    def _record_call(self, what: str, given: dict[str, Any], answer: Any) -> Any:
        self.calls[what] = {name: value for name, value in given.items() if value is not None}
        return answer


def toolchain_of(compiler: Compiler) -> TensorRtToolchain:
    """Return a toolchain that compiles with it; that of a user needs a CUDA device."""
    toolchain = TensorRtToolchain.__new__(TensorRtToolchain)
    toolchain._torch, toolchain._trt = torch, compiler
    return toolchain


@pytest.mark.parametrize('version', list(COMPILE))
def test_every_version_is_called_as_its_sources_want(version: str, tmp_path: Path) -> None:
    compiler = Compiler(version)
    toolchain_of(compiler).compile(nn.ReLU().eval(), EXAMPLE, tmp_path / 'engine.ep', tmp_path / 'timing.bin')
    calls = compiler.calls['compile']
    assert isinstance(calls['exported_program'], torch.export.ExportedProgram)
    assert calls['arg_inputs'] == [EXAMPLE]
    assert calls['timing_cache_path'] == str(tmp_path / 'timing.bin')
    assert calls['require_full_compilation'] is True
    saved = compiler.calls['save']
    assert saved['file_path'] == str(tmp_path / 'engine.ep')
    assert saved['retrace'] is True
    assert saved['arg_inputs'] == [EXAMPLE]
    assert compiler.calls['debugger']['logging_dir'].startswith(str(tmp_path))


def test_a_compiler_that_does_nothing_is_found_out(tmp_path: Path) -> None:
    compiler = Compiler('2.13.0', part='layers')
    with pytest.raises(InferenceError, match=r"compiled nothing: the parts of its result are \['layers'\]"):
        toolchain_of(compiler).compile(nn.ReLU(), EXAMPLE, tmp_path / 'engine.ep', tmp_path / 'timing.bin')
    assert 'save' not in compiler.calls
    with pytest.raises(InferenceError, match='compiled nothing'):
        require_compiled(torch.export.export(nn.ReLU(), (EXAMPLE,)).module())


def test_a_refusal_of_the_compiler_is_a_sentence(tmp_path: Path) -> None:
    def refuse(_given: dict[str, Any]) -> None:
        msg = 'require_full_compilation=True was specified, but model is not fully supported'
        raise AssertionError(msg)

    compiler = Compiler('2.8.0')
    compiler.dynamo.compile = accepts_only(COMPILE['2.8.0'], refuse)
    with pytest.raises(InferenceError, match=r'2\.8\.0 cannot build the engine: AssertionError: require_full'):
        toolchain_of(compiler).compile(nn.ReLU(), EXAMPLE, tmp_path / 'engine.ep', tmp_path / 'timing.bin')


def test_a_file_that_is_no_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, 'set_device', lambda _device: None)
    toolchain = toolchain_of(Compiler('2.13.0'))
    toolchain.device = torch.device('cpu')
    (tmp_path / 'engine.ep').write_bytes(b'no archive')
    with pytest.raises(InferenceError, match=r'2\.13\.0 cannot load it'):
        toolchain.load(tmp_path / 'engine.ep', 'fp16')
    torch.export.save(torch.export.export(nn.ReLU(), (EXAMPLE,)), tmp_path / 'engine.ep')
    with pytest.raises(InferenceError, match='holds no TensorRT engine'):
        toolchain.load(tmp_path / 'engine.ep', 'fp16')


def test_a_device_that_is_full_is_not_taken_for_a_bad_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_device: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(torch.cuda, 'set_device', fail)
    toolchain = toolchain_of(Compiler('2.13.0'))
    toolchain.device = torch.device('cpu')
    with pytest.raises(torch.OutOfMemoryError):
        toolchain.load(tmp_path / 'engine.ep', 'fp16')


@pytest.mark.parametrize('error', ['Exception("no libnvinfer")', 'FileNotFoundError("no libnvinfer")'])
def test_a_torch_tensorrt_without_its_libraries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    (tmp_path / 'lame_tensorrt.py').write_text(f'raise {error}\n')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InferenceError, match=r'lame_tensorrt does not load \(\w+: no libnvinfer\)'):
        torch_tensorrt_compiler._import('lame_tensorrt')


def test_a_cpu_is_no_device_of_tensorrt() -> None:
    with pytest.raises(InferenceError, match="not on 'cpu'"):
        TensorRtToolchain('cpu')


def test_without_the_runtime_the_layout_has_no_version() -> None:
    assert toolchain_of(Compiler('2.13.0'))._abi() == 'none'
