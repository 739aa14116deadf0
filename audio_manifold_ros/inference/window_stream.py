# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stream of windows from blocks: continuity, preprocessing, window assembly and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.errors import InferenceError

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from audio_manifold_ros.inference.network_input import NetworkInput
    from audio_manifold_ros.rig.rig import MicrophoneArray


class WindowProgress(NamedTuple):
    """Effect of one block on the windows.

    Attributes:
        end_sample: End of the preprocessed audio, at the rate of the networks.
        windows_before: Complete windows since the last gap before the block.
        windows: Complete windows since the last gap after the block.

    """

    end_sample: int
    windows_before: int
    windows: int


class WindowStream:
    """Follows a stream of blocks and fills the input of the networks. No window spans a gap.

    Attributes:
        gaps: Places where samples were missing, rejected or not finite.
        samples_lost: Missing samples, at the rate of the source.

    """

    def __init__(
        self, array: MicrophoneArray, input_rate_hz: int, spec: AnyFeatureSpec, network_input: NetworkInput
    ) -> None:
        """Prepare the preprocessing.

        Args:
            array: The microphones in the order of the model's channels.
            input_rate_hz: Rate of the blocks.
            spec: Rate and windows of the features.
            network_input: The input to fill.

        Raises:
            AudioError: The rate is out of range.

        """
        self._preprocessor = AudioPreprocessor(array, input_rate_hz, spec.sample_rate_hz)
        self._input = network_input
        self._clock = SampleClock(spec.sample_rate_hz)
        self._end_sample: int | None = None
        self._windows = 0
        self.gaps = self.samples_lost = 0

    @property
    def drift_ppm(self) -> float:
        """Deviation of the device's sample clock from its nominal rate."""
        return self._clock.drift_ppm

    def stamp_ns(self, sample_index: int) -> int:
        """Return the time of a sample at the rate of the networks."""
        return self._clock.stamp_ns(sample_index)

    def reset(self) -> None:
        """Drop the stream. The next block may have any index and stamp."""
        self._reset_windows()
        self._clock.reset()
        self._end_sample = None

    def check_order(self, block: AudioBlock) -> None:
        """Refuse a block that starts before the end of the block before it.

        Raises:
            InferenceError: It does. The stream should be reset.

        """
        if self._end_sample is not None and block.first_sample < self._end_sample:
            msg = (
                f'A block begins at sample {block.first_sample} where {self._end_sample} was expected: the stream '
                'restarts with the next block; flush the pipeline when a source restarts.'
            )
            raise InferenceError(msg)

    def push(self, block: AudioBlock) -> WindowProgress | None:
        """Add a block, and return its effect. None if the preprocessing holds all of it back.

        Raises:
            AudioError: The block has another rate than promised, or too few channels for the array.
            InferenceError: The block is not finite. It counts as lost.

        """
        lost = 0 if self._end_sample is None else block.first_sample - self._end_sample
        if lost or block.overflow:
            self.gaps += 1
            self.samples_lost += lost
            self._reset_windows()
        rejected = self._preprocessor.rejected_samples
        preprocessed = self._preprocessor.process(block)
        if self._preprocessor.rejected_samples > rejected:
            msg = (
                f'The block of samples {block.first_sample} to {block.end_sample} holds NaN or infinity: it is '
                'not used; check the source.'
            )
            raise InferenceError(msg)
        self._end_sample = block.end_sample
        return None if preprocessed is None else self._append(preprocessed)

    def _append(self, preprocessed: AudioBlock) -> WindowProgress:
        before = self._windows
        self._input.push(preprocessed.samples, preprocessed.first_sample)
        self._clock.update(preprocessed.first_sample, preprocessed.stamp_ns)
        self._windows = self._input.window_count
        return WindowProgress(preprocessed.end_sample, before, self._windows)

    def _reset_windows(self) -> None:
        """Let neither the resampler nor a window span what is missing."""
        self._preprocessor.reset()
        self._input.reset()
        self._windows = 0
