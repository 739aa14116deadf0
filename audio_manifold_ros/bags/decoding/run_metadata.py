# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metadata of a recording in its bag: rig files, software, start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.json_text import parse_json
from audio_manifold_ros.common.schema import check_version, from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import MAX_MESSAGE_BYTES
from audio_manifold_ros.datasets.rig_files import RigFiles

CUSTOM_KEY = 'audio_manifold_ros'
TOPIC = 'run_metadata'
FORMAT_VERSION = 1
SOURCE = 'The run metadata'
REMEDY = 'Name the rig by hand.'


@dataclass(frozen=True)
class _StoredRig:
    sha256: str
    files: RigFiles


@dataclass(frozen=True)
class _StoredMetadata:
    """The keys of the JSON text."""

    FILE_VERSION: ClassVar[tuple[str, int]] = ('format_version', FORMAT_VERSION)

    rig: _StoredRig | None
    software: str
    start_ns: int
    origin: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class RunMetadata:
    """Description of a recording, in the metadata of its bag and as JSON in a `std_msgs/String` on `run_metadata`.

    Attributes:
        rig: The files of the rig; None for a bag that was recorded without a rig.
        software: Name and version of the software that wrote the bag.
        start_ns: Start of the recording on the clock of the bag.
        origin: `recorder` for a drive, `simulator` for a simulated street.
        facts: Further plain values, none of which names the machine or its user.

    """

    rig: RigFiles | None
    software: str
    start_ns: int
    origin: str
    facts: Mapping[str, object]

    @property
    def rig_sha256(self) -> str | None:
        """Hash of the rig files that identifies the rig in a dataset; None without a rig."""
        return None if self.rig is None else rig_sha256(self.rig)

    def to_json(self) -> str:
        """Return the JSON text for the bag."""
        rig = None if self.rig is None else _StoredRig(rig_sha256(self.rig), self.rig)
        stored = _StoredMetadata(rig, self.software, self.start_ns, self.origin, self.facts)
        return json.dumps(to_plain(stored, omit_defaults=True), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RunMetadata:
        """Read the JSON text of a bag.

        Raises:
            BagError: The text is not such a description, or its rig does not match its hash.

        """
        values = parse_json(text, SOURCE, BagError, REMEDY, max_bytes=MAX_MESSAGE_BYTES)
        check_version(values, 'format_version', FORMAT_VERSION, SOURCE, BagError, 'Update this software.')
        stored = from_plain(_StoredMetadata, values, SOURCE, BagError)
        rig = None if stored.rig is None else stored.rig.files
        found = cls(rig, stored.software, stored.start_ns, stored.origin, stored.facts)
        expected_sha256 = None if stored.rig is None else stored.rig.sha256
        if found.rig_sha256 != expected_sha256:
            msg = f'The rig in the run metadata does not match its hash {expected_sha256!r}. {REMEDY}'
            raise BagError(msg)
        return found


def rig_sha256(rig: RigFiles) -> str:
    """Return the hash of the files of a rig."""
    return hashlib.sha256(json.dumps(rig.texts(), sort_keys=True).encode()).hexdigest()
