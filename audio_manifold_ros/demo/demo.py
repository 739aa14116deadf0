# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One demonstration from start to end."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rclpy
from lifecycle_msgs.msg import Transition
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown
from rich.live import Live

from audio_manifold_ros.common.errors import DemoError
from audio_manifold_ros.demo.demo_client import PERCEPTION, DemoClient
from audio_manifold_ros.demo.frame_sync import FrameSampler
from audio_manifold_ros.demo.live_table import live_table
from audio_manifold_ros.demo.snapshots import sample_evenly, to_snapshots
from audio_manifold_ros.demo.summary import summarise
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.evaluation.reporting.contact_sheet import contact_sheet
from audio_manifold_ros.evaluation.reporting.video import write_video
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.processes.process_memory import resident_mb
from audio_manifold_ros.processes.ros_isolation import isolated_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from audio_manifold_ros.demo.options import DemoOptions

NODES = 'audio_manifold_ros.nodes'
DRIVE = 'simulated_drive'
START_TIMEOUT_S = 120.0
FIRST_IMAGE_TIMEOUT_S = 60.0
DIAGNOSTICS_TIMEOUT_S = 20.0
REFRESH_S = 0.25
SAMPLER_RATE_HZ, SAMPLER_CAPACITY = 10.0, 900
SHEET_COLUMNS = 6
# Streets are 60 s long at most; a longer demonstration drives down the next one.
STREET_S = 60.0
# Two hops: half the messages of one hop, and every window still ends where a block ends.
BLOCK_SAMPLES = 512


class Demo:
    """Starts the nodes, watches them, and writes what remains into a folder.

    Args:
        options: What to show.
        console: Where the live table goes.

    """

    def __init__(self, options: DemoOptions, console: Console) -> None:
        """Load the bundle's manifest; nothing starts.

        Raises:
            NodeError: There is no such bundle.
            InferenceError: The bundle cannot be used.

        """
        self._options = options
        self._console = console
        self._bundle = Bundle.load(resolve_folder('--bundle', options.bundle))
        self._frame_sampler = FrameSampler(SAMPLER_RATE_HZ, SAMPLER_CAPACITY)
        self._first_image_s = 0.0
        self._rss_mb = 0.0

    def run(self) -> dict[str, Any]:
        """Show it, and return what `summary.json` says.

        Raises:
            DemoError: A node failed, or no image came.

        """
        environment = isolated_environment()
        os.environ.update(environment)
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        try:
            with tempfile.TemporaryDirectory(prefix='audio_manifold_demo_') as logs:
                viewer = DemoClient(self._bundle.manifest, self._frame_sampler)
                try:
                    with ProcessGroup(Path(logs), environment) as children:
                        self._run_nodes(viewer, children)
                finally:
                    viewer.destroy_node()
        finally:
            try_shutdown()
        return self._write_results(viewer)

    def _run_nodes(self, viewer: DemoClient, children: ProcessGroup) -> None:
        executor = SingleThreadedExecutor()
        executor.add_node(viewer)

        def wait(done: Callable[[], bool], timeout_s: float, description: str) -> None:
            end_s = time.monotonic() + timeout_s
            while not done():
                executor.spin_once(timeout_sec=0.1)
                children.check()
                if time.monotonic() > end_s:
                    log_text = '\n'.join(children.log_tail(name) for name in children.names)
                    msg = f'No {description} within {timeout_s:.0f} s. The nodes said:\n{log_text}'
                    raise DemoError(msg)

        def change(transition: int, description: str) -> None:
            future = viewer.request(transition)
            wait(future.done, START_TIMEOUT_S, f'answer to {description}')
            if not future.result().success:
                msg = f'The perception node cannot {description}:\n{children.log_tail(PERCEPTION)}'
                raise DemoError(msg)

        with self._console.status('starting the nodes'):
            node_id = children.start_node(PERCEPTION, f'{NODES}.perception.perception_node', self._node_parameters())
            wait(viewer.ready, START_TIMEOUT_S, 'answer from the perception node')
            change(Transition.TRANSITION_CONFIGURE, 'configure')
            if self._options.kind == 'simulator':
                children.start_node(DRIVE, f'{NODES}.simulator.simulated_drive', self._drive_parameters())
                wait(lambda: viewer.ground_truth_count > 0, START_TIMEOUT_S, 'image from the simulated drive')
            activated_s = time.monotonic()
            change(Transition.TRANSITION_ACTIVATE, 'activate')
            wait(lambda: bool(viewer.arrivals_s), FIRST_IMAGE_TIMEOUT_S, 'image from the perception node')
        self._first_image_s = viewer.arrivals_s[0] - activated_s
        self._show_live(viewer, children, executor, node_id)
        previous_count = viewer.diagnostics_count
        wait(lambda: viewer.diagnostics_count > previous_count, DIAGNOSTICS_TIMEOUT_S, 'diagnostics')

    def _show_live(
        self, viewer: DemoClient, children: ProcessGroup, executor: SingleThreadedExecutor, node_id: int
    ) -> None:
        start_s = viewer.arrivals_s[0]
        last_refresh_s = 0.0
        with Live(console=self._console, auto_refresh=False, transient=not self._console.is_terminal) as live:
            while (now_s := time.monotonic()) < start_s + self._options.seconds:
                executor.spin_once(timeout_sec=0.05)
                if now_s - last_refresh_s < REFRESH_S:
                    continue
                last_refresh_s = now_s
                children.check()
                self._rss_mb = max(self._rss_mb, resident_mb(node_id))
                live.update(live_table(viewer, self._title(), now_s - start_s, self._rss_mb), refresh=True)
                if viewer.value('audio source', 'state') == 'ended':
                    break

    def _write_results(self, viewer: DemoClient) -> dict[str, Any]:
        out, frames, manifest = self._options.out, self._frame_sampler.frames, self._bundle.manifest
        if not frames:
            msg = 'No prediction arrived with all of its images: this machine is overloaded, try --rate 10.'
            raise DemoError(msg)
        out.mkdir(parents=True, exist_ok=True)
        summary = summarise(viewer, self._bundle.folder, self._first_image_s, self._rss_mb)
        with self._console.status('drawing'):
            moments = to_snapshots(frames, manifest)
            sheet = contact_sheet(sample_evenly(moments, SHEET_COLUMNS), self._title(), _subtitle(summary))
            save_png(out / 'contact_sheet.png', sheet)
            write_video(out / 'drive.mp4', moments, self._title())
        (out / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n', encoding='utf-8')
        return summary

    def _title(self) -> str:
        options = self._options
        source_text = f'street {options.seed}' if options.kind == 'simulator' else options.place
        return f'Heard with eight microphones: {source_text}'

    def _node_parameters(self) -> dict[str, Any]:
        options = self._options
        kind, key = {
            'simulator': ('topic', 'source.topic'),
            'file': ('file', 'source.file'),
            'device': ('device', 'source.device'),
        }[options.kind]
        place = options.place if options.kind != 'file' else str(Path(options.place).resolve())
        return {
            'bundle': str(self._bundle.folder),
            'source.kind': kind,
            key: place or 'audio',
            'prediction.rate_hz': options.rate_hz,
        }

    def _drive_parameters(self) -> dict[str, Any]:
        return {'seed': self._options.seed, 'street_s': STREET_S, 'block_samples': BLOCK_SAMPLES}


def _subtitle(summary: dict[str, Any]) -> str:
    parts = [f'{summary["rate_hz"]:.1f} images/s, {summary["latency_ms"]["p50"]:.0f} ms from sample to image']
    for head, keys in (('depth', ('abs_rel', 'abs_rel_prior')), ('segmentation', ('iou_car', 'iou_car_prior'))):
        model, prior = (summary.get(head, {}).get(key) for key in keys)
        if model is not None and prior is not None:
            parts.append(f'{keys[0]} {model:.3f} (without listening {prior:.3f})')
    return ', '.join(parts)
