# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plugin that runs some test files in processes of their own, one after the other, in parallel with the other tests.

The reports of all processes are joined into one summary. These files are those of tests/nodes, and then those with the
mark `own_process`. rclpy, DDS and PortAudio keep state for the life of a process: a file must not inherit the state of
another one, and a crash in one must not end the others. The node tests mostly wait for real time to pass and the others
mostly compute, so running them in parallel takes little longer than either alone. The marked files compute for minutes:
they follow the node tests, and also the other tests, whichever are done first. Both processors thus work until the end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

NODE_TESTS = Path(__file__).parent / 'nodes'
OWN_PROCESS = 'own_process'  # mark of a file that runs in a process of its own
REPORT_PATH_VARIABLE = 'AUDIO_MANIFOLD_TEST_REPORTS'  # set in the process of one file: the path of its reports
FILE_TIMEOUT_S = 600
STOP_TIMEOUT_S = 3.0
TestFile = tuple[Path, list[pytest.Item]]


def pytest_configure(config: pytest.Config) -> None:
    path = os.environ.get(REPORT_PATH_VARIABLE)
    if path:
        config.pluginmanager.register(ReportWriter(config, Path(path)))
    elif not (config.option.collectonly or config.option.usepdb):
        config.pluginmanager.register(IsolatedRunPlugin())


class ReportWriter:
    """Plugin for the process of one file: writes every report as a line of JSON."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with self._path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(data) + '\n')


@dataclass(frozen=True)
class FileResult:
    """Result of one file.

    Attributes:
        path: The file.
        items: Its tests.
        reports: Serialised reports of its tests.
        output: Output of its process.

    """

    path: Path
    items: list[pytest.Item]
    reports: list[str]
    output: str


class IsolatedRunPlugin:
    """Plugin for the main process: leaves the files with their own processes to a `FileRunner`."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        selected = session.items
        session.items = [item for item in selected if not has_own_process(item)]
        node_files = files_of(item for item in selected if is_node_test(item))
        marked_files = files_of(item for item in selected if has_own_process(item) and not is_node_test(item))
        environment = dict(os.environ)  # a copy, because the other tests may change it
        runners = [FileRunner(session.config, environment, node_files, marked_files)]
        try:
            result = yield
            runners.append(FileRunner(session.config, environment, marked_files))
            for file_result in chain.from_iterable(runner.results() for runner in runners):
                report_result(session, file_result)
                if session.shouldfail or session.shouldstop:
                    break
        finally:
            for runner in runners:
                runner.stop()
        session.items = selected
        return result


def is_node_test(item: pytest.Item) -> bool:
    """Return True for a test of tests/nodes."""
    return NODE_TESTS in item.path.parents


def has_own_process(item: pytest.Item) -> bool:
    """Return True for a test whose file runs in a process of its own."""
    return is_node_test(item) or item.get_closest_marker(OWN_PROCESS) is not None


def files_of(items: Iterable[pytest.Item]) -> deque[TestFile]:
    """Return the files of tests with their tests."""
    return deque((path, list(group)) for path, group in groupby(items, lambda item: item.path))


class FileRunner:
    """Thread that runs files one after the other, each in a new process. Runners may have a queue in common."""

    def __init__(self, config: pytest.Config, environment: dict[str, str], *queues: deque[TestFile]) -> None:
        self._config = config
        self._environment = environment
        self._queues = queues
        self._done: SimpleQueue[FileResult | None] = SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._thread = Thread(target=self._run, name='test files', daemon=True)
        self._thread.start()

    def results(self) -> Iterator[FileResult]:
        """Yield the result of each file as soon as it is complete."""
        yield from iter(self._done.get, None)

    def stop(self) -> None:
        """End the running process and start no other. After an interrupt from the keyboard it ends by itself."""
        self._stopped = True
        self._thread.join(STOP_TIMEOUT_S)
        if self._thread.is_alive() and self._process is not None:
            self._process.send_signal(signal.SIGINT)
        self._thread.join()

    def _run(self) -> None:
        for path, items in self._files():
            if self._stopped:
                break
            with tempfile.TemporaryDirectory() as folder:
                reports = Path(folder) / 'reports.jsonl'
                output = self._run_process([item.nodeid for item in items], reports)
                lines = reports.read_text(encoding='utf-8').splitlines() if reports.exists() else []
                self._done.put(FileResult(path, items, lines, output))
        self._done.put(None)

    def _files(self) -> Iterator[TestFile]:
        """Take files from the queues, in order, until all are empty."""
        for queue in self._queues:
            # Another runner may take the last file of a queue that is not empty here.
            with suppress(IndexError):
                while True:
                    yield queue.popleft()

    def _run_process(self, nodeids: list[str], reports: Path) -> str:
        """Run pytest on `nodeids` and return its output. With `-s` it prints to the terminal instead."""
        config = self._config
        uncaptured = config.option.capture == 'no'
        # The plugin of hypothesis takes a second of CPU time in each process. @given works without it.
        plugins = ['-p', 'no:cacheprovider', '-p', 'no:hypothesispytest']
        command = [sys.executable, '-m', 'pytest', *plugins, f'--rootdir={config.rootpath}', *nodeids]
        if uncaptured:
            command.append('-s')
        limits = {option: config.getoption(option) for option in ('maxfail', 'timeout')}
        command.extend(f'--{option}={value}' for option, value in limits.items() if value)
        self._process = subprocess.Popen(
            command,
            cwd=config.rootpath,
            env={**self._environment, REPORT_PATH_VARIABLE: str(reports)},
            stdout=None if uncaptured else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            return self._process.communicate(timeout=FILE_TIMEOUT_S)[0] or ''
        except subprocess.TimeoutExpired:
            self._process.kill()
            output = self._process.communicate()[0] or ''
            return f'{output}\n(killed after {FILE_TIMEOUT_S} s)'


def report_result(session: pytest.Session, file_result: FileResult) -> None:
    """Report the result of a file as if it had run in this process."""
    hook = session.config.hook
    missing = {item.nodeid: item for item in file_result.items}
    for report in read_reports(session.config, file_result.reports):
        if report.when == 'setup':
            hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
        if report.when == 'teardown':
            missing.pop(report.nodeid, None)
        hook.pytest_runtest_logreport(report=report)
    if session.shouldfail:
        return
    name = file_result.path.name
    message = f'The process of {name} ended before this test did. The end of its output:\n{file_result.output[-4000:]}'
    for item in missing.values():
        report = pytest.TestReport(item.nodeid, item.location, {}, 'failed', message, 'call')
        hook.pytest_runtest_logreport(report=report)
        message = f'The process of {name} ended before this test did.'


def read_reports(config: pytest.Config, lines: list[str]) -> Iterator[pytest.TestReport]:
    """Yield the reports that a `ReportWriter` wrote."""
    for line in lines:
        report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
        if isinstance(report.longrepr, list):  # of a skipped test: JSON has no tuples, and pytest requires one
            report.longrepr = tuple(report.longrepr)
        yield report
