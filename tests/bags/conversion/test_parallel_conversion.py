# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parallel conversion: failures stay local, no process listens on a port, and a scheduler needs TLS."""

from __future__ import annotations

import json
import multiprocessing.connection
import os
import shutil
import signal
import subprocess
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import dask
import psutil
import pytest
from distributed import LocalCluster
from distributed.security import Security
from rich.console import Console

from audio_manifold_ros.bags.conversion import parallel_conversion
from audio_manifold_ros.bags.conversion.bag_to_dataset import main
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.conversion.parallel_conversion import convert_bags
from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes.job_progress import Advance
from tests.bags.drive_bags import (
    sound,
    write_bag,
)
from training.data.window_dataset import find_drives

RATE_HZ = 22_500
QUIET = Console(quiet=True)
SMALL = ConversionOptions(rows=12, columns=16)
IMAGE_TIMES_S = [round(0.05 + 0.1 * i, 3) for i in range(30)]


@pytest.mark.slow
def test_many_bags_in_processes_and_one_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bags = [write_bag(tmp_path / f'bag_{i}', sound(RATE_HZ, i), [0.5]) for i in range(2)]
    broken = tmp_path / 'broken'
    shutil.copytree(bags[0], broken)
    file = next(broken.glob('*.mcap'))
    file.write_bytes(file.read_bytes()[:5000])
    outcome = convert_bags([*bags, broken], tmp_path / 'out', None, SMALL, 2, None, QUIET)
    assert [bag.name for bag, _ in outcome.failures] == ['broken']
    assert sorted(done.path.stem for done in outcome.converted) == ['bag_0', 'bag_1']
    arguments = [str(path) for path in (*bags, broken)]
    assert main([*arguments, '--out', str(tmp_path / 'out'), '--size', '12', '16', '--workers', '1']) == 1
    manifest = json.loads((tmp_path / 'out' / 'manifest.json').read_text())
    assert manifest['images'] == {'kept': 2, 'dropped': {}}
    assert [drive['drive']['file'] for drive in manifest['drives']] == ['bag_0.h5', 'bag_1.h5']
    assert len(find_drives(tmp_path / 'out')) == 2
    assert 'broken' in capsys.readouterr().err


@pytest.mark.slow
def test_processes_of_this_machine_listen_on_no_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bags = [write_bag(tmp_path / f'bag_{i}', sound(RATE_HZ, i), [0.5]) for i in range(2)]
    processes: list[int] = []
    ports: list[object] = []

    def list_ports(_bars: object, _number: int) -> None:
        """Called when the first bag is done, while the second is converted."""
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            processes.append(process.pid)
            ports.extend(link.laddr for link in process.net_connections() if link.status == psutil.CONN_LISTEN)

    before = [link.laddr for link in psutil.Process().net_connections() if link.status == psutil.CONN_LISTEN]
    monkeypatch.setattr(parallel_conversion._ProgressBars, 'finish', list_ports)
    outcome = convert_bags(bags, tmp_path / 'out', None, SMALL, 2, None, QUIET)
    assert len(outcome.converted) == 2
    assert len(set(processes)) > 1
    assert [port for port in ports if port not in before] == []


@pytest.mark.slow
def test_a_bag_whose_process_is_killed_is_converted_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bags = [write_bag(tmp_path / f'bag_{i}', sound(RATE_HZ, i), [0.5]) for i in range(3)]
    wait = multiprocessing.connection.wait
    killed: list[int] = []

    def kill_and_wait(receivers: list[Connection]) -> list[object]:
        if not killed:
            child = next(child for child in psutil.Process().children() if 'spawn_main' in ' '.join(child.cmdline()))
            killed.append(child.pid)
            child.kill()
        return list(wait(receivers))

    monkeypatch.setattr(multiprocessing.connection, 'wait', kill_and_wait)
    outcome = convert_bags(bags, tmp_path / 'out', None, SMALL, 2, None, QUIET)
    assert killed
    assert outcome.failures == ()
    assert {done.path.stem for done in outcome.converted} == {bag.name for bag in bags}


def test_a_bag_that_ends_every_process_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bags = [write_bag(tmp_path / f'bag_{i}', sound(RATE_HZ, i), [0.5]) for i in range(2)]
    monkeypatch.setattr(parallel_conversion, '_convert', partial(die_or_convert, bags[0]))
    outcome = convert_bags(bags, tmp_path / 'out', None, SMALL, 2, None, QUIET)
    ((failed, reason),) = outcome.failures
    assert failed == bags[0]
    assert 'ProcessError: Job 0 has ended 3 processes, the last one with status -9' in reason
    assert [done.path.stem for done in outcome.converted] == ['bag_1']


def die_or_convert(fatal: Path, job: parallel_conversion.Job, advance: Advance) -> object:
    if job[0] == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return parallel_conversion._convert(job, advance)


@pytest.mark.parametrize('address', ['tcp://127.0.0.1:8786', '127.0.0.1:8786', 'inproc://1', 'ws://127.0.0.1:8786'])
def test_a_scheduler_without_tls_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ProcessError, match=r'has no TLS.*--tls-ca-file'):
        convert_bags([tmp_path / 'bag'], tmp_path / 'out', None, SMALL, 2, address, QUIET)
    assert not (tmp_path / 'out').exists()


def test_a_scheduler_with_tls_needs_certificates(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r'distributed\.comm\.tls\.ca-file is None and not a file'):
        convert_bags([tmp_path / 'bag'], tmp_path / 'out', None, SMALL, 2, 'tls://127.0.0.1:8786', QUIET)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which('openssl') is None, reason='needs openssl to make certificates')
def test_a_scheduler_with_tls_is_used(tmp_path: Path) -> None:
    key, certificate = tmp_path / 'key.pem', tmp_path / 'certificate.pem'
    request = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=test']
    subprocess.run([*request, '-keyout', key, '-out', certificate], check=True, capture_output=True)
    settings = {'distributed.comm.tls.ca-file': str(certificate)}
    for role in ('client', 'scheduler', 'worker'):
        settings[f'distributed.comm.tls.{role}.cert'] = str(certificate)
        settings[f'distributed.comm.tls.{role}.key'] = str(key)
    bag = write_bag(tmp_path / 'bag', sound(RATE_HZ), [0.5])
    with dask.config.set(settings):
        security = Security(require_encryption=True)
        with LocalCluster(
            n_workers=1, processes=False, dashboard_address=None, security=security, protocol='tls://'
        ) as cluster:
            outcome = convert_bags([bag], tmp_path / 'out', None, SMALL, 1, cluster.scheduler_address, QUIET)
    assert outcome.failures == ()
    assert [done.path.stem for done in outcome.converted] == ['bag']
