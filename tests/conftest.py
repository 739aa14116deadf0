# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs each file of tests/nodes in a process of its own and joins the reports into one summary.

rclpy, DDS and PortAudio keep state for as long as a process lives: a file that starts them must not inherit what
another one left, and a crash in one must not end the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

NODES = Path(__file__).parent / 'nodes'
REPORTS_TO = 'AUDIO_MANIFOLD_TEST_REPORTS'  # set in the process of one file: where its reports go
SECONDS_PER_FILE = 600


def pytest_configure(config: pytest.Config) -> None:
    path = os.environ.get(REPORTS_TO)
    if path:
        config.pluginmanager.register(ReportWriter(config, Path(path)))
    elif not (config.option.collectonly or config.option.usepdb):
        config.pluginmanager.register(OwnProcesses())


class ReportWriter:
    """In the process of one file: writes every report as a line of JSON."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with self._path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(data) + '\n')


class OwnProcesses:
    """In the process that was started: holds the files of tests/nodes back, and runs one after the other at the end."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        selected = session.items
        session.items = [item for item in selected if NODES not in item.path.parents]
        result = yield
        for path, items in groupby((item for item in selected if NODES in item.path.parents), lambda item: item.path):
            if session.shouldfail or session.shouldstop:
                break
            run_file(session, path, list(items))
        session.items = selected
        return result


def run_file(session: pytest.Session, path: Path, items: list[pytest.Item]) -> None:
    """Run `items`, all of the file `path`, in a new process, and report their outcome as if they had run here."""
    hook = session.config.hook
    unseen = {item.nodeid: item for item in items}
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / 'reports.jsonl'
        output = run_process(session.config, [item.nodeid for item in items], reports)
        for report in read_reports(session.config, reports):
            if report.when == 'setup':
                hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
            if report.when == 'teardown':
                unseen.pop(report.nodeid, None)
            hook.pytest_runtest_logreport(report=report)
    if session.shouldfail:
        return
    message = f'The process of {path.name} ended before this test did. The end of its output:\n{output[-4000:]}'
    for item in unseen.values():
        report = pytest.TestReport(item.nodeid, item.location, {}, 'failed', message, 'call')
        hook.pytest_runtest_logreport(report=report)
        message = f'The process of {path.name} ended before this test did.'


def run_process(config: pytest.Config, nodeids: list[str], reports: Path) -> str:
    """Run pytest on `nodeids` and return what it printed; with `-s` it prints to the terminal instead."""
    shown = config.option.capture == 'no'
    command = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', '--rootdir', str(config.rootpath), *nodeids]
    if shown:
        command.append('-s')
    limits = {option: config.getoption(option) for option in ('maxfail', 'timeout')}
    command.extend(f'--{option}={value}' for option, value in limits.items() if value)
    try:
        done = subprocess.run(
            command,
            cwd=config.rootpath,
            env={**os.environ, REPORTS_TO: str(reports)},
            stdout=None if shown else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_PER_FILE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return f'{(error.stdout or b"").decode(errors="replace")}\n(ended after {SECONDS_PER_FILE} s)'
    return done.stdout or ''


def read_reports(config: pytest.Config, path: Path) -> Iterator[pytest.TestReport]:
    """Yield the reports that a `ReportWriter` left."""
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    for line in lines:
        report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
        if isinstance(report.longrepr, list):  # of a skipped test; JSON knows no tuples, and pytest insists on one
            report.longrepr = tuple(report.longrepr)
        yield report
