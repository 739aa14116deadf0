# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message types by name: those of ROS 2 Jazzy, of this project, and of other audio packages.

Two unrelated packages have the name `audio_common_msgs` and define `AudioData` and `AudioInfo` differently. Each has a
store of its own, so neither hides the other.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from audio_manifold_ros.bags.storage.limits import check_definition
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.untrusted_text import shorten

DEFINITIONS = Path(__file__).parent / 'definitions'
IDL_MARK = '=' * 80 + '\nIDL: '
FAMILIES = {
    'audio_common_msgs/msg/Audio': 'mgonzs13',
    'audio_common_msgs/msg/AudioStamped': 'mgonzs13',
}
STANDARD = 'standard'


def typestore(msgtype: str = '') -> Typestore:
    """Return the store that contains a message type.

    Args:
        msgtype: Message type, for example `audio_common_msgs/msg/AudioStamped`. It selects one of the two packages
            `audio_common_msgs`. Types that both packages define, `AudioData` and `AudioInfo`, and the empty string
            select the package of ros-drivers. For the types of mgonzs13, give `audio_common_msgs/msg/AudioStamped`.

    """
    return _family_store(FAMILIES.get(msgtype, STANDARD))


@cache
def definition_of(msgtype: str) -> tuple[str, str]:
    """Return the full definition of a type, including nested types, and its RIHS01 hash. Both are empty if unknown."""
    store = typestore(msgtype)
    if msgtype not in store.fielddefs:
        return '', ''
    return store.generate_msgdef(msgtype, ros_version=2)[0], store.hash_rihs01(msgtype)


@cache
def typestore_from_definition(msgtype: str, definition: str) -> Typestore:
    """Return a store with the types of one definition only, so that definitions of different bags cannot clash.

    Args:
        msgtype: Type that the text defines.
        definition: `.msg` or `.idl` text, including nested types.

    Raises:
        BagError: The text is not a message definition, or exceeds the limits.

    """
    check_definition(msgtype, definition)
    store = get_typestore(Stores.EMPTY)
    try:
        is_idl = definition.startswith(IDL_MARK)
        store.register(get_types_from_idl(definition) if is_idl else get_types_from_msg(definition, msgtype))
        store.get_msgdef(msgtype)
    except Exception as error:  # noqa: BLE001 - foreign text causes errors of many types
        msg = f'{msgtype!r}: the definition in the bag cannot be read ({shorten(error)}): exclude its topic.'
        raise BagError(msg) from None
    return store


@cache
def _family_store(family: str) -> Typestore:
    store = get_typestore(Stores.ROS2_JAZZY)
    found = {}
    for path in sorted((DEFINITIONS / family).glob('*/*.msg')):
        found.update(get_types_from_msg(path.read_text(encoding='utf-8'), f'{path.parent.name}/msg/{path.stem}'))
    store.register(found)
    return store
