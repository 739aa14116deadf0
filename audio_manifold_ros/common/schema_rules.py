# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions on values beyond their type, for `Annotated` hints of dataclasses that `schema` converts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A condition on a converted value.

    Attributes:
        expected: What to give, as the end of a sentence. `{type}` stands for the type in words.
        is_valid: True for a value that fits.
        covers_items: True if `expected` describes the items of a list, too. A wrong item is then reported as a wrong
            list.

    """

    expected: str
    is_valid: Callable[[Any], bool]
    covers_items: bool = False


@dataclass(frozen=True)
class Decimals:
    """Number of decimals to which a number, or each number of a tuple, is rounded when it is written."""

    digits: int


def between(low: float, high: float, noun: str = '{type}') -> Rule:
    """Return the rule of a number from `low` to `high`, both included."""
    return Rule(f'{noun} from {low} to {high}', lambda value: low <= value <= high)


def at_least(low: float) -> Rule:
    """Return the rule of a number of at least `low`."""
    return Rule(f'{{type}} from {low}', lambda value: value >= low)


def above(low: float) -> Rule:
    """Return the rule of a number greater than `low`."""
    return Rule(f'{{type}} above {low}', lambda value: value > low)


def one_of(*choices: object) -> Rule:
    """Return the rule of a value that is one of `choices`."""
    return Rule(f'one of {", ".join(map(str, choices))}', lambda value: value in choices)


def text(noun: str) -> Rule:
    """Return the rule of a string of printable characters that is not blank.

    Other characters could control a terminal that shows the name.
    """
    return Rule(noun, lambda value: bool(value.strip()) and value.isprintable())


def not_empty(noun: str) -> Rule:
    """Return the rule of a list with at least one item."""
    return Rule(f'a list of at least one {noun}', lambda value: len(value) > 0)


def numbers(*counts: int, limit: float | None = None, noun: str = '') -> Rule:
    """Return the rule of a list of numbers.

    Args:
        counts: Accepted lengths.
        limit: Greatest magnitude of a number.
        noun: What to give instead of `a list of N numbers`.

    """
    return Rule(
        noun or f'a list of {" or ".join(map(str, counts))} numbers',
        lambda value: len(value) in counts and (limit is None or all(abs(number) <= limit for number in value)),
        covers_items=True,
    )
