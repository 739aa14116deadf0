# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Header stamp of a serialised message, without deserialising the rest."""

from __future__ import annotations

import struct

from audio_manifold_ros.common.units import NS_PER_S

LITTLE_ENDIAN = 1
ENCAPSULATION_BYTES, STAMP_END = 4, 12


def header_stamp_ns(data: bytes) -> int | None:
    """Return the stamp of a message whose first field is a header or a stamp.

    The stamp follows the encapsulation (OMG DDSI-RTPS 2.5, section 10). The second byte of the encapsulation gives the
    byte order.

    Args:
        data: Message in CDR.

    Returns:
        Nanoseconds, or None if the message is too short or its stamp is zero.

    """
    if len(data) < STAMP_END:
        return None
    order = '<iI' if data[1] & LITTLE_ENDIAN else '>iI'
    seconds, nanoseconds = struct.unpack_from(order, data, ENCAPSULATION_BYTES)
    return int(seconds) * NS_PER_S + int(nanoseconds) or None
