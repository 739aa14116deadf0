# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One stage of the build of an engine, in a child process whose crash becomes an error message of the builder.

The stage `compile` writes the engine. The stage `check` loads it in a process that has compiled nothing, like the node,
and compares it with the network.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.json_text import format_json, parse_json
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, PRECISIONS, Precision
from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain
from audio_manifold_ros.processes.parent_death import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.tensorrt.engine_compiler import Toolchain

ERROR_PREFIX = 'error: '


def compile_engine(
    bundle: Bundle, engine: Path, toolchain: Toolchain, precision: Precision, timing_cache: Path
) -> None:
    """Write the engine of a bundle.

    Raises:
        InferenceError: The network cannot be compiled.

    """
    import torch

    from audio_manifold_ros.inference.backends.torch_backend import load_network
    from audio_manifold_ros.networks.compiled_core import CompilableNetwork

    dtype = torch.float16 if precision == FP16 else torch.float32
    hearing = CompilableNetwork(load_network(bundle), dtype).to(toolchain.device)
    example = torch.zeros((1, *input_shape(bundle.manifest)), device=toolchain.device)
    toolchain.compile(hearing, example, engine, timing_cache)


def main(arguments: Sequence[str] | None = None, make_toolchain: Callable[[str], Toolchain] = TensorRtToolchain) -> int:
    """Run one stage. Return the exit status; the reason of a failure is the last line of the standard error."""
    end_with_parent()  # an orphan would occupy the GPU for minutes without use
    parser = argparse.ArgumentParser(prog='engine_stage', description='One stage of build_engine.')
    parser.add_argument('stage', choices=('compile', 'check'))
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--view', default='')
    parser.add_argument('--engine', type=Path, required=True)
    parser.add_argument('--precision', choices=PRECISIONS, required=True)
    parser.add_argument('--device', required=True)
    parser.add_argument('--timing-cache', type=Path, required=True)
    parser.add_argument('--result', type=Path, required=True)
    args = parser.parse_args(arguments)
    try:
        bundle, toolchain = Bundle.load(args.bundle), make_toolchain(args.device)
        if args.view:
            view = from_plain(CameraView, parse_json(args.view, '--view', InferenceError, ''), '--view', InferenceError)
            bundle = bundle.with_view(view)
        if args.stage == 'compile':
            compile_engine(bundle, args.engine, toolchain, args.precision, args.timing_cache)
        else:
            # Imports the simulator, which the stage `compile` does not need.
            from audio_manifold_ros.inference.tensorrt.engine_verification import verify_engine

            check = verify_engine(bundle, args.engine, toolchain, args.precision)
            args.result.write_text(format_json(to_plain(check)), encoding='utf-8')
    except (InferenceError, OSError, RuntimeError) as error:
        print(f'{ERROR_PREFIX}{error}', file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
