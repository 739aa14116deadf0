# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stamp of a serialised message, without a look at the rest of it."""

from __future__ import annotations

import struct

from audio_manifold_ros.common.units import NS_PER_S

LITTLE_ENDIAN = 1
ENCAPSULATION_BYTES, STAMP_END = 4, 12


def header_stamp_ns(data: bytes) -> int | None:
    """Return the stamp of a message whose first field is a header or a stamp.

    It stands in front of all else, behind the encapsulation (OMG DDSI-RTPS 2.5, section 10), whose second byte tells
    the order of bytes.

    Args:
        data: The message in CDR.

    Returns:
        Nanoseconds; None where the message is too short, or the stamp was never set.

    """
    if len(data) < STAMP_END:
        return None
    order = '<iI' if data[1] & LITTLE_ENDIAN else '>iI'
    seconds, nanoseconds = struct.unpack_from(order, data, ENCAPSULATION_BYTES)
    return int(seconds) * NS_PER_S + int(nanoseconds) or None
