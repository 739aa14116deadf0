# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line of the checks: `audio-manifold doctor`."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.cli.console import SafeConsole, print_error
from audio_manifold_ros.cli.options import BUNDLE_HELP
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import caller_path, number
from audio_manifold_ros.common.errors import AudioManifoldError, NodeError
from audio_manifold_ros.common.files import write_text_atomic
from audio_manifold_ros.doctor.audio_check import check_source
from audio_manifold_ros.doctor.backend_check import check_backend
from audio_manifold_ros.doctor.doctor_report import DoctorReport
from audio_manifold_ros.doctor.doctor_settings import DoctorSettings
from audio_manifold_ros.doctor.environment import describe_environment
from audio_manifold_ros.doctor.file_checks import check_files
from audio_manifold_ros.doctor.ros_environment import check_domain, check_middleware, check_packages
from audio_manifold_ros.doctor.system_checks import check_clock, check_space

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from audio_manifold_ros.rig.rig import MicrophoneArray

OVERRIDES = ('bundle', 'rig', 'device_name', 'device_rate_hz', 'topic', 'topic_type', 'backend')


def examine(settings: DoctorSettings, seconds: float) -> DoctorReport:
    """Run all checks and return the report.

    Args:
        settings: Parameters of the perception node.
        seconds: Duration of the measurement of the audio.

    """
    files = check_files(settings)
    findings = [*files.findings]
    if files.bundle is not None:
        findings += check_backend(settings, files.bundle)
    if settings.source_kind == 'device':
        findings += _check_device(settings, files.array, seconds)
    findings += [check_clock(), check_space(settings)]
    return DoctorReport(describe_environment(), (*findings, *_check_ros(settings, files.array, seconds)))


def _check_device(settings: DoctorSettings, array: MicrophoneArray | None, seconds: float) -> list[Finding]:
    from audio_manifold_ros.audio.capture.device_source import DeviceSource

    make_source = partial(
        DeviceSource,
        settings.device_name,
        settings.device_rate_hz,
        settings.device_channels,
        settings.block_samples,
        clock_ns=time.time_ns,
    )
    return check_source(f'device {settings.device_name!r}', make_source, array, seconds)


def _check_ros(settings: DoctorSettings, array: MicrophoneArray | None, seconds: float) -> list[Finding]:
    findings = [*check_packages(), check_domain()]
    if not _has_error(findings):
        findings.append(check_middleware())
    if _has_error(findings):
        return findings
    from audio_manifold_ros.doctor.ros_checks import check_graph

    return [*findings, *check_graph(settings, array, seconds)]


def _has_error(findings: Sequence[Finding]) -> bool:
    return any(finding.level is Severity.ERROR for finding in findings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks and print the page. Return 0 if the robot may drive, otherwise 1."""
    parser = command_parser('doctor')
    parser.add_argument('--params-file', type=caller_path, help='parameter file of the perception node')
    parser.add_argument('--namespace', default='', help='namespace of the perception node')
    parser.add_argument('--bundle', help=f'{BUNDLE_HELP} (models/street)')
    parser.add_argument('--rig', help='folder of the rig (calibration/roof_octagon)')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--device', dest='device_name', help='sound device: its name, or a unique part of it')
    source.add_argument('--topic', help='audio topic (audio)')
    parser.add_argument('--rate-hz', dest='device_rate_hz', type=int, help='sample rate of the sound device (48000)')
    parser.add_argument('--topic-type', help='message type of the audio topic')
    parser.add_argument('--backend', help='backend that runs the networks (auto)')
    parser.add_argument('--seconds', type=number(1, 600), default=3.0, help='duration of the audio check (3)')
    parser.add_argument('--out', type=caller_path, help='file for the page, in addition to the terminal')
    options = parser.parse_args(arguments)
    console = SafeConsole(stderr=True)
    try:
        report = examine(_read_settings(options), options.seconds)
        page = report.to_markdown()
        if options.out is not None:
            write_text_atomic(options.out, page)
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 2
    print(page, end='')
    return 0 if report.may_drive else 1


def _read_settings(options: argparse.Namespace) -> DoctorSettings:
    settings = DoctorSettings(namespace=options.namespace)
    if options.params_file is not None:
        if not options.params_file.is_file():
            msg = f'--params-file is {str(options.params_file)!r}: give a file that exists.'
            raise NodeError(msg)
        settings = DoctorSettings.from_parameter_file(options.params_file, options.namespace)
    kind = 'device' if options.device_name is not None else 'topic' if options.topic is not None else None
    return settings.override({'source_kind': kind, **{name: getattr(options, name) for name in OVERRIDES}})


if __name__ == '__main__':
    sys.exit(main())
