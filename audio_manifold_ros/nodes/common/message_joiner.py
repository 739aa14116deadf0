# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Joins the messages of several topics that carry the same stamp.

Stamps are compared exactly: all images of one prediction carry the stamp of its window.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

MAX_WAITING = 120

T = TypeVar('T')


class MessageJoiner(Generic[T]):
    """Collects the parts of each stamp. The oldest incomplete sets are dropped when there are more than 120."""

    def __init__(self, parts: Iterable[str]) -> None:
        """Wait for these parts of each stamp."""
        self._parts = frozenset(parts)
        self._waiting: OrderedDict[int, dict[str, T]] = OrderedDict()

    def add(self, stamp_ns: int, part: str, value: T) -> dict[str, T] | None:
        """Add a part. Return all parts of its stamp if they are complete, otherwise None."""
        found = self._waiting.setdefault(stamp_ns, {})
        found[part] = value
        if set(found) == self._parts:
            return self._waiting.pop(stamp_ns)
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
        return None
