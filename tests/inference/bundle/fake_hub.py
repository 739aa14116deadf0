# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP server with the routes of the Hugging Face hub that uploads and downloads of models use."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE_SUFFIXES = ('.safetensors', '.onnx', '.npz')


class FakeHub(ThreadingHTTPServer):
    """Repositories in memory.

    Attributes:
        commits: Files of each commit, by name.
        branches: Commit of each (repository, branch or tag).
        objects: Large files by their SHA-256.
        requests: Method and path of every request.

    """

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.commits: dict[str, dict[str, bytes]] = {}
        self.branches: dict[tuple[str, str], str] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}'

    def commit(self, repository: str, branch: str, files: dict[str, bytes]) -> str:
        """Add files to a branch, and return the new commit."""
        old = self.commits.get(self.branches.get((repository, branch), ''), {})
        content = {**old, **files}
        commit = hashlib.sha256(repr((repository, sorted(content.items()))).encode()).hexdigest()[:40]
        self.commits[commit] = content
        self.branches[repository, branch] = commit
        return commit

    def find(self, repository: str, revision: str) -> str | None:
        """Return the commit of a commit, a branch or a tag."""
        return revision if revision in self.commits else self.branches.get((repository, revision))


class Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.note()
        repository, _, rest = path.strip('/').partition('/resolve/')
        revision, _, name = rest.partition('/')
        commit = self.server.find(repository, unquote(revision))
        if commit is None:
            self.reply(404, b'', {'X-Error-Code': 'RevisionNotFound'})
        elif name not in self.server.commits[commit]:
            self.reply(404, b'', {'X-Error-Code': 'EntryNotFound', 'X-Repo-Commit': commit})
        else:
            data = self.server.commits[commit][name]
            self.reply(200, data, {'X-Repo-Commit': commit, 'ETag': f'"{hashlib.sha256(data).hexdigest()}"'})

    def do_PUT(self) -> None:
        oid = self.note().rpartition('/')[2]
        data = self.body()
        assert hashlib.sha256(data).hexdigest() == oid
        self.server.objects[oid] = data
        self.reply(200, b'')

    def do_POST(self) -> None:
        path, body = self.note(), self.body()
        routes: dict[str, Callable[[str, bytes], object]] = {
            '/api/repos/create': self.create,
            '/api/validate-yaml': lambda *_: {'errors': [], 'warnings': []},
            '/preupload/': self.preupload,
            '/info/lfs/objects/batch': self.batch,
            '/commit/': self.add_commit,
        }
        answer = next(route for part, route in routes.items() if part in path)(path, body)
        self.reply(200, json.dumps(answer).encode(), {'Content-Type': 'application/json'})

    def create(self, _: str, body: bytes) -> object:
        values = json.loads(body)
        return {'url': f'{self.server.url}/{values["organization"]}/{values["name"]}'}

    def preupload(self, _: str, body: bytes) -> object:
        names = [entry['path'] for entry in json.loads(body)['files']]
        modes = {True: 'lfs', False: 'regular'}
        return {
            'files': [
                {'path': name, 'uploadMode': modes[name.endswith(LARGE_SUFFIXES)], 'shouldIgnore': False}
                for name in names
            ]
        }

    def batch(self, _: str, body: bytes) -> object:
        objects = [
            {**entry, 'actions': {'upload': {'href': f'{self.server.url}/lfs/{entry["oid"]}'}}}
            for entry in json.loads(body)['objects']
        ]
        return {'transfer': 'basic', 'objects': objects}

    def add_commit(self, path: str, body: bytes) -> object:
        repository, _, branch = path.removeprefix('/api/models/').partition('/commit/')
        files = {}
        for line in map(json.loads, body.splitlines()):
            value = line['value']
            if line['key'] == 'file':
                files[value['path']] = base64.b64decode(value['content'])
            elif line['key'] == 'lfsFile':
                files[value['path']] = self.server.objects[value['oid']]
        commit = self.server.commit(repository, branch, files)
        return {'commitUrl': f'{self.server.url}/{repository}/commit/{commit}', 'commitOid': commit}

    def note(self) -> str:
        self.server.requests.append(f'{self.command} {self.path}')
        return urlsplit(self.path).path

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get('Content-Length', 0)))

    def reply(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {'Content-Length': str(len(data)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """Run the server in a thread."""
    with FakeHub() as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
