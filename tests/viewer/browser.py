# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Headless browser in real time, driven by the Chrome DevTools Protocol over pipes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
OPTIONS = (
    '--headless=new', '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--ignore-gpu-blocklist', '--window-size=1500,950', '--remote-debugging-pipe',
)  # fmt: skip
# The browser reads commands from descriptor 3, and writes replies to descriptor 4.
DESCRIPTORS = 'exec "$@" 3<&"$COMMANDS" 4>&"$REPLIES"'
BETWEEN_SCREENSHOTS_S = 0.5


class Page:
    """A page of a running browser."""

    def __init__(self, commands: int, replies: int, url: str) -> None:
        """Open the page.

        Args:
            commands: Descriptor to which commands are written.
            replies: Descriptor from which replies and events are read.
            url: Address of the page.

        """
        self._commands, self._replies = commands, replies
        self._pending, self._count, self._session = b'', 0, {}
        target = self._call('Target.createTarget', url=url)['targetId']
        self._session = {'sessionId': self._call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']}

    def screenshot(self) -> bytes:
        """Return what the page shows now, as a PNG file."""
        return base64.b64decode(self._call('Page.captureScreenshot', format='png')['data'])

    def screenshot_until(self, is_right: Callable[[bytes], bool], timeout_s: float) -> bytes:
        """Return the first screenshot that is right, or the last one before the timeout."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            picture = self.screenshot()
            if is_right(picture) or time.monotonic() > deadline_s:
                return picture
            time.sleep(BETWEEN_SCREENSHOTS_S)

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result. Events and replies to other commands are skipped."""
        self._count += 1
        command = {'id': self._count, 'method': method, 'params': parameters, **self._session}
        os.write(self._commands, json.dumps(command).encode() + b'\0')
        while True:
            message = self._read()
            if message.get('id') == self._count:
                assert 'error' not in message, message
                return dict(message['result'])

    def _read(self) -> dict[str, Any]:
        while b'\0' not in self._pending:
            received = os.read(self._replies, 1 << 20)
            assert received, 'the browser has ended'
            self._pending += received
        text, _, self._pending = self._pending.partition(b'\0')
        return dict(json.loads(text))


@contextmanager
def open_page(url: str, profile: Path) -> Iterator[Page]:
    """Start a browser with an empty profile, open a page, and end the browser at the end."""
    browser_reads, commands = os.pipe()
    replies, browser_writes = os.pipe()
    command = ['bash', '-c', DESCRIPTORS, 'browser', str(BROWSER), *OPTIONS, f'--user-data-dir={profile}']
    environment = {**os.environ, 'COMMANDS': str(browser_reads), 'REPLIES': str(browser_writes)}
    process = subprocess.Popen(
        command, pass_fds=(browser_reads, browser_writes), env=environment, stderr=subprocess.DEVNULL
    )
    try:
        os.close(browser_reads)
        os.close(browser_writes)
        yield Page(commands, replies, url)
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(commands)
        os.close(replies)
