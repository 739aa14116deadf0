# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks in PyTorch: VQ-VAE, AT-net, a network on spatial maps, end-to-end systems, ECHO2DEPTH and OmniNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
    from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized
    from audio_manifold_ros.networks.continuous_bottlenecks import GaussianBottleneck, IdentityBottleneck
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.echo2depth import Echo2Depth, Echo2DepthConfig
    from audio_manifold_ros.networks.end_to_end import EndToEnd, EndToEndConfig
    from audio_manifold_ros.networks.omninet import OmniNet, OmniNetConfig
    from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
    from audio_manifold_ros.networks.quantizer import VectorQuantizer
    from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
    from audio_manifold_ros.networks.vehicle_head import VehicleHead
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig, VehiclePosition
    from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig

__all__ = [
    'AtNet',
    'AtNetConfig',
    'Bottleneck',
    'DepthRepresentation',
    'Echo2Depth',
    'Echo2DepthConfig',
    'EndToEnd',
    'EndToEndConfig',
    'GaussianBottleneck',
    'IdentityBottleneck',
    'OmniNet',
    'OmniNetConfig',
    'PerceptionConfig',
    'PerceptionNetwork',
    'Quantized',
    'SingleStageConfig',
    'SingleStageNetwork',
    'VectorQuantizer',
    'VehicleHead',
    'VehicleMapConfig',
    'VehiclePosition',
    'VqVae',
    'VqVaeConfig',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'at_net': 'AtNet AtNetConfig',
        'bottleneck': 'Bottleneck Quantized',
        'continuous_bottlenecks': 'GaussianBottleneck IdentityBottleneck',
        'depth_representation': 'DepthRepresentation',
        'echo2depth': 'Echo2Depth Echo2DepthConfig',
        'end_to_end': 'EndToEnd EndToEndConfig',
        'omninet': 'OmniNet OmniNetConfig',
        'perception_network': 'PerceptionConfig PerceptionNetwork',
        'quantizer': 'VectorQuantizer',
        'single_stage': 'SingleStageConfig SingleStageNetwork',
        'vehicle_head': 'VehicleHead',
        'vehicle_map': 'VehiclePosition VehicleMapConfig',
        'vq_vae': 'VqVae VqVaeConfig',
    },
)
