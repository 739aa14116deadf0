# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio source that renders a simulated drive in real time, as received by the array on the car."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.realtime_pacer import RealtimePacer
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import AudioError, AudioManifoldError


class SimulatorSource:
    """Source that renders a `Drive` block by block (see `AudioSource`).

    It returns the signals of the rig's device: microphone i on its device channel, before its gain, polarity and
    delay are corrected. Sample 0 is time zero of the drive, or some milliseconds later if the rig has delays.
    """

    def __init__(
        self,
        seed: int,
        clock_ns: Callable[[], int],
        realtime: bool = True,  # noqa: FBT001, FBT002
        block_samples: int = 256,
        duration_s: float | None = None,
        rig: Path | None = None,
    ) -> None:
        """Store the parameters. `open` builds the street.

        Args:
            seed: Seed of the street.
            clock_ns: The clock of the stamps.
            realtime: Return each block when its last sample would have been recorded.
            block_samples: Length of a block. The last one may be shorter.
            duration_s: Length of the stream. None for an endless stream.
            rig: Folder of calibration files. None for the roof octagon.

        Raises:
            AudioError: `block_samples` is below one, or `duration_s` not positive.

        """
        for name, value, is_valid in (
            ('block_samples', block_samples, block_samples >= 1),
            ('duration_s', duration_s, duration_s is None or duration_s > 0),
        ):
            if not is_valid:
                msg = f'Simulator source: {name} is {value!r}: give a positive value.'
                raise AudioError(msg)
        self._seed = seed
        self._clock_ns = clock_ns
        self._realtime = realtime
        self._block_samples = block_samples
        self._duration_s = duration_s
        self._rig = rig
        self._drive: Any = None
        self._device: Any = None
        self._pacer: RealtimePacer | None = None
        self._next_sample = 0
        self._end_sample: int | None = None
        self._status = SourceStatus(SourceState.CLOSED, f'Street {seed} is not open.')
        self.sample_rate_hz = 0
        self.channels = 0

    def open(self) -> None:
        """Build the street. The drive starts now.

        Raises:
            AudioError: The street or the rig cannot be built.

        """
        from audio_manifold_ros.simulation.device_simulation import DeviceChannels
        from audio_manifold_ros.simulation.drive import Drive

        self.close()
        try:
            self._drive = Drive(self._seed, self._rig)
            self._device = DeviceChannels(self._drive.array, self._drive.sample_rate_hz)
        except AudioManifoldError as error:
            raise AudioError(str(error)) from None
        self.sample_rate_hz = int(self._drive.sample_rate_hz)
        self.channels = int(self._device.channels)
        self._next_sample = 0
        self._end_sample = None if self._duration_s is None else round(self._duration_s * self.sample_rate_hz)
        self._pacer = RealtimePacer(self.sample_rate_hz, self._clock_ns, realtime=self._realtime)
        message = f'Driving down street {self._seed}: {self.channels} channels, {self.sample_rate_hz} Hz.'
        self._status = SourceStatus(SourceState.STREAMING, message)

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if it is not due in time or the drive is over."""
        if self._pacer is None or self._status.state is not SourceState.STREAMING:
            return None
        count = self._block_samples
        if self._end_sample is not None:
            count = min(count, self._end_sample - self._next_sample)
        if count < 1:
            self._status = SourceStatus(SourceState.ENDED, f'The drive down street {self._seed} has ended.')
            return None
        if not self._pacer.wait_for(self._next_sample + count, timeout_s):
            return None
        stamp_ns = self._pacer.stamp_ns(self._next_sample)
        block = AudioBlock(self._render(count), self._next_sample, self.sample_rate_hz, stamp_ns)
        self._next_sample = block.end_sample
        return block

    def close(self) -> None:
        """Drop the street."""
        if self._pacer is not None:
            self._pacer.stop()
            self._pacer = self._drive = self._device = None
            self._status = SourceStatus(SourceState.CLOSED, f'Street {self._seed} is not open.')

    def status(self) -> SourceStatus:
        """Return the state of the source."""
        return self._status

    def _render(self, count: int) -> Samples:
        """Render float32 (device channel, count)."""
        device = self._device
        audio = self._drive.audio(self._next_sample, device.before + count + device.after)
        return np.asarray(device.apply(audio))
