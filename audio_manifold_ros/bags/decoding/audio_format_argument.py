# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`--stated` of the commands that read bags: what audio messages leave unsaid."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from audio_manifold_ros.bags.decoding.audio_chunk import StatedAudio
from audio_manifold_ros.bags.decoding.pcm_decoding import FORMATS

PLANAR = 'planar'


def add_stated_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--stated HZ CHANNELS FORMAT [planar]`; the value is a `StatedAudio`, None where it is not given."""
    parser.add_argument(
        '--stated',
        nargs='+',
        action=_Stated,
        metavar=('HZ', 'CHANNELS FORMAT [planar]'),
        help='audio that does not describe itself: rate, channels, one of '
        f'{", ".join(FORMATS)}; planar: channel after channel instead of interleaved',
    )


class _Stated(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        words = [str(word) for word in values or ()]
        said = words[:3]
        numbers = len(said) == 3 and all(word.isdigit() and int(word) > 0 for word in said[:2])
        if not numbers or said[2] not in FORMATS or words[3:] not in ([], [PLANAR]):
            parser.error(
                f'{option_string} {" ".join(words)}: give rate in Hz, channels, one of {sorted(FORMATS)}, '
                f'and {PLANAR!r} for channel after channel'
            )
        stated = StatedAudio(int(said[0]), int(said[1]), said[2], planar=bool(words[3:]))
        setattr(namespace, self.dest, stated)
