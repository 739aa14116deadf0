# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a subcommand of `calibrate` is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        name: As it is typed.
        title: One line of the list of commands.
        text: What it needs and how a person goes about it; shown by `calibrate NAME --help`.
        configure: Adds its arguments to a parser.
        run: Does the work with what was given, prints to the console, and returns the exit status.

    """

    name: str
    title: str
    text: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Console], int]
