# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A compiler and runtime for tests without a GPU: real export, real files, real runs, all of it on the CPU."""

from __future__ import annotations

import json
import platform as machine
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from audio_manifold_ros.common.errors import InferenceError  # noqa: E402
from audio_manifold_ros.inference.tensorrt.build_worker import main  # noqa: E402
from audio_manifold_ros.inference.tensorrt.engine_compiler import LoadedEngine  # noqa: E402
from audio_manifold_ros.inference.tensorrt.engine_key import Platform, Precision  # noqa: E402
from audio_manifold_ros.inference.tensorrt.engine_precision import check_precision, layer_types  # noqa: E402

TYPES = {torch.float16: 'Half', torch.float32: 'Float'}


class CpuToolchain:
    """Toolchain on the CPU without TensorRT: the exported program itself is the engine."""

    def __init__(self, device: str = 'cpu') -> None:
        self.device = torch.device(device)
        torch.set_num_threads(1)

    def platform(self) -> Platform:
        return Platform(torch.__version__, '2.13.0', '11.0', '9', 'none', 'a CPU', '0.0', machine.machine())

    def options(self) -> dict[str, Any]:
        return {'require_full_compilation': True}

    def compile(self, core: Any, example: Any, engine: Path, timing_cache: Path) -> None:
        timing_cache.write_bytes(b'measured')
        torch.export.save(torch.export.export(core, (example,), strict=False), engine)

    def load(self, engine: Path, precision: Precision) -> LoadedEngine:
        try:
            program = torch.export.load(engine)
        except Exception as error:  # noqa: BLE001
            msg = f'cannot load it: {error}'
            raise InferenceError(msg) from None
        infos = (json.dumps({'Layers': [layer(node) for node in program.graph.nodes if node.op == 'call_function']}),)
        check_precision(layer_types(infos), precision)
        return LoadedEngine(program.module(), infos)


def layer(node: Any) -> dict[str, Any]:
    value = node.meta.get('val')
    kind = TYPES.get(getattr(value, 'dtype', None), 'Int64')
    return {'Name': node.name, 'Outputs': [{'Format/Datatype': kind}]}


if __name__ == '__main__':
    sys.exit(main(make_toolchain=CpuToolchain))
