# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of a bag as a mono WAV file that starts at a given time, for the video of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import BagError, reraise_file_errors
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from audio_manifold_ros.audio.block import AudioBlock

# A longer gap is a jump of the clock. It is not filled with silence.
MAX_GAP_S = 60.0


def write_sound(path: Path, blocks: Iterable[AudioBlock], start_ns: int, length_s: float) -> bool:
    """Write the mean of all channels from a time on. Lost samples are silence.

    Args:
        path: The WAV file.
        blocks: Audio in order of time.
        start_ns: Time of the first sample of the file.
        length_s: Longest length of the file.

    Returns:
        Whether the file has any sound.

    Raises:
        BagError: The file cannot be written.

    """
    import soundfile

    remedy = 'Check free space and permissions, or omit --video-audio.'
    written, offset, expected, rate_hz = 0, 0, -1, 0
    file = None
    try:
        with reraise_file_errors(BagError, 'write the sound', path, remedy):
            for block in blocks:
                if file is None:
                    rate_hz = block.sample_rate_hz
                    file = soundfile.SoundFile(path, 'w', rate_hz, 1, 'PCM_16', format='WAV')
                if block.sample_rate_hz != rate_hz:
                    continue
                position = round((block.stamp_ns - start_ns) * rate_hz / NS_PER_S)
                # The index is free of jitter. After a restart of the index, the stamp gives the position.
                if expected < 0 or not 0 <= block.first_sample - expected <= MAX_GAP_S * rate_hz:
                    offset = position - block.first_sample
                expected = block.end_sample
                mono = block.samples.mean(axis=0)
                first = offset + block.first_sample - written
                if first < 0:
                    mono, first = mono[-first:], 0
                if not len(mono) or first > MAX_GAP_S * rate_hz:
                    continue
                mono = np.concatenate([np.zeros(first, dtype=np.float32), mono])
                mono = mono[: max(round(length_s * rate_hz) - written, 0)]
                file.write(mono)
                written += len(mono)
    except soundfile.SoundFileError as error:
        msg = f'Cannot write the sound {str(path)!r}: {error}. {remedy}'
        raise BagError(msg) from None
    finally:
        if file is not None:
            file.close()
    return written > 0
