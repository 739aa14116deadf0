# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendering of text and HTML from Jinja2 templates that ship with a package."""

from __future__ import annotations

HTML_SUFFIX = '.html.j2'


def render_template(package: str, name: str, /, **values: object) -> str:
    """Render a template of a package.

    Args:
        package: Dotted name of the package whose folder `templates` holds the file.
        name: File name of the template. Values are escaped in a template that ends with `.html.j2`.
        values: Variables of the template.

    Raises:
        jinja2.UndefinedError: The template uses a variable that is not in `values`.

    """
    # Jinja2 is imported late: only reports and model cards need it, the perception node does not.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, 'templates'),
        autoescape=name.endswith(HTML_SUFFIX),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(**values)
