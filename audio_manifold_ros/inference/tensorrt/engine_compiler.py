# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What turns a network into an engine and runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from audio_manifold_ros.inference.tensorrt.engine_key import Platform, Precision


@dataclass(frozen=True)
class LoadedEngine:
    """An engine in memory.

    Attributes:
        function: Maps a contiguous float32 (1, mic, height, width) on the device to what `Hearing` returns.
        infos: What the inspector of each engine within says, JSON.

    """

    function: Callable[[Any], Sequence[Any]]
    infos: tuple[str, ...]


class Toolchain(Protocol):
    """A compiler with its runtime, on one device; every refusal is an `InferenceError`."""

    @property
    def device(self) -> Any:
        """The `torch.device`."""

    def platform(self) -> Platform:
        """Return the versions of everything, and the device."""

    def options(self) -> dict[str, Any]:
        """Return what the compiler is told, as plain values: they belong to the key."""

    def compile(self, core: Any, example: Any, engine: Path, timing_cache: Path) -> None:
        """Compile and save a network.

        Args:
            core: A `Hearing` on the device.
            example: Its input.
            engine: File to write.
            timing_cache: File that later builds profit from; may exist.

        """

    def load(self, engine: Path, precision: Precision) -> LoadedEngine:
        """Load an engine.

        Raises:
            InferenceError: The engine cannot be used.
            RuntimeError: The device fails, which says nothing of the engine.

        """
