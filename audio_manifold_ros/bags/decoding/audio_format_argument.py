# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line option `--audio-format`: format of audio whose messages do not state it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.bags.decoding.pcm_decoding import FORMATS

PLANAR = 'planar'


def add_audio_format_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--audio-format HZ CHANNELS FORMAT [planar]`, or `--stated`, its older name.

    The value `stated` is an `AudioFormat`, None without the option.
    """
    parser.add_argument(
        '--audio-format',
        '--stated',
        dest='stated',
        nargs='+',
        action=_AudioFormatAction,
        metavar=('HZ', 'CHANNELS FORMAT [planar]'),
        help='format of audio whose messages do not state it: rate, channels, one of '
        f'{", ".join(FORMATS)}; planar: channel after channel instead of interleaved',
    )


class _AudioFormatAction(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        tokens = [str(token) for token in values or ()]
        format_fields = tokens[:3]
        numbers = len(format_fields) == 3 and all(token.isdigit() and int(token) > 0 for token in format_fields[:2])
        if not numbers or format_fields[2] not in FORMATS or tokens[3:] not in ([], [PLANAR]):
            parser.error(
                f'{option_string} {" ".join(tokens)}: give rate in Hz, channels, one of {sorted(FORMATS)}, '
                f'and {PLANAR!r} for channel after channel'
            )
        audio_format = AudioFormat(
            int(format_fields[0]), int(format_fields[1]), format_fields[2], planar=bool(tokens[3:])
        )
        setattr(namespace, self.dest, audio_format)
