# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the perception node, one dataclass per group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.pcm_decoding import FORMATS
from audio_manifold_ros.inference.backend_factory import ENGINE_POLICIES, LOAD_ONLY
from audio_manifold_ros.inference.backends.backend import FLOAT32, PRECISIONS
from audio_manifold_ros.inference.channel_policy import DEFAULT_POLICY, POLICIES
from audio_manifold_ros.inference.pipeline_settings import MAX_SMOOTHING_S
from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
from audio_manifold_ros.nodes.common.parameters import parameter
from audio_manifold_ros.nodes.perception.robot_output_parameters import ROBOT_PARAMETER_GROUPS
from audio_manifold_ros.processes.cpu_latency import DEVICE, NO_REQUEST_US

SOURCE_KINDS = ('device', 'topic', 'file', 'simulator')


@dataclass(frozen=True)
class LifecycleParameters:
    """Start of the node."""

    PREFIX: ClassVar[str] = ''
    autostart: bool = parameter(False, 'Configure and activate at start, without a lifecycle manager.', read_only=True)


@dataclass(frozen=True)
class BondParameters:
    """Bond with nav2_lifecycle_manager, where the package bond is installed."""

    PREFIX: ClassVar[str] = 'bond'
    period_s: float = parameter(
        0.25,
        'Period of the heartbeats; 0 for no bond (the manager needs bond_timeout: 0.0).',
        minimum=0.0,
        maximum=2.0,
    )


@dataclass(frozen=True)
class ModelParameters:
    """Bundle, rig and backend."""

    PREFIX: ClassVar[str] = ''
    bundle: str = parameter(
        'models/street', 'Folder of the bundle, its path below the package, or hf://ORGANISATION/NAME@REVISION.'
    )
    rig: str = parameter('calibration/roof_octagon', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.')
    backend: str = parameter(
        'auto',
        'Backend that runs the networks. auto selects the fastest one that works on this machine.',
        choices=('auto', 'onnx', 'torch', 'tensorrt', 'tensorrt_rtx'),
    )
    device: str = parameter('cpu', 'Device of the backend, for example cpu or cuda:0.')
    engine_policy: str = parameter(
        LOAD_ONLY,
        'TensorRT engine: require one, build a missing one in the background, load_only an existing one, or off.',
        choices=ENGINE_POLICIES,
    )
    threads: int = parameter(1, 'Threads of the backend on a CPU.', minimum=1, maximum=64)
    cores: str = parameter(
        '', 'onnx on a CPU: cores to which its threads are pinned, one thread each, for example 2,3. Overrides threads.'
    )
    precision: str = parameter(
        FLOAT32, 'onnx on a CPU: int8 is faster. It is refused if the bundle has no int8 model.', choices=PRECISIONS
    )


@dataclass(frozen=True)
class ProcessorParameters:
    """Sleep of the processors (idle states, C-states)."""

    PREFIX: ClassVar[str] = ''
    cpu_latency_us: int = parameter(
        NO_REQUEST_US,
        'Longest time in us that a sleeping processor may take to wake up while the node is active (CPU latency QoS of '
        f'Linux). 0: processors never sleep. {NO_REQUEST_US}: no request. Needs write permission for {DEVICE}.',
        minimum=NO_REQUEST_US,
        maximum=100_000,
        running=True,
    )


@dataclass(frozen=True)
class SourceParameters:
    """Audio source."""

    PREFIX: ClassVar[str] = 'source'
    kind: str = parameter('topic', 'Kind of audio source.', choices=SOURCE_KINDS)
    device: str = parameter('', 'device: name of the sound device, or a unique part of it.')
    device_rate_hz: int = parameter(48_000, 'device: sample rate in Hz.', minimum=8_000, maximum=192_000)
    device_channels: int = parameter(8, 'device: number of channels.', minimum=1, maximum=64)
    topic: str = parameter('audio', 'topic: name of the audio topic.')
    topic_type: str = parameter(AUDIO_BLOCK_TYPE, 'topic: message type of the audio topic.', choices=tuple(ADAPTERS))
    topic_info: str = parameter('', 'topic: AudioInfo topic with the format of audio_common_msgs audio.')
    topic_rate_hz: int = parameter(
        0, 'topic: sample rate in Hz, if the messages do not contain it; 0 if they do.', minimum=0, maximum=384_000
    )
    topic_channels: int = parameter(8, 'topic: number of channels, used with topic_rate_hz.', minimum=1, maximum=64)
    topic_format: str = parameter('s16le', 'topic: sample format, used with topic_rate_hz.', choices=tuple(FORMATS))
    file: str = parameter('', 'file: path of a WAV or FLAC file.')
    loop: bool = parameter(False, 'file: start again at the end of the file.')
    seed: int = parameter(900_001, 'simulator: seed of the street.', minimum=0, maximum=2**31 - 1)
    block_samples: int = parameter(
        256,
        'device, file, simulator: samples in one block, at the sample rate of the source.',
        minimum=32,
        maximum=8192,
    )


@dataclass(frozen=True)
class MicrophoneParameters:
    """Handling of faulty microphones."""

    PREFIX: ClassVar[str] = 'microphones'
    policy: str = parameter(
        DEFAULT_POLICY,
        'On a faulty microphone: mask it (if the bundle tolerates it), substitute its neighbour, or stop publishing.',
        choices=POLICIES,
        running=True,
    )


@dataclass(frozen=True)
class PredictionParameters:
    """Rate and confidence of the predictions."""

    PREFIX: ClassVar[str] = 'prediction'
    rate_hz: float = parameter(30.0, 'Maximum number of images per second.', minimum=0.1, maximum=200.0, running=True)
    min_confidence: float = parameter(
        0.0, 'Pixels with lower confidence are published as NaN and unlabelled.', minimum=0.0, maximum=1.0, running=True
    )
    smoothing_s: float = parameter(
        0.0,
        'Time constant of the temporal smoothing of the images in s. It reduces flicker and delays changes. 0: off.',
        minimum=0.0,
        maximum=MAX_SMOOTHING_S,
        running=True,
    )


@dataclass(frozen=True)
class PublishParameters:
    """Optional topics and frames."""

    PREFIX: ClassVar[str] = 'publish'
    audio: bool = parameter(False, 'Publish the audio on ~/audio. Mind the privacy of people nearby.', running=True)
    camera_frame: str = parameter('camera_optical_frame', 'Frame of the images.')


PARAMETER_GROUPS = (
    LifecycleParameters,
    BondParameters,
    ModelParameters,
    ProcessorParameters,
    SourceParameters,
    MicrophoneParameters,
    PredictionParameters,
    PublishParameters,
    FrameParameters,
    *ROBOT_PARAMETER_GROUPS,
)
