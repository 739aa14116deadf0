# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Preprocessing of blocks from the device's channels and rate to the model's: order, gain, polarity, rate, delay."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.resampler import Resampler
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import AudioError, RigError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.rig.array_correction import ArrayCorrection
from audio_manifold_ros.rig.rig import MicrophoneArray

SAMPLE_RATE_LIMITS_HZ = (4000, 384_000)


class AudioPreprocessor:
    """Converts blocks of a source into blocks of the model.

    Output channel i is microphone i of the array, with its gain, polarity and delay corrected. A microphone that the
    rig file disables is replaced by the nearest enabled one. Output index k is at input index
    k · input_rate / output_rate. Resampler and delays hold samples back for some milliseconds, so short blocks may
    return nothing. Where samples are lost or not finite, their state and the samples held back are dropped: no output
    sample is computed across a gap.

    Attributes:
        substituted: Names of the microphones that the rig file disables.
        rejected_samples: Samples that were not finite.

    """

    def __init__(self, array: MicrophoneArray, input_rate_hz: int, output_rate_hz: int) -> None:
        """Prepare channel order and resampler.

        Raises:
            AudioError: A rate is out of range, the ratio of the rates needs too many phases, the array has no enabled
                microphone, or a delay is too long.

        """
        for name, value in (('input_rate_hz', input_rate_hz), ('output_rate_hz', output_rate_hz)):
            if not SAMPLE_RATE_LIMITS_HZ[0] <= value <= SAMPLE_RATE_LIMITS_HZ[1]:
                low, high = SAMPLE_RATE_LIMITS_HZ
                msg = f'Audio preprocessor: {name} is {value!r}: give a rate from {low} to {high} Hz.'
                raise AudioError(msg)
        try:
            self._correction = ArrayCorrection(array, output_rate_hz)
        except RigError as error:
            raise AudioError(str(error)) from None
        self._input_rate_hz = input_rate_hz
        self._output_rate_hz = output_rate_hz
        self._microphones = len(array.microphones)
        self._array_id = array.array_id
        # Created now, so that unsupported rates are refused before the first block.
        self._resampler = self._new_resampler()
        self._overflow = False
        self._expected_sample: int | None = None
        self._origin_sample = 0
        self._origin_output = 0
        self._next_output = 0
        self._emitted_output = 0
        self.substituted: tuple[str, ...] = self._correction.disabled
        self.rejected_samples = 0

    def reset(self) -> None:
        """Drop the stream. The next block may start at any index."""
        self._resampler = None
        self._expected_sample = None
        self._emitted_output = 0

    def process(self, block: AudioBlock) -> AudioBlock | None:
        """Convert one block.

        Returns:
            float32 (mic, n) at the output rate with the index and stamp of its first sample, or None if all samples
            are held back.

        Raises:
            AudioError: The block has another rate than promised, or too few channels for the array.

        """
        self._check(block)
        self._overflow |= block.overflow
        samples = self._correction.reorder(block.samples)
        if not np.isfinite(samples).all():
            self.rejected_samples += samples.shape[1]
            self._expected_sample = None
            return None
        if self._expected_sample != block.first_sample:
            self._restart(block.first_sample)
        self._expected_sample = block.end_sample
        samples = self._delayed(self._resample(samples))
        if not samples.shape[1]:
            return None
        return self._result(block, samples)

    def _check(self, block: AudioBlock) -> None:
        if block.sample_rate_hz != self._input_rate_hz:
            msg = (
                f'A block has {block.sample_rate_hz!r} Hz where {self._input_rate_hz} Hz were expected: '
                'set the sample rate of the source to what it delivers.'
            )
            raise AudioError(msg)
        needed = self._correction.channels_needed
        if block.channels < needed:
            msg = (
                f'A block has {block.channels!r} channels, but array {self._array_id!r} uses channel {needed - 1}: '
                f'open the device with at least {needed} channels or choose another array.'
            )
            raise AudioError(msg)

    def _restart(self, first_sample: int) -> None:
        """Restart the output at an input index, not before samples that were already returned, unless reset."""
        start = round(first_sample * self._output_rate_hz / self._input_rate_hz)
        if self._origin_sample <= first_sample:
            start = max(start, self._emitted_output)
        self._origin_sample, self._origin_output = first_sample, start
        self._next_output = start + self._correction.before
        self._resampler = self._new_resampler()
        if self._correction.delay is not None:
            self._correction.delay.reset()

    def _new_resampler(self) -> Resampler | None:
        if self._input_rate_hz == self._output_rate_hz:
            return None
        return Resampler(self._input_rate_hz, self._output_rate_hz, self._microphones)

    def _resample(self, samples: Samples) -> Samples:
        return samples if self._resampler is None else self._resampler.process(samples)

    def _delayed(self, samples: Samples) -> Samples:
        return samples if self._correction.delay is None else self._correction.delay.process(samples)

    def _result(self, block: AudioBlock, samples: Samples) -> AudioBlock:
        since_origin = self._next_output - self._origin_output
        # The output starts before the block that completes it, by the samples that the resampler held back.
        behind_ns = (block.first_sample - self._origin_sample) * NS_PER_S // self._input_rate_hz
        stamp_ns = block.stamp_ns - behind_ns + since_origin * NS_PER_S // self._output_rate_hz
        result = AudioBlock(samples, self._next_output, self._output_rate_hz, stamp_ns, self._overflow)
        self._next_output = self._emitted_output = result.end_sample
        self._overflow = False
        return result
