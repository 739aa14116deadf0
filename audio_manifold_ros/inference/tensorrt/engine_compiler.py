# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Interface of a toolchain that compiles a network into an engine and loads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from audio_manifold_ros.inference.tensorrt.engine_key import Platform, Precision


@dataclass(frozen=True)
class LoadedEngine:
    """An engine in memory.

    Attributes:
        function: Function of features with a batch axis of 1, contiguous float32 on the device, with the outputs of a
            `CompilableNetwork`.
        infos: JSON report of the inspector of each engine within.

    """

    function: Callable[[Any], Sequence[Any]]
    infos: tuple[str, ...]


class Toolchain(Protocol):
    """A compiler with its runtime, on one device. It raises `InferenceError`."""

    @property
    def device(self) -> Any:
        """The `torch.device`."""

    def platform(self) -> Platform:
        """Return the versions of the software, and the device."""

    def options(self) -> Mapping[str, object]:
        """Return the options of the compiler as plain values. They belong to the key."""

    def compile(self, core: Any, example: Any, engine: Path, timing_cache: Path) -> None:
        """Compile and save a network.

        Args:
            core: A `CompilableNetwork` on the device.
            example: An example of its input.
            engine: File to write.
            timing_cache: File of kernel timings for later builds. It may exist.

        """

    def load(self, engine: Path, precision: Precision) -> LoadedEngine:
        """Load an engine.

        Raises:
            InferenceError: The engine cannot be used.
            RuntimeError: The device fails. The engine may be valid.

        """
