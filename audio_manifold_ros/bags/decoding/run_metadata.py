# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a bag says of itself: the rig word for word, the software, the start."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.datasets.rig_files import RigFiles

CUSTOM_KEY = 'audio_manifold_ros'
TOPIC = 'run_metadata'
FORMAT_VERSION = 1


@dataclass(frozen=True)
class RunMetadata:
    """The description that stands in a bag's metadata and, as JSON in a `std_msgs/String`, on `run_metadata`.

    Attributes:
        rig: The rig's files; None if the bag was recorded without.
        software: Name and version of what wrote the bag.
        start_ns: When the recording began, on the clock of the bag.
        origin: What was recorded: `recorder` for a drive, `simulator` for a street.
        facts: What else is worth keeping, plain values; nothing that names the machine or its user.

    """

    rig: RigFiles | None
    software: str
    start_ns: int
    origin: str
    facts: dict[str, Any]

    @property
    def rig_sha256(self) -> str | None:
        """Hash of the rig's files by which a dataset knows it; None without a rig."""
        return None if self.rig is None else rig_sha256(self.rig)

    def to_json(self) -> str:
        """Return what stands in the bag."""
        rig = None if self.rig is None else {'sha256': self.rig_sha256, 'files': self.rig.texts()}
        return json.dumps(
            {
                'format_version': FORMAT_VERSION,
                'origin': self.origin,
                'software': self.software,
                'start_ns': self.start_ns,
                'rig': rig,
                'facts': self.facts,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> RunMetadata:
        """Read what stands in a bag.

        Raises:
            BagError: It is no such description, or its rig does not match its hash.

        """
        try:
            data = json.loads(text)
            version = data['format_version']
            if version != FORMAT_VERSION:
                msg = f'Run metadata have format {version!r}: this software reads {FORMAT_VERSION}. Update it.'
                raise BagError(msg)
            rig = None if data['rig'] is None else RigFiles.from_texts(data['rig']['files'])
            found = cls(rig, str(data['software']), int(data['start_ns']), str(data['origin']), dict(data['facts']))
            expected_sha256 = None if data['rig'] is None else data['rig']['sha256']
        except (ValueError, TypeError, KeyError) as error:
            msg = f'Run metadata {text[:60]!r}… cannot be read ({error!r}): name the rig by hand.'
            raise BagError(msg) from None
        if found.rig_sha256 != expected_sha256:
            msg = f'The rig in the run metadata does not match its hash {expected_sha256!r}: name the rig by hand.'
            raise BagError(msg)
        return found


def rig_sha256(rig: RigFiles) -> str:
    """Return the hash of a rig's files."""
    return hashlib.sha256(json.dumps(rig.texts(), sort_keys=True).encode()).hexdigest()
