# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message types by name: ROS 2 Jazzy's, the package's own, and other people's audio.

Two unrelated packages are called `audio_common_msgs` and define `AudioData` and `AudioInfo` differently. They live in
two stores here, so neither hides the other.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from audio_manifold_ros.common.errors import BagError

DEFINITIONS = Path(__file__).parent / 'definitions'
IDL_MARK = '=' * 80 + '\nIDL: '
FAMILIES = {
    'audio_common_msgs/msg/Audio': 'mgonzs13',
    'audio_common_msgs/msg/AudioStamped': 'mgonzs13',
}
STANDARD = 'standard'


def typestore(msgtype: str = '') -> Typestore:
    """Return the store that knows a message type, by default the one that knows all but mgonzs13's audio.

    Args:
        msgtype: Such as `audio_common_msgs/msg/AudioStamped`; it decides which `audio_common_msgs` is meant.
            `AudioData` and `AudioInfo`, which both define, are ros-drivers' here; mgonzs13's are found through
            `typestore('audio_common_msgs/msg/AudioStamped')`.

    """
    return _family_store(FAMILIES.get(msgtype, STANDARD))


@cache
def definition_of(msgtype: str) -> tuple[str, str]:
    """Return the full text of a type with all that it contains, and its RIHS01 hash; two empty texts if unknown."""
    store = typestore(msgtype)
    if msgtype not in store.fielddefs:
        return '', ''
    return store.generate_msgdef(msgtype, ros_version=2)[0], store.hash_rihs01(msgtype)


@cache
def typestore_from_definition(msgtype: str, definition: str) -> Typestore:
    """Return a store that knows only what one definition found in a bag says, so definitions cannot clash.

    Args:
        msgtype: The type that the text defines.
        definition: `.msg` text or `.idl` text, with those of the types that it contains.

    Raises:
        BagError: The text is no message definition.

    """
    store = get_typestore(Stores.EMPTY)
    try:
        is_idl = definition.startswith(IDL_MARK)
        store.register(get_types_from_idl(definition) if is_idl else get_types_from_msg(definition, msgtype))
        store.get_msgdef(msgtype)
    except (TypesysError, KeyError, ValueError, TypeError, IndexError, SyntaxError, RecursionError) as error:
        msg = f'{msgtype!r}: the definition in the bag cannot be read ({error!r}): leave its topic out.'
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
