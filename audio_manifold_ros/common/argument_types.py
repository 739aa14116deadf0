# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Argument types for `argparse`: numbers within limits, and paths of the caller."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return a converter for integers within inclusive limits."""

    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < minimum or (maximum is not None and int(text) > maximum):
            msg = f'{text!r}: give a whole number from {minimum}' + ('' if maximum is None else f' to {maximum}')
            raise argparse.ArgumentTypeError(msg)
        return int(text)

    return parse


def number(minimum: float, maximum: float = math.inf) -> Callable[[str], float]:
    """Return a converter for finite numbers within inclusive limits."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and minimum <= value <= maximum):
            msg = f'{text!r}: give a number from {minimum:g}' + ('' if maximum == math.inf else f' to {maximum:g}')
            raise argparse.ArgumentTypeError(msg)
        return value

    return parse


def caller_path(text: str) -> Path:
    """Return the absolute path of a path that the user gave: `~` is the home folder, `.` the folder of the call.

    Messages then name the place that was searched, whatever the folder of the call was.
    """
    path = Path(text)
    with suppress(RuntimeError):  # a user without a home folder
        path = path.expanduser()
    return path.absolute()
