# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the files: rig, bundle, and whether they fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.bundle_location import find_bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder

if TYPE_CHECKING:
    from audio_manifold_ros.doctor.doctor_settings import DoctorSettings
    from audio_manifold_ros.rig.rig import MicrophoneArray

EXAMPLE_RIGS = 'calibration/'


@dataclass(frozen=True)
class CheckedFiles:
    """Files that the other checks use.

    Attributes:
        findings: Results.
        array: The microphone array. None if the rig is invalid.
        bundle: The bundle, for the camera of the rig if they fit. None if it is invalid.

    """

    findings: tuple[Finding, ...]
    array: MicrophoneArray | None = None
    bundle: Bundle | None = None


def check_files(settings: DoctorSettings) -> CheckedFiles:
    """Load the rig and the bundle as the node does, and compare their microphones."""
    array, rig_findings = _check_rig(settings)
    bundle, bundle_findings = _check_bundle(settings)
    findings = [*rig_findings, *bundle_findings]
    if array is not None and bundle is not None:
        bundle, finding = _check_match(settings, bundle)
        findings.append(finding)
    return CheckedFiles(tuple(findings), array, bundle)


def _check_rig(settings: DoctorSettings) -> tuple[MicrophoneArray | None, list[Finding]]:
    try:
        array = RigFiles.from_folder(resolve_folder('rig', settings.rig)).array()
    except AudioManifoldError as error:
        return None, [Finding(Severity.ERROR, 'rig', str(error))]
    enabled = sum(mic.enabled for mic in array.microphones)
    text = f'{array.array_id}, {enabled} of {len(array.microphones)} microphones enabled.'
    findings = [Finding(Severity.OK if enabled else Severity.ERROR, 'rig', text)]
    if settings.rig.startswith(EXAMPLE_RIGS) and settings.source_kind in {'device', 'topic'}:
        remedy = 'copy it, calibrate the copy (docs/rig.md), and set the parameter rig.'
        findings.append(Finding(Severity.WARNING, 'rig', f'{settings.rig!r} is an example rig: {remedy}'))
    return array, findings


def _check_bundle(settings: DoctorSettings) -> tuple[Bundle | None, list[Finding]]:
    try:
        bundle = Bundle.load(find_bundle(settings.bundle))
    except AudioManifoldError as error:
        return None, [Finding(Severity.ERROR, 'bundle', str(error))]
    modalities = ' and '.join(bundle.manifest.modalities)
    return bundle, [Finding(Severity.OK, 'bundle', f'{bundle.manifest.name}: {modalities}, all checksums are right.')]


def _check_match(settings: DoctorSettings, bundle: Bundle) -> tuple[Bundle, Finding]:
    """Return the bundle for the camera of the rig, or the bundle itself if they do not fit."""
    try:
        used = BundleRig.open(bundle, resolve_folder('rig', settings.rig))
    except AudioManifoldError as error:
        return bundle, Finding(Severity.ERROR, 'rig and bundle', str(error))
    trained = 'arrays and cameras like this one' if bundle.manifest.is_spatial else 'the array of the rig'
    text = used.warning or f'the bundle was trained for {trained}.'
    return used.bundle, Finding(Severity.WARNING if used.warning else Severity.OK, 'rig and bundle', text)
