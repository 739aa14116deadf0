# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of the topics for a dataset: given by the user, or found by the names of a standard recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS
from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.common.errors import BagError

# The images of a perception node are not ground truth. Its audio is used only if there is no other.
OWN_NODE_NAME = 'perception'
AUDIO = ('audio', 'audio_stamped')
DEPTH = ('truth/depth/image', 'depth/image', 'depth/image/compressedDepth')
LABELS = ('truth/segmentation/image', 'segmentation/image', 'segmentation/image/compressed')


@dataclass(frozen=True)
class DatasetTopics:
    """Topics by their content, '' without one.

    Attributes:
        audio: Topic of the audio.
        audio_type: Its message type.
        audio_info: Topic that describes the audio.
        depth: Topic of the depth images.
        labels: Topic of the label images.
        reference: Topic of the images whose stamps are those of the dataset.

    """

    audio: str
    audio_type: str
    audio_info: str
    depth: str
    labels: str
    reference: str


def find_topics(
    where: str, topics: Sequence[BagTopic], *, audio: str = '', depth: str = '', labels: str = '', reference: str = ''
) -> DatasetTopics:
    """Select the topics.

    Args:
        where: Name of the bag, for error messages.
        topics: Topics of the bag.
        audio: Topic of the audio, '' to find it. The same applies to the next two.
        depth: Topic of the depth.
        labels: Topic of the labels.
        reference: Topic whose stamps are used, for example that of the camera. '' uses the depth, else the labels.

    Raises:
        BagError: A given topic does not exist or has another type, or the audio topic is ambiguous.

    """
    nonempty = [topic for topic in topics if topic.count]
    audio_topics = {topic.name: topic.type for topic in nonempty if topic.type in ADAPTERS}
    image_topics = {topic.name: topic.type for topic in nonempty if topic.type in IMAGE_TYPES}
    chosen = _find_named(where, audio_topics, audio, 'audio') if audio else _find_audio(where, audio_topics)
    namespace = _namespace_of(chosen)
    found_depth = (
        _find_named(where, image_topics, depth, 'image') if depth else _find_standard(image_topics, DEPTH, namespace)
    )
    found_labels = (
        _find_named(where, image_topics, labels, 'image') if labels else _find_standard(image_topics, LABELS, namespace)
    )
    return DatasetTopics(
        audio=chosen,
        audio_type=audio_topics[chosen],
        audio_info=_find_info(where, nonempty, chosen, audio_topics[chosen]),
        depth=found_depth,
        labels=found_labels,
        reference=_find_named(where, image_topics, reference, 'image') if reference else found_depth or found_labels,
    )


def _find_named(where: str, topics: dict[str, str], name: str, kind: str) -> str:
    for topic in topics:
        if topic.lstrip('/') == name.lstrip('/'):
            return topic
    msg = f'{where}: has no {kind} messages on {name!r}: choose from {sorted(topics)}.'
    raise BagError(msg)


def _find_standard(topics: dict[str, str], names: Sequence[str], namespace: str = '') -> str:
    """Return the topic with the first of several names, without a namespace or else under the given one."""
    for prefix in dict.fromkeys(('', namespace)):
        for name in names:
            found = [topic for topic in topics if topic.lstrip('/') == prefix + name]
            if found:
                return found[0]
    return ''


def _namespace_of(audio: str) -> str:
    """Return the namespace of a usual audio topic, for example `car/` of `/car/audio`, or an empty string.

    The images of a perception node are predictions, so its namespace is not used.
    """
    name = audio.lstrip('/')
    namespace = next((name.removesuffix(usual) for usual in AUDIO if name.endswith(f'/{usual}')), '')
    return '' if OWN_NODE_NAME in namespace.split('/') else namespace


def _find_audio(where: str, topics: dict[str, str]) -> str:
    standard = _find_standard(topics, AUDIO)
    if standard:
        return standard
    # Multi-arrays may hold any data. They are audio only if the user names them.
    self_describing = [name for name, kind in topics.items() if not ADAPTERS[kind].needs_audio_format]
    likely = [name for name in self_describing if OWN_NODE_NAME not in name.split('/')] or self_describing
    if len(likely) == 1:
        return likely[0]
    if likely:
        msg = f'{where}: has audio on {sorted(likely)}: name one of them as the audio topic.'
    else:
        msg = f'{where}: has no audio: record a topic of one of the types {sorted(ADAPTERS)}, or name a multi-array.'
    raise BagError(msg)


def _find_info(where: str, topics: Sequence[BagTopic], audio: str, audio_type: str) -> str:
    info_type = ADAPTERS[audio_type].info_type
    infos = [topic.name for topic in topics if info_type and topic.type == info_type]
    if len(infos) < 2:
        return infos[0] if infos else ''
    siblings = [name for name in infos if name.rpartition('/')[0] == audio.rpartition('/')[0]]
    if len(siblings) == 1:
        return siblings[0]
    msg = f'{where}: {sorted(infos)} could all describe {audio!r}: state rate and channels of the audio.'
    raise BagError(msg)
