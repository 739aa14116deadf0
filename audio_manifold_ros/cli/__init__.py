# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line `audio-manifold`: table of verbs, shared parser and options, dispatch."""

from __future__ import annotations

from audio_manifold_ros.cli.dispatch import main
from audio_manifold_ros.cli.parser import CommandParser, command_parser
from audio_manifold_ros.cli.verbs import VERBS, Verb, find_verb

__all__ = ['VERBS', 'CommandParser', 'Verb', 'command_parser', 'find_verb', 'main']
