# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Links of the documentation site: a relative link that leaves docs/ is turned into one to the repository."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = re.compile(r'\]\((\.\./[^)#]+)([^)]*)\)')


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the address of the repository from package.xml."""
    config.repo_url = repository_url()
    return config


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Rewrite the links of a page.

    Raises:
        FileNotFoundError: A link names a file that the repository does not have.

    """
    folder = posixpath.dirname(f'docs/{page.file.src_uri}')

    def rewrite(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        if target.startswith('docs/'):
            return match[0]
        if not (ROOT / target).exists():
            msg = f'{page.file.src_uri} links to {target!r}, which does not exist: correct the link.'
            raise FileNotFoundError(msg)
        return f']({repository_url()}/blob/main/{target}{match[2]})'

    return OUTSIDE.sub(rewrite, markdown)


def repository_url() -> str:
    """Return the address of the repository."""
    tree = ET.parse(ROOT / 'package.xml')  # noqa: S314 # our own file
    return next(url.text or '' for url in tree.iter('url') if url.get('type') == 'repository')
