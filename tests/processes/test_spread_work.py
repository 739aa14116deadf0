# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spread work: a worker that is killed loses nothing, and nothing that is finished is done twice."""

from __future__ import annotations

import os
import pickle
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes import dask_cluster
from audio_manifold_ros.processes.spread_work import spread
from audio_manifold_ros.processes.worker_processes import MAX_DEATHS

JOBS = list(range(12))


def write(folder: Path, fatal: int, times: int, job: int) -> int:
    """Note a job when it starts and when it is done. The fatal one kills its worker some times before that."""
    with (folder / f'{job}.started').open('a') as file:
        file.write('x')
    if job == fatal and (folder / f'{job}.started').stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    with (folder / f'{job}.done').open('a') as file:
        file.write('x')
    return job * job


def counts(folder: Path, what: str) -> Counter[int]:
    return Counter({int(path.stem): path.stat().st_size for path in folder.glob(f'*.{what}')})


@pytest.mark.parametrize('workers', [1, 2])
def test_each_job_is_done_once(tmp_path: Path, workers: int) -> None:
    found = dict(spread(partial(write, tmp_path, -1, 0), JOBS, workers))
    assert found == {job: job * job for job in JOBS}
    assert counts(tmp_path, 'started') == dict.fromkeys(JOBS, 1)


def test_a_killed_process_loses_nothing_and_nothing_is_done_twice(tmp_path: Path) -> None:
    found = dict(spread(partial(write, tmp_path, 5, 1), JOBS, 2))
    assert found == {job: job * job for job in JOBS}
    assert counts(tmp_path, 'done') == dict.fromkeys(JOBS, 1)
    assert counts(tmp_path, 'started') == {**dict.fromkeys(JOBS, 1), 5: 2}


def test_a_job_that_kills_every_process_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=f'Job 3 has ended {MAX_DEATHS} processes, the last one with status -9'):
        list(spread(partial(write, tmp_path, 3, 99), JOBS, 2))


def test_the_exception_of_a_job_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(spread(partial(divmod, 1), [1, 0, 1], 2))


def local_function(_: int) -> object:
    """Return a value that cannot be pickled."""
    return lambda: None


def test_a_result_that_cannot_be_sent_is_an_error_and_not_a_death() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError), match='local_function'):
        list(spread(local_function, [1, 2], 2))


def test_a_cluster_that_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None, protocol='tcp://') as cluster:
        monkeypatch.setattr(dask_cluster, 'cluster_client', lambda _: Client(cluster.scheduler_address))
        monkeypatch.setattr(dask_cluster, 'MAX_SUBMITTED', 2)
        results = spread(abs, JOBS, 2, 'tls://cluster')
        next(results)
        cluster.close()
        with pytest.raises(ProcessError, match="scheduler 'tls://cluster' is lost: start the scheduler"):
            list(results)


def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The check of the certificates has a test of its own, with the conversion of bags.
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setattr(dask_cluster, 'cluster_client', lambda _: cluster.get_client())
        found = dict(spread(partial(write, tmp_path, 5, 1), JOBS, 2, 'tls://cluster'))
    assert found == {job: job * job for job in JOBS}
    assert set(counts(tmp_path, 'done')) == set(JOBS)
    assert counts(tmp_path, 'started')[5] == 2
