# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Upload of a bundle to the Hugging Face hub, as one commit."""

from __future__ import annotations

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.hub_reference import HubReference, check_repository, import_hub
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE

REMEDY = 'Check the name, the network and the token: hf auth login, or HF_TOKEN with the right to write.'


def upload_bundle(bundle: Bundle, repository: str, *, branch: str, private: bool) -> HubReference:
    """Upload a verified bundle. The repository is created if it does not exist.

    Args:
        bundle: The bundle.
        repository: Organisation and name, separated by a slash.
        branch: Branch of the commit. It must exist, except `main` in a new repository.
        private: Create a private repository. An existing one is not changed.

    Returns:
        The bundle on the hub, at the commit of the upload.

    Raises:
        InferenceError: huggingface_hub is missing, or the hub refuses the upload.

    """
    check_repository(repository)
    hub = import_hub()
    names = [*bundle.manifest.files, MANIFEST_FILE]
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        commit = hub.create_commit(
            repository,
            operations=[hub.CommitOperationAdd(name, str(bundle.folder / name)) for name in names],
            commit_message=f'Upload the bundle {bundle.manifest.name}',
            revision=branch,
        )
    except (OSError, ValueError, RuntimeError, hub.errors.HTTPError) as error:
        reason = ' '.join(str(error).split())[:400]
        msg = f'Cannot upload {bundle.folder} to {repository!r}: {type(error).__name__}: {reason} {REMEDY}'
        raise InferenceError(msg) from None
    return HubReference(repository, commit.oid)
