# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line `model build-engine`: compile the networks of a bundle for the GPU of this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.cli.options import BUNDLE_HELP
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, InferenceError
from audio_manifold_ros.common.json_text import format_json, read_json
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle.image_change import describe_changes
from audio_manifold_ros.inference.tensorrt.build_worker import ERROR_PREFIX
from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, FP32, INT8, PRECISIONS, EngineKey, Precision
from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata, VerificationResult
from audio_manifold_ros.inference.tensorrt.rtx_build import build_rtx_engine
from audio_manifold_ros.inference.tensorrt.rtx_compiler import RtxCompiler
from audio_manifold_ros.inference.tensorrt.tensorrt_backend import TensorRtBackend
from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.tensorrt.engine_compiler import Toolchain

STAGE_COMMAND = (sys.executable, '-m', 'audio_manifold_ros.inference.tensorrt.build_worker')
PROGRESS_PERIOD_S = 15.0
MAX_LOG_LINES = 15
EXIT_INTERRUPTED = 130
TOOLCHAINS = (TORCH_TENSORRT, TENSORRT_RTX) = ('torch-tensorrt', 'tensorrt-rtx')
ALL_PRECISIONS = (*PRECISIONS, INT8)


def build_engine(
    bundle: Bundle,
    toolchain: Toolchain,
    *,
    precision: Precision = FP16,
    cache: EngineCache | None = None,
    report: Callable[[str], None],
    stage: Sequence[str] = STAGE_COMMAND,
) -> Path:
    """Return the engine of a bundle. A missing engine is built and compared with the network.

    Args:
        bundle: A verified bundle.
        toolchain: Compiler, with the options and the platform that the engine depends on.
        precision: Precision of weights and activations.
        cache: Cache of engines; that of the user by default.
        report: Function for each line about the progress.
        stage: Command of the child processes that compile and check.

    Raises:
        InferenceError: The engine cannot be built, or differs from the network. No file remains.

    """
    cache = cache or EngineCache()
    key = EngineKey.for_bundle(bundle, precision, toolchain.options(), toolchain.platform())
    with cache.lock(key, report):
        found = cache.find(key, report)
        if found is not None:
            report(f'The engine exists: {found}')
            return found
        with cache.scratch(key) as scratch:
            start_s = time.perf_counter()
            check = _run_stages(bundle, key, cache, scratch, (*stage,), str(toolchain.device), report)
            engine = scratch / ENGINE_FILE
            build_s = time.perf_counter() - start_s
            metadata = EngineMetadata.of_build(bundle.manifest.name, key, engine, build_s, check)
            stored = cache.store(key, engine, metadata)
    report(
        f'Engine built in {metadata.build_s:.0f} s: it changes {describe_changes(check.changes)}; '
        f'{check.half_layers} layers in half and {check.single_layers} in single precision; '
        f'{check.run_ms:.2f} ms a window. {stored}'
    )
    return stored


def _run_stages(
    bundle: Bundle,
    key: EngineKey,
    cache: EngineCache,
    scratch: Path,
    stage: tuple[str, ...],
    device: str,
    report: Callable[[str], None],
) -> VerificationResult:
    """Compile and check the engine in a scratch folder."""
    result, timing, shared = scratch / 'check.json', scratch / 'timing.bin', cache.timing_cache(key)
    cache.load_timing_cache(key, timing)
    options = ['--engine', scratch / ENGINE_FILE, '--precision', key.precision, '--device', device]
    options += ['--timing-cache', timing, '--result', result]
    if bundle.view is not None:
        options += ['--view', format_json(to_plain(bundle.view))]
    for name, message in (
        ('compile', 'Compiling the networks takes minutes.'),
        ('check', 'Checking the engine.'),
    ):
        report(message)
        _run([*stage, name, str(bundle.folder), *map(str, options)], name, report)
    if timing.exists():
        timing.replace(shared)
    found = read_json(result, InferenceError, 'Build the engine again.')
    return from_plain(VerificationResult, found, result.name, InferenceError, complete=True)


def _run(command: list[str], name: str, report: Callable[[str], None]) -> None:
    """Run a stage and report from time to time that it still runs.

    Raises:
        InferenceError: The stage failed. The message holds its last lines.

    """
    log = Path(command[command.index('--engine') + 1]).with_name(f'{name}.log')
    start_s = time.perf_counter()
    with log.open('wb') as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            while True:
                try:
                    status = process.wait(PROGRESS_PERIOD_S)
                    break
                except subprocess.TimeoutExpired:
                    report(f'{name}: {time.perf_counter() - start_s:.0f} s so far.')
        except BaseException:
            process.kill()
            raise
    if status:
        raise InferenceError(_describe_failure(name, status, log))


def _describe_failure(name: str, status: int, log: Path) -> str:
    with log.open(encoding='utf-8', errors='replace') as file:
        lines = [line.rstrip() for line in deque(file, maxlen=MAX_LOG_LINES)]
    # Buffered standard output of the stage may follow the reason.
    reason = next((line for line in reversed(lines) if line.startswith(ERROR_PREFIX)), None)
    if reason is not None and status > 0:
        return reason.removeprefix(ERROR_PREFIX)
    ended = f'was killed by {signal.Signals(-status).name}' if status < 0 else f'ended with status {status}'
    hint = ' (too little memory?)' if status == -signal.SIGKILL else ''
    text = '\n'.join(lines)
    return f'The stage {name} {ended}{hint}; last output:\n{text}'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit status."""
    parser = command_parser('model build-engine')
    parser.add_argument('bundle', help=BUNDLE_HELP)
    parser.add_argument(
        '--toolchain',
        choices=TOOLCHAINS,
        default=TORCH_TENSORRT,
        help='torch-tensorrt builds for the GPU of this machine; tensorrt-rtx builds for desktop GPUs, without a GPU '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--precision', choices=ALL_PRECISIONS, help='fp16 or fp32 with torch-tensorrt, fp32 or int8 with tensorrt-rtx'
    )
    parser.add_argument('--rig', type=Path, help='rig whose camera the images are for (default: that of the bundle)')
    parser.add_argument('--device', default='cuda', help='cuda or cuda:N (default: %(default)s)')
    parser.add_argument(
        '--build-only', action='store_true', help='do not load the engine after the build as the node does'
    )
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bundle = Bundle.load(find_bundle(args.bundle, _print))
        if args.rig is not None:
            files = RigFiles.from_folder(args.rig)
            bundle = bundle.with_view(CameraView.from_rig(files.camera_model(), files.transforms()))
        if args.toolchain == TENSORRT_RTX:
            build_rtx_engine(bundle, RtxCompiler(), precision=args.precision or FP32, report=_print)
            return 0
        precision = _torch_tensorrt_precision(args.precision or FP16)
        toolchain = TensorRtToolchain(args.device)
        build_engine(bundle, toolchain, precision=precision, report=_print)
        if not args.build_only:
            _print(TensorRtBackend(bundle, toolchain, _print, precision=precision).reason)
    except (AudioManifoldError, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def _torch_tensorrt_precision(precision: Precision) -> Precision:
    if precision not in PRECISIONS:
        msg = f'The precision is {precision!r}: torch-tensorrt takes {" or ".join(PRECISIONS)}.'
        raise InferenceError(msg)
    return precision


def _print(text: str) -> None:
    print(text, flush=True)


if __name__ == '__main__':
    sys.exit(main())
