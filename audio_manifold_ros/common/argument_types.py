# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers on command lines, with their limits: for `type=` of `argparse`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers within limits, both of them allowed."""

    def read(text: str) -> int:
        if not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
            msg = f'{text!r}: give a whole number from {least}' + ('' if most is None else f' to {most}')
            raise argparse.ArgumentTypeError(msg)
        return int(text)

    return read


def number(least: float, most: float = math.inf) -> Callable[[str], float]:
    """Return a reader of finite numbers within limits, both of them allowed."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and least <= value <= most):
            msg = f'{text!r}: give a number from {least:g}' + ('' if most == math.inf else f' to {most:g}')
            raise argparse.ArgumentTypeError(msg)
        return value

    return read
