# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""View of a bag: predictions of the pipeline next to the ground truth, in real time or as fast as possible."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions, open_session
from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth
from audio_manifold_ros.bag_evaluation.snapshots import make_snapshot
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.viewer.view_output import ViewOutput, open_output
from audio_manifold_ros.viewer.view_recording import ViewRecording

if TYPE_CHECKING:
    from collections.abc import Callable


def view_bag(
    options: EvaluationOptions,
    output: ViewOutput,
    announce: Callable[[str], None],
    *,
    realtime: bool = True,
    end: Callable[[], None] = lambda: None,
) -> int:
    """Show a bag, and return the number of predictions.

    Args:
        options: Bag, bundle, rig and topics. `out` is not used.
        output: Destination of the view.
        announce: Called with the place where to look, before the first image.
        realtime: Show the images at the speed of the drive.
        end: Called after the last image, while the view is still open.

    Raises:
        BagError: The bag cannot be used.
        InferenceError: The bundle or the backend cannot be used.
        RigError: The rig cannot be used.
        ViewerError: The view cannot be opened.

    """
    count = 0
    with ExitStack() as stack:
        session = stack.enter_context(open_session(options))
        manifest = session.bundle_rig.manifest
        has_vehicles = manifest.vehicles is not None
        stream, place = stack.enter_context(open_output(output, manifest.modalities, has_vehicles=has_vehicles))
        announce(place)
        rig = RigFiles.from_folder(session.rig.folder)
        recording = ViewRecording(stream, rig, manifest)
        span_ns = RecordedAudio(session.bag, session.topics, options.stated).span_ns()
        offset_s = rig.transforms().audio_time_offset_s
        start_s, first_ns = time.monotonic(), None
        with BagGroundTruth(session.bag, session.topics, span_ns, session.rig_depth, offset_s) as ground_truth:
            for prediction in session.offline().predictions():
                first_ns = prediction.stamp_ns if first_ns is None else first_ns
                time_s = (prediction.stamp_ns - first_ns) / NS_PER_S
                snapshot = make_snapshot(prediction, *ground_truth.shown(prediction.stamp_ns), manifest, time_s)
                if realtime:
                    time.sleep(max(0.0, start_s + time_s - time.monotonic()))
                recording.log(snapshot)
                count += 1
        end()
    return count
