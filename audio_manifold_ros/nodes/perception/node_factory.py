# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Factory of the parts of a perception node, from its parameters, in the transition `configure`."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import DatasetError, NodeError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.inference.backend_factory import BUILD, engine_unavailable_reason, open_backend, read_cores
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.channel_policy import make_planner
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.tensorrt.background_build import BUILD_COMMAND, BackgroundBuild
from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
from audio_manifold_ros.nodes.perception.clock_offset import camera_offset_ns
from audio_manifold_ros.nodes.perception.diagnostics import NodeInfo
from audio_manifold_ros.nodes.perception.perception_parameters import (
    MicrophoneParameters,
    ModelParameters,
    PublishParameters,
    SourceParameters,
)
from audio_manifold_ros.nodes.perception.publishers import PredictionPublishers
from audio_manifold_ros.nodes.perception.rig_mismatch_monitor import RigMismatchMonitor
from audio_manifold_ros.nodes.perception.robot_output_messages import (
    RobotOutput,
    RobotOutputMessages,
    RobotOutputSettings,
)
from audio_manifold_ros.nodes.perception.robot_output_parameters import (
    CompressedParameters,
    DetectionParameters,
    ObstacleGridParameters,
    ScanParameters,
)
from audio_manifold_ros.nodes.perception.source_factory import SOURCES, make_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rclpy.lifecycle import LifecycleNode

    from audio_manifold_ros.audio.source import AudioSource
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
    from audio_manifold_ros.rig.rig import MicrophoneArray

ENGINE_BACKENDS = ('auto', 'tensorrt')


@dataclass(frozen=True)
class PerceptionComponents:
    """The parts of a configured node.

    Attributes:
        source: The audio source, not open yet.
        make_pipeline: Creates the pipeline for the rate of the source.
        publishers: Publishers of all topics except the diagnostics.
        node_info: Configuration for the diagnostics.
        rig_watch: Monitor of the rig of a recording. None if the source is not a topic.
        engine_build: Background build of an engine. None without one.

    """

    source: AudioSource
    make_pipeline: Callable[[int], Pipeline]
    publishers: PredictionPublishers
    node_info: NodeInfo
    rig_watch: RigMismatchMonitor | None
    engine_build: BackgroundBuild | None = None

    def current_info(self, other_warning: str = '') -> NodeInfo:
        """Return the configuration with current warnings: rig of the recording, engine build, and another one."""
        rig_warning = '' if self.rig_watch is None else self.rig_watch.warning
        build = '' if self.engine_build is None else self.engine_build.status().describe(self.node_info.backend)
        warnings = [text for text in (self.node_info.warning, rig_warning, build, other_warning) if text]
        return replace(self.node_info, warning=' '.join(warnings))

    def release(self) -> None:
        """Destroy publishers and monitor, and stop the engine build."""
        self.publishers.destroy()
        if self.rig_watch is not None:
            self.rig_watch.destroy()
        if self.engine_build is not None:
            self.engine_build.stop()


def build_components(node: LifecycleNode, parameters: NodeParameters) -> PerceptionComponents:
    """Load, verify and create all parts. A failure leaves nothing behind.

    Raises:
        NodeError: A parameter cannot be used.
        InferenceError: The bundle or the backend cannot be used.
        CalibrationError: The rig cannot be used.
        DatasetError: A file of the rig is missing.
        AudioError: The source cannot work as configured.

    """
    model = parameters.read(ModelParameters)
    source_parameters = parameters.read(SourceParameters)
    publish = parameters.read(PublishParameters)
    policy = parameters.read(MicrophoneParameters).policy
    prefix = parameters.read(FrameParameters).frame_prefix
    camera_frame = prefix + publish.camera_frame
    bundle = Bundle.load(find_bundle(model.bundle, node.get_logger().info))
    rig = resolve_folder('rig', model.rig)
    used = BundleRig.open(bundle, rig)
    bundle, array = used.bundle, used.array
    warnings = [
        used.warning,
        _clock_warning(node, source_parameters),
        _disabled_warning(array, bundle, policy),
    ]
    offset_ns = camera_offset_ns(rig)
    source = make_source(node, source_parameters, rig)
    backend = open_backend(
        bundle,
        model.backend,
        device=model.device,
        threads=model.threads,
        engine_policy=model.engine_policy,
        warn=warnings.append,
        precision=model.precision,
        cores=read_cores(model.cores),
    )
    warning = ' '.join(text for text in warnings if text)
    if warning:
        node.get_logger().warning(warning)
    node.get_logger().info(backend.reason)
    node_info = NodeInfo(
        hardware_id=SOURCES[source_parameters.kind].hardware_id(source_parameters),
        backend=backend.name,
        bundle=bundle.manifest.name,
        microphones=tuple((mic.name, mic.device_channel) for mic in array.microphones if mic.enabled),
        rig=array.array_id,
        warning=warning,
    )
    with ExitStack() as undo:
        rig_watch = _create_rig_monitor(node, source_parameters, rig)
        if rig_watch is not None:
            undo.callback(rig_watch.destroy)
        manifest = used.manifest
        mount = CameraMount.from_rig(rig, camera_frame, prefix)
        outputs = _robot_outputs(node, parameters, manifest, camera_frame, mount)
        prefixed = replace(array, frame_id=prefix + array.frame_id)
        publishers = PredictionPublishers(node, manifest, camera_frame, prefixed, outputs, offset_ns)
        undo.callback(publishers.destroy)
        engine_build = _start_engine_build(node, model, bundle, backend.name)
        undo.pop_all()
    return PerceptionComponents(
        source=source,
        make_pipeline=lambda input_rate_hz: used.make_pipeline(backend, input_rate_hz),
        publishers=publishers,
        node_info=node_info,
        rig_watch=rig_watch,
        engine_build=engine_build,
    )


def _create_rig_monitor(node: LifecycleNode, source: SourceParameters, rig: Path) -> RigMismatchMonitor | None:
    if source.kind != 'topic':
        return None
    try:
        return RigMismatchMonitor(node, source.topic, RigFiles.from_folder(rig))
    except DatasetError as error:
        # Only the comparison needs these files. The microphones are sufficient for predictions.
        node.get_logger().warning(f'This rig cannot be compared with that of a recording: {error}')
        return None


def _robot_outputs(
    node: LifecycleNode, parameters: NodeParameters, manifest: Manifest, camera_frame: str, mount: CameraMount | None
) -> list[RobotOutput]:
    """Return the outputs for robots, and log those that the rig or the installation do not allow."""
    settings = RobotOutputSettings(
        parameters.read(ScanParameters),
        parameters.read(ObstacleGridParameters),
        parameters.read(DetectionParameters),
        parameters.read(CompressedParameters),
    )
    scan = settings.scan
    if scan.min_height_m >= scan.max_height_m:
        msg = (
            f'scan.min_height_m is {scan.min_height_m!r} and scan.max_height_m {scan.max_height_m!r}: '
            'give a smaller and a larger height.'
        )
        raise NodeError(msg)
    messages = RobotOutputMessages(manifest, camera_frame, mount, settings)
    if mount is None:
        node.get_logger().info(
            'The rig has no extrinsics with an optical frame: ~/scan and ~/obstacles are not published.'
        )
    if not messages.has_detection_type:
        node.get_logger().warning(
            'Neither vision_msgs nor the current audio_manifold_msgs is installed: ~/detections is not published. '
            'Build ros2_ws again.'
        )
    return messages.outputs()


def _start_engine_build(
    node: LifecycleNode, model: ModelParameters, bundle: Bundle, active_backend: str
) -> BackgroundBuild | None:
    """Start the engine build in a child process and log it, if an engine is requested and missing."""
    if model.engine_policy != BUILD or model.backend not in ENGINE_BACKENDS or active_backend == 'tensorrt':
        return None
    unavailable_reason = engine_unavailable_reason()
    if unavailable_reason:
        node.get_logger().warning(f'No TensorRT engine is built: {unavailable_reason}.')
        return None
    node.get_logger().warning(f'A TensorRT engine is built, which takes minutes. Until then {active_backend} is used.')
    device = model.device if model.device.startswith('cuda') else 'cuda'
    rig = () if bundle.view is None else ('--rig', str(resolve_folder('rig', model.rig)))
    return BackgroundBuild(bundle.folder, device, node.get_logger().info, (*BUILD_COMMAND, *rig))


def _clock_warning(node: LifecycleNode, source: SourceParameters) -> str:
    kind = SOURCES[source.kind]
    if not kind.is_live or not node.get_parameter('use_sim_time').value:
        return ''
    name = kind.hardware_id(source)
    return f'use_sim_time is set, but {name!r} is a live device: its stamps follow /clock, not the audio.'


def _disabled_warning(array: MicrophoneArray, bundle: Bundle, policy: str) -> str:
    disabled = ', '.join(mic.name for mic in array.microphones if not mic.enabled)
    if not disabled:
        return ''
    use = make_planner(bundle.manifest, array)((), policy)
    masked = 'they are left out' if bundle.manifest.is_spatial else 'they are masked'
    remedy = masked if use.masked else 'their nearest neighbours replace them'
    return f'The rig disables {disabled}: {remedy}.'
