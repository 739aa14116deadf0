# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo from start to end: nodes, live table, contact sheet, video and summary."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lifecycle_msgs.msg import Transition
from rich.live import Live

from audio_manifold_ros.bag_evaluation.snapshots import choose_snapshots
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import DemoError, NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.demo.demo_client import DemoClient
from audio_manifold_ros.demo.demo_sampler import FRAME_INTERVAL_S, DemoSampler
from audio_manifold_ros.demo.demo_sound import DemoSound
from audio_manifold_ros.demo.frame_view import FrameView
from audio_manifold_ros.demo.live_table import live_table
from audio_manifold_ros.demo.node_view import newest_latency_ms
from audio_manifold_ros.demo.snapshots import to_snapshots
from audio_manifold_ros.demo.summary import FRAMES_BETTER, SHOWN_METRICS, DemoSummary, summarise
from audio_manifold_ros.demo.vehicle_reader import VehicleReader
from audio_manifold_ros.demo.view import announce
from audio_manifold_ros.drawing.images import save_png
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
from audio_manifold_ros.evaluation.metrics.metric_names import PRIOR
from audio_manifold_ros.evaluation.reporting.contact_sheet import contact_sheet
from audio_manifold_ros.evaluation.reporting.video import has_sound, write_video
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle.feature_statistics import UNFAMILIAR
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.nodes.common.isolated_nodes import isolated_nodes
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.nodes.common.perception_client import (
    PERCEPTION,
    PERCEPTION_MODULE,
    POLL_INTERVAL_S,
    START_TIMEOUT_S,
)
from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.simulation.rig_parts import RIG
from audio_manifold_ros.viewer.view_output import open_output
from audio_manifold_ros.viewer.view_recording import ViewRecording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from audio_manifold_ros.demo.demo_frame import DemoFrame
    from audio_manifold_ros.demo.options import DemoOptions

DRIVE = 'simulated_drive'
DRIVE_MODULE = 'audio_manifold_ros.nodes.simulator.simulated_drive'
FIRST_IMAGE_TIMEOUT_S = 60.0
DIAGNOSTICS_TIMEOUT_S = 20.0
REFRESH_S = 0.25
SHEET_COLUMNS = 6
# The longest street takes 60 s. A longer demo continues in the next one.
STREET_S = 60.0
# Two hops. This halves the number of messages, and every window still ends at the end of a block.
BLOCK_SAMPLES = 512


class Demo:
    """Runs the nodes, shows a live table, and writes the results into a folder."""

    def __init__(self, options: DemoOptions, console: SafeConsole) -> None:
        """Load the bundle. No node starts.

        Args:
            options: Options from the command line.
            console: Terminal for the live table.

        Raises:
            NodeError: The bundle does not exist.
            InferenceError: The bundle cannot be used with the rig.
            RigError: A file of the rig is missing or invalid.

        """
        self._options = options
        self._console = console
        rig = self._rig_folder()
        used = BundleRig.open(Bundle.load(find_bundle(options.bundle)), rig)
        self._bundle, self._rig = used.bundle, RigFiles.from_folder(rig)
        self._manifest = used.manifest
        self._frame_sampler = DemoSampler()
        # The sound of a device may contain the speech of people nearby.
        self._sound = DemoSound() if has_sound() and options.kind != 'device' else None
        self._first_image_s = 0.0
        self._rss_mb = 0.0

    @property
    def prior(self) -> PixelPrior | None:
        """Prior of the camera of the rig. None of a bundle without a prior."""
        return PixelPrior.of_bundle(self._bundle)

    def run(self) -> DemoSummary:
        """Run the demo and return the content of `summary.json`.

        Raises:
            DemoError: The perception node failed, or no image arrived.
            ProcessError: A node has ended with an error.

        """
        with isolated_nodes() as children:
            vehicle_reader = VehicleReader.open(self._manifest, self._rig)
            client = DemoClient(self._manifest, self._frame_sampler, children.check, vehicle_reader)
            if self._sound is not None:
                self._sound.subscribe(client, self._audio_topic())
            try:
                with self._open_view(client):
                    self._run_nodes(client, children)
            except NodeError as error:
                log_text = '\n'.join(children.log_tail(name) for name in children.names)
                msg = f'{error} Output of the nodes:\n{log_text}'
                raise DemoError(msg) from None
            finally:
                client.destroy_node()
        return self._write_results(client)

    @contextmanager
    def _open_view(self, client: DemoClient) -> Iterator[None]:
        """Open the live view, if one was requested, and show each sampled frame in it."""
        if self._options.view is None:
            yield
            return
        manifest = self._manifest
        output = open_output(self._options.view, manifest.modalities, has_vehicles=manifest.vehicles is not None)
        with output as (stream, place):
            announce(self._console, place)
            view = FrameView(ViewRecording(stream, self._rig, manifest), manifest)
            self._frame_sampler.show = lambda frame: view.show(frame, newest_latency_ms(client))
            yield

    def _run_nodes(self, client: DemoClient, children: ProcessGroup) -> None:
        with self._console.status('starting the nodes'):
            children.start_node(PERCEPTION, PERCEPTION_MODULE, self._node_parameters())
            client.change(Transition.TRANSITION_CONFIGURE)
            if self._options.kind == 'simulator':
                children.start_node(DRIVE, DRIVE_MODULE, self._drive_parameters())
                client.wait(lambda: client.ground_truth_count > 0, START_TIMEOUT_S, 'image from the simulated drive')
            activated_s = time.monotonic()
            client.change(Transition.TRANSITION_ACTIVATE)
            client.wait(lambda: bool(client.arrivals_s), FIRST_IMAGE_TIMEOUT_S, 'image from the perception node')
        self._first_image_s = client.arrivals_s[0] - activated_s
        self._show_live(client, children)
        previous_count = client.diagnostics_count
        client.wait(lambda: client.diagnostics_count > previous_count, DIAGNOSTICS_TIMEOUT_S, 'diagnostics')

    def _show_live(self, client: DemoClient, children: ProcessGroup) -> None:
        start_s = client.arrivals_s[0]
        last_refresh_s = 0.0
        with Live(console=self._console, auto_refresh=False, transient=not self._console.is_terminal) as live:
            while (now_s := time.monotonic()) < start_s + self._options.seconds:
                client.spin_once(POLL_INTERVAL_S)
                if now_s - last_refresh_s < REFRESH_S:
                    continue
                last_refresh_s = now_s
                self._rss_mb = max(self._rss_mb, children.resident_mb(PERCEPTION))
                live.update(live_table(client, self._title(), now_s - start_s, self._rss_mb), refresh=True)
                if client.value('audio source', 'state') == 'ended':
                    break

    def _write_results(self, client: DemoClient) -> DemoSummary:
        out, frames, manifest = self._options.out, self._frame_sampler.items, self._manifest
        if not frames:
            msg = 'No prediction arrived with all of its images: this machine is overloaded. Try --rate 10.'
            raise DemoError(msg)
        out.mkdir(parents=True, exist_ok=True)
        summary = summarise(client, self.prior, self._first_image_s, self._rss_mb)
        with self._console.status('drawing the results'):
            snapshots = to_snapshots(frames, manifest)
            sheet = contact_sheet(choose_snapshots(snapshots, SHEET_COLUMNS), self._title(), _subtitle(summary))
            save_png(out / 'contact_sheet.png', sheet)
            with tempfile.TemporaryDirectory(prefix='audio_manifold_sound_') as folder:
                sound = self._write_sound(Path(folder) / 'drive.wav', frames)
                note = write_video(out / 'drive.mp4', snapshots, self._title(), sound)
        if note:
            self._console.print(note, highlight=False)
        (out / 'summary.json').write_text(json.dumps(summary.to_dict(), indent=2) + '\n', encoding='utf-8')
        return summary

    def _write_sound(self, path: Path, frames: Sequence[DemoFrame]) -> Path | None:
        """Write the sound from the first frame on. Return None without sound."""
        if self._sound is None:
            return None
        offset_ns = round(self._rig.transforms().audio_time_offset_s * NS_PER_S)
        length_s = (frames[-1].stamp_ns - frames[0].stamp_ns) / NS_PER_S + FRAME_INTERVAL_S
        return path if self._sound.write(path, frames[0].stamp_ns - offset_ns, length_s) else None

    def _title(self) -> str:
        options = self._options
        source_text = f'street {options.seed}' if options.kind == 'simulator' else options.place
        microphones = self._rig.array().microphones
        return f'Predicted from {sum(mic.enabled for mic in microphones)} microphones: {source_text}'

    def _rig_folder(self) -> Path:
        return resolve_folder('--rig', str(self._options.rig or RIG))

    def _node_parameters(self) -> dict[str, object]:
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
            'publish.audio': self._sound is not None and options.kind == 'file',
            **self._rig_parameter(),
        }

    def _audio_topic(self) -> str:
        return 'audio' if self._options.kind == 'simulator' else f'{PERCEPTION}/audio'

    def _drive_parameters(self) -> dict[str, object]:
        return {
            'seed': self._options.seed,
            'street_s': STREET_S,
            'block_samples': BLOCK_SAMPLES,
            **self._rig_parameter(),
        }

    def _rig_parameter(self) -> dict[str, object]:
        rig = self._options.rig
        return {} if rig is None else {'rig': str(rig.resolve())}


def _subtitle(summary: DemoSummary) -> str:
    parts = [f'{summary.rate_hz:.1f} images/s, {summary.latency_ms["p50"]:.0f} ms from sample to image']
    for head, metrics in SHOWN_METRICS.items():
        scores = summary.scores.get(head, {})
        model, prior = (scores.get(key) for key in (metrics[0], f'{metrics[0]}_{PRIOR}'))
        if model is not None and prior is not None:
            share = scores.get(FRAMES_BETTER)
            better = '' if share is None else f', better in {share:.0%} of the images'
            parts.append(f'{metrics[0]} {model:.3f}{better} (prior of the camera {prior:.3f})')
    if summary.unfamiliar:
        parts.insert(0, UNFAMILIAR)
    return ', '.join(parts)
