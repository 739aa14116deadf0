# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.bags.decoding.nearest_image import MAX_WAITING, NearestImage


@dataclass(frozen=True)
class Stamp:
    stamp_ns: int | None


@given(st.lists(st.integers(0, 1000)), st.lists(st.integers(-50, 1050)), st.integers(0, 60))
def test_a_stream_gives_the_same_image_as_a_search_of_all_images(
    stamps: list[int], requests: list[int], tolerance_ns: int
) -> None:
    stamps, requests = sorted(stamps), sorted(requests)
    images = NearestImage(tolerance_ns, (Stamp(stamp) for stamp in stamps))
    for request in requests:
        best = min(stamps, key=lambda stamp: abs(stamp - request), default=None)
        expected = best if best is not None and abs(best - request) <= tolerance_ns else None
        found = images.at(request)
        assert (None if found is None else found.stamp_ns) == expected
        assert len(images._near) <= 2


def test_added_images_are_found_and_the_oldest_are_dropped() -> None:
    images: NearestImage[Stamp] = NearestImage(30)
    assert images.at(0) is None
    for number in range(MAX_WAITING + 5):
        images.add(Stamp(50 * number))
    assert images.at(0) is None, 'dropped'
    assert images.at(470) == Stamp(450)
    assert images.at(485) == Stamp(500)
    assert images.at(475) is images.at(475) is not None, 'an image may match several instants'


def test_images_outside_the_span_or_without_a_stamp_are_counted_and_ignored() -> None:
    images = NearestImage(5, [Stamp(10), Stamp(None), Stamp(3600), Stamp(-3600), Stamp(96), Stamp(104)], (0, 100))
    assert images.at(95) == Stamp(96)
    assert images.at(100) == Stamp(96), 'the earlier one of two at the same distance'
    assert (images.outside, images.unreadable) == (2, 1)
