# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the perception node, one dataclass per concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.pcm_decoding import FORMATS
from audio_manifold_ros.inference.backend_factory import ENGINE_POLICIES, LOAD_ONLY
from audio_manifold_ros.inference.backends.backend import FLOAT32, PRECISIONS
from audio_manifold_ros.inference.channel_policy import DEFAULT_POLICY, POLICIES
from audio_manifold_ros.nodes.common.parameters import parameter


@dataclass(frozen=True)
class LifecycleParameters:
    """How the node starts."""

    PREFIX: ClassVar[str] = ''
    autostart: bool = parameter(False, 'Configure and activate at start, without a lifecycle manager.', read_only=True)


@dataclass(frozen=True)
class ModelParameters:
    """What is computed, and on what."""

    PREFIX: ClassVar[str] = ''
    bundle: str = parameter('models/street', 'Folder of the bundle, or its path below the package.')
    rig: str = parameter('calibration/roof_octagon', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.')
    backend: str = parameter(
        'auto',
        'What runs the network; auto takes the fastest that works here.',
        choices=('auto', 'onnx', 'torch', 'tensorrt'),
    )
    device: str = parameter('cpu', 'Device of the torch backend, for example cpu or cuda:0.')
    engine_policy: str = parameter(
        LOAD_ONLY,
        'Engines of TensorRT: require one, build one beside the running node, load_only one that is there, or off.',
        choices=ENGINE_POLICIES,
    )
    threads: int = parameter(2, 'Threads of the backend on a CPU.', minimum=1, maximum=64)
    cores: str = parameter(
        '', 'onnx on a CPU: processors, for example 2,3, that its threads are pinned to, one each, instead of threads.'
    )
    precision: str = parameter(
        FLOAT32, 'onnx on a CPU: int8 is faster where the bundle has it; refused where it does not.', choices=PRECISIONS
    )


@dataclass(frozen=True)
class SourceParameters:
    """Where the audio comes from."""

    PREFIX: ClassVar[str] = 'source'
    kind: str = parameter('topic', 'Where the audio comes from.', choices=('device', 'topic', 'file', 'simulator'))
    device: str = parameter('', 'device: name of the sound device, or a part of it that no other device has.')
    device_rate_hz: int = parameter(48_000, 'device: rate at which it is opened.', minimum=8_000, maximum=192_000)
    device_channels: int = parameter(8, 'device: channels that it is opened with.', minimum=1, maximum=64)
    topic: str = parameter('audio', 'topic: where the audio is published.')
    topic_type: str = parameter(AUDIO_BLOCK_TYPE, 'topic: its type.', choices=tuple(ADAPTERS))
    topic_info: str = parameter('', 'topic: AudioInfo topic that describes audio of audio_common_msgs.')
    topic_rate_hz: int = parameter(0, 'topic: sample rate that messages leave unsaid.', minimum=0, maximum=384_000)
    topic_channels: int = parameter(8, 'topic: with topic_rate_hz, the channels.', minimum=1, maximum=64)
    topic_format: str = parameter('s16le', 'topic: with topic_rate_hz, the samples.', choices=tuple(FORMATS))
    file: str = parameter('', 'file: WAV or FLAC file.')
    loop: bool = parameter(False, 'file: begin again at its end.')
    seed: int = parameter(900_001, 'simulator: seed of the street.', minimum=0, maximum=2**31 - 1)
    block_samples: int = parameter(256, 'Samples of one block, at the rate of the source.', minimum=32, maximum=8192)


@dataclass(frozen=True)
class MicrophoneParameters:
    """What is done about microphones that cannot be trusted."""

    PREFIX: ClassVar[str] = 'microphones'
    policy: str = parameter(
        DEFAULT_POLICY,
        'A microphone fails: mask it if the bundle tolerates that, substitute its neighbour, or stop publishing.',
        choices=POLICIES,
        running=True,
    )


@dataclass(frozen=True)
class PredictionParameters:
    """How often images are made, and what is trusted."""

    PREFIX: ClassVar[str] = 'prediction'
    rate_hz: float = parameter(30.0, 'Images a second, at most.', minimum=0.1, maximum=200.0, running=True)
    min_confidence: float = parameter(
        0.0, 'Pixels of lower confidence become NaN and unlabelled.', minimum=0.0, maximum=1.0, running=True
    )


@dataclass(frozen=True)
class PublishParameters:
    """What is published, in which frames."""

    PREFIX: ClassVar[str] = 'publish'
    audio: bool = parameter(False, 'Publish the audio on ~/audio. Sound is private.', running=True)
    camera_frame: str = parameter('camera_optical_frame', 'Frame of the images.')


PARAMETER_GROUPS = (
    LifecycleParameters,
    ModelParameters,
    SourceParameters,
    MicrophoneParameters,
    PredictionParameters,
    PublishParameters,
)
