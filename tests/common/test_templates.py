# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import jinja2
import pytest

from audio_manifold_ros.common.templates import render_template


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    templates = tmp_path / 'package_with_templates' / 'templates'
    templates.mkdir(parents=True)
    (templates.parent / '__init__.py').touch()
    (templates / 'page.html.j2').write_text('<p>{{ text }}</p>\n')
    (templates / 'note.md.j2').write_text('{% if text %}\n{{ text }}\n{% endif %}\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'package_with_templates', raising=False)
    return 'package_with_templates'


def test_values_are_escaped_in_html_only(package: str) -> None:
    assert render_template(package, 'page.html.j2', text='a < b') == '<p>a &lt; b</p>\n'
    assert render_template(package, 'note.md.j2', text='a < b') == 'a < b\n'


def test_a_missing_value_is_an_error(package: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match='text'):
        render_template(package, 'page.html.j2')
