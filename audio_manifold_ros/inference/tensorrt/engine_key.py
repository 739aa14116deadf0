# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Key of an engine: everything that it depends on, and the name of its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from audio_manifold_ros.common.json_text import format_json
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.bundle import WEIGHTS_FILE

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.bundle import Bundle

Precision = Literal['fp16', 'fp32', 'int8']
FP16: Precision = 'fp16'
FP32: Precision = 'fp32'
INT8: Precision = 'int8'
# Precisions of torch-tensorrt.
PRECISIONS: tuple[Precision, ...] = (FP16, FP32)
# Incremented when this software compiles another part of the network, or in another way.
RECIPE_VERSION = 1


@dataclass(frozen=True)
class Platform:
    """Software and device of an engine.

    Attributes:
        torch: Version of PyTorch.
        torch_tensorrt: Version of Torch-TensorRT.
        tensorrt: Version of TensorRT.
        abi: Version of the file layout of Torch-TensorRT.
        cuda: CUDA version of PyTorch.
        gpu: Name of the device.
        compute_capability: Compute capability of the device, for example `8.7`.
        machine: Architecture of the computer, for example `aarch64`.

    """

    torch: str
    torch_tensorrt: str
    tensorrt: str
    abi: str
    cuda: str
    gpu: str
    compute_capability: str
    machine: str


@dataclass(frozen=True)
class EngineKey:
    """Everything that an engine depends on. Engines with different keys are different engines.

    Attributes:
        recipe: `RECIPE_VERSION` of this software.
        weights_sha256: Hash of the weights of the bundle.
        networks_sha256: Hash of the configuration of the networks, and of the camera of `Bundle.with_view`.
        input_shape: Shape of the features: (mic, height, width), or (size,) of spatial features.
        precision: Precision of weights and activations.
        options: Options of the compiler.
        platform: Software and device.

    """

    recipe: int
    weights_sha256: str
    networks_sha256: str
    input_shape: tuple[int, ...]
    precision: Precision
    options: Mapping[str, object]
    platform: Platform

    @classmethod
    def for_bundle(
        cls, bundle: Bundle, precision: Precision, options: Mapping[str, object], platform: Platform
    ) -> EngineKey:
        """Return the key of the engine of a bundle."""
        networks = format_json(_sort_keys(bundle.manifest.networks))
        if bundle.view is not None:
            networks += format_json(to_plain(bundle.view))
        return cls(
            recipe=RECIPE_VERSION,
            weights_sha256=bundle.manifest.files[WEIGHTS_FILE].sha256,
            networks_sha256=hashlib.sha256(networks.encode()).hexdigest(),
            input_shape=input_shape(bundle.manifest),
            precision=precision,
            options=options,
            platform=platform,
        )

    @property
    def digest(self) -> str:
        """Name of the folder that holds the engine: 32 hexadecimal digits."""
        return hashlib.sha256(format_json(_sort_keys(to_plain(self))).encode()).hexdigest()[:32]

    def differences(self, other: EngineKey) -> str:
        """Return the differences of `other` from this key as text; empty if they are equal."""
        pairs = [(field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        own_platform, other_platform = self.platform, other.platform
        pairs[-1:] = [
            (field.name, getattr(own_platform, field.name), getattr(other_platform, field.name))
            for field in fields(own_platform)
        ]
        return ', '.join(
            f'{name} is {other_value!r}, not {own_value!r}'
            for name, own_value, other_value in pairs
            if own_value != other_value
        )


def _sort_keys(value: Any) -> Any:
    """Return plain values with all keys sorted, so that equal values have equal texts."""
    if isinstance(value, dict):
        return {key: _sort_keys(value[key]) for key in sorted(value)}
    return [_sort_keys(item) for item in value] if isinstance(value, (list, tuple)) else value
