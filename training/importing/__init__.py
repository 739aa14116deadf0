# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of published datasets (OAP, MAVD, files of the published code) and of own recordings as drive files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.importing.import_cli import run_import
    from training.importing.mavd_conversion import MavdJob, MavdOptions
    from training.importing.oap_conversion import OapJob
    from training.importing.reference_conversion import ReferenceJob, ReferenceOptions
    from training.importing.report import ImportReport

__all__ = [
    'ImportReport',
    'MavdJob',
    'MavdOptions',
    'OapJob',
    'ReferenceJob',
    'ReferenceOptions',
    'run_import',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'import_cli': 'run_import',
        'mavd_conversion': 'MavdJob MavdOptions',
        'oap_conversion': 'OapJob',
        'reference_conversion': 'ReferenceJob ReferenceOptions',
        'report': 'ImportReport',
    },
)
