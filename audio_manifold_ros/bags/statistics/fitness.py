# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitness of a recording for a dataset or an evaluation: the only place that decides it.

The preflight of the recorder, the check of a bag, the conversion, the replay and the evaluation ask this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.sound_file import MAX_LOSSY_PEAK
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.statistics.delivery import Delivery, DeliveryMeter
from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.depth_range import DEPTH_RANGE_TEXT
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
    from audio_manifold_ros.bags.storage.bag_reader import BagReader

RATE_TOLERANCE = 2e-3
STANDARD_ERRORS = 3.0
# More messages than this fraction: not a late clock or a few reordered messages.
MAX_UNSTAMPED_FRACTION, MAX_ALTERNATING_FRACTION = 0.5, 0.1
MIN_ALTERNATING = 4
# No drive pauses for longer. The time of a message before such a pause was wrong.
MAX_PAUSE_NS = 3600 * NS_PER_S
SECONDS_PER_DAY, SECONDS_PER_YEAR = 86_400, 31_557_600
MAX_NAMED_IDS = 10


def carries_no_stamps(messages: int, unstamped: int) -> bool:
    """Return whether the source of the messages does not stamp them."""
    return unstamped > MAX_UNSTAMPED_FRACTION * messages


def describe_no_stamps(topic: str, messages: int, unstamped: int) -> str:
    """Return the sentence about messages without stamps."""
    return (
        f'{topic}: carries no stamps: header.stamp is 0 in {unstamped} of {messages} messages: correct the driver, so '
        'that it stamps every message.'
    )


def two_publishers(topic: str, delivery: Delivery) -> str:
    """Return the sentence about two publishers on one topic, or an empty string."""
    count = delivery.alternating
    if count < MIN_ALTERNATING or count <= MAX_ALTERNATING_FRACTION * delivery.messages:
        return ''
    return (
        f'{topic}: two publishers send on this topic: two sample indices alternate in {count} of {delivery.messages} '
        'messages: end one publisher and record again.'
    )


def wrong_rate(topic: str, declared_hz: int, delivery: Delivery) -> str:
    """Return the sentence about a declared sample rate that is not the delivered one, or an empty string."""
    if delivery.delivered_hz is None:
        return ''
    deviation = delivery.delivered_hz / declared_hz - 1
    if abs(deviation) <= RATE_TOLERANCE + STANDARD_ERRORS * delivery.error_hz / declared_hz:
        return ''
    return (
        f'{topic}: declares {declared_hz} Hz, delivers {delivery.delivered_hz:.0f} Hz ({100 * deviation:+.1f} %) by '
        'its stamps: correct the sample rate or the stamps of the driver, and record again.'
    )


def wrong_scale(topic: str, delivery: Delivery) -> str:
    """Return the sentence about floating-point samples far beyond full scale, or an empty string."""
    if delivery.peak <= MAX_LOSSY_PEAK:
        return ''
    return (
        f'{topic}: has samples up to {delivery.peak:.4g}, but full scale is 1: divide the samples in the driver by the '
        'value of full scale, which is 32768 in int16 steps, and record again.'
    )


def audio_obstacles(topic: str, declared_hz: int, delivery: Delivery) -> tuple[str, ...]:
    """Return why the audio of a recording cannot be used, the cause alone. Empty if it can.

    Args:
        topic: Audio topic.
        declared_hz: Sample rate in the messages.
        delivery: Delivery of the stream.

    """
    if carries_no_stamps(delivery.messages, delivery.unstamped):
        return (describe_no_stamps(topic, delivery.messages, delivery.unstamped),)
    reason = two_publishers(topic, delivery) or wrong_rate(topic, declared_hz, delivery) or wrong_scale(topic, delivery)
    return (reason,) if reason else ()


def require_fit_audio(reader: BagReader, topics: DatasetTopics, audio_format: AudioFormat | None) -> None:
    """Read the audio of a bag and refuse it if it cannot be used.

    Raises:
        BagError: The audio has no stamps, two publishers, or another rate than declared.

    """
    meter: DeliveryMeter | None = None
    declared_hz = 0
    for chunk in RecordedAudio(reader, topics, audio_format).chunks():
        if meter is None or chunk.sample_rate_hz != declared_hz:
            # A stream that changes its rate is refused by the conversion.
            declared_hz, meter = chunk.sample_rate_hz, DeliveryMeter(chunk.sample_rate_hz)
        meter.add(chunk)
    if meter is not None:
        obstacles = audio_obstacles(topics.audio, declared_hz, meter.delivery())
        if obstacles:
            msg = f'{reader.path}: {obstacles[0]}'
            raise BagError(msg)


class GroundTruthContent:
    """Content of depth and label images: class ids that do not exist, and images without content."""

    def __init__(self) -> None:
        """Start without images."""
        self._label_images = self._depth_images = 0
        self._counts: NDArray[np.int64] = np.zeros(256, dtype=np.int64)
        self._has_depth = False

    def add_labels(self, labels: NDArray[np.uint8]) -> None:
        """Add a label image, uint8 (row, column)."""
        self._label_images += 1
        self._counts += np.bincount(labels.ravel(), minlength=256)

    def add_depth(self, depth: NDArray[np.floating]) -> None:
        """Add a depth image (row, column), NaN where it is invalid."""
        self._depth_images += 1
        self._has_depth = self._has_depth or bool(np.isfinite(depth).any())

    @property
    def has_depth(self) -> bool:
        """True if an image has a valid depth."""
        return self._has_depth

    def wrong_ids(self, topic: str) -> str:
        """Return the sentence about class ids that do not exist, or an empty string."""
        wrong = [int(i) for i in np.flatnonzero(self._counts) if len(CLASS_NAMES) <= i != UNLABELLED]
        if not wrong:
            return ''
        ids = ', '.join(map(str, wrong[:MAX_NAMED_IDS])) + (', …' if len(wrong) > MAX_NAMED_IDS else '')
        return (
            f'{topic}: the labels have the class ids {ids}, which do not exist: give ids below {len(CLASS_NAMES)}, or '
            f'{UNLABELLED} (train ids of Cityscapes, not its ids).'
        )

    def obstacles(self, depth_topic: str, label_topic: str) -> tuple[str, ...]:
        """Return why the images cannot be used as ground truth. Empty if they can."""
        found = [self.wrong_ids(label_topic)]
        if self._label_images and self._counts.sum() == self._counts[UNLABELLED]:
            found.append(
                f'{label_topic}: no pixel of {self._label_images} images is labelled (all are {UNLABELLED}): label the '
                'images again, or name another topic.'
            )
        if self._depth_images and not self._has_depth:
            found.append(
                f'{depth_topic}: no pixel of {self._depth_images} images has a valid depth ({DEPTH_RANGE_TEXT}): '
                'check the unit and the range of the depth camera, or name another topic.'
            )
        return tuple(text for text in found if text)


def is_absurd_pause(before_ns: int, after_ns: int) -> bool:
    """Return whether the time between two consecutive messages shows that one of their times is wrong."""
    return after_ns - before_ns > MAX_PAUSE_NS


def describe_duration(duration_ns: int) -> str:
    """Return a long duration in years, days or hours."""
    seconds = duration_ns / NS_PER_S
    if seconds >= SECONDS_PER_YEAR:
        return f'{seconds / SECONDS_PER_YEAR:.1f} years'
    return f'{seconds / SECONDS_PER_DAY:.1f} days' if seconds >= SECONDS_PER_DAY else f'{seconds / 3600:.1f} hours'


class PauseMeter:
    """Finds absurd pauses between messages in order of time."""

    def __init__(self) -> None:
        """Start without messages."""
        self._count = 0
        self._last_ns: int | None = None
        self._pauses: list[tuple[int, int, int]] = []

    def add(self, time_ns: int) -> None:
        """Add the time of the next message."""
        if self._last_ns is not None and is_absurd_pause(self._last_ns, time_ns):
            self._pauses.append((self._count, self._last_ns, time_ns))
        self._count, self._last_ns = self._count + 1, time_ns

    def problems(self) -> tuple[str, ...]:
        """Return one sentence for each pause."""
        return tuple(
            f'{before} messages were received {describe_duration(after_ns - last_ns)} before the next one (the last of '
            f'them at {last_ns / NS_PER_S:.1f} s): the clock of the recorder was not set. Replay skips this time.'
            for before, last_ns, after_ns in self._pauses
        )
