# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one YAML reader and writer, with limits on size and depth and without the traps of YAML 1.1.

Differences from `yaml.safe_load`:

- A repeated key is an error that names both lines.
- Aliases and merge keys are errors, except in the user's own experiment files, where their expansion is limited.
- Explicit tags are errors, except `!!str`.
- `010`, `1:30` and `2024-01-01` are strings: YAML 1.1 reads them as 8, 90 and a date, and YAML 1.2 does not.
- `1e-4` is a number, as in YAML 1.2 and in ROS parameter files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.untrusted_text import MAX_TEXT_BYTES, check_text_size, read_limited_text
from audio_manifold_ros.common.yaml_values import YamlValues, resolve_plain_scalar

# In C where PyYAML was built with libyaml.
LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)

UNICODE_LINE_BREAKS = '\x85\u2028\u2029'


def parse_yaml(
    text: str,
    source: str,
    error: type[AudioManifoldError],
    remedy: str,
    *,
    allow_aliases: bool = False,
    max_bytes: int = MAX_TEXT_BYTES,
) -> Any:
    """Return the values of a YAML text: None, booleans, numbers, strings, lists and dictionaries.

    Args:
        text: The text.
        source: Name of the text in messages, for example the path of the file.
        error: Class of the error.
        remedy: A sentence with the remedy.
        allow_aliases: Accept aliases and merge keys. Only for files that the user wrote for this program.
        max_bytes: Maximum length of the text.

    Raises:
        AudioManifoldError: `error`, if the text is not valid YAML or is refused; see the module.

    """
    try:
        check_text_size(text, max_bytes)
        return YamlValues(allow_aliases=allow_aliases).build(yaml.parse(text, Loader=LOADER))
    except (yaml.YAMLError, ValueError) as problem:
        msg = f'Cannot read {source!r}: {_describe(problem)}. {remedy}'
        raise error(msg) from None


def read_yaml(path: Path | str, error: type[AudioManifoldError], remedy: str, *, allow_aliases: bool = False) -> Any:
    """Return the values of a YAML file.

    Args:
        path: The file.
        error: Class of the error.
        remedy: A sentence with the remedy.
        allow_aliases: See `parse_yaml`.

    Raises:
        AudioManifoldError: `error`, if the file cannot be read, or its text is refused by `parse_yaml`.

    """
    text = read_yaml_text(path, error, remedy)
    return parse_yaml(text, str(path), error, remedy, allow_aliases=allow_aliases)


def _describe(problem: Exception) -> str:
    if isinstance(problem, yaml.MarkedYAMLError) and problem.problem_mark is not None:
        return f'line {problem.problem_mark.line + 1}: {problem.problem}'
    return ' '.join(str(problem).split())


def read_yaml_text(path: Path | str, error: type[AudioManifoldError], remedy: str) -> str:
    """Return the text of a YAML file.

    Raises:
        AudioManifoldError: `error`, if the file cannot be read.

    """
    try:
        return read_limited_text(path)
    except ValueError as problem:
        msg = f'Cannot read {str(path)!r}: {problem}. {remedy}'
        raise error(msg) from None


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writer without aliases that puts lists of plain values on one line and lists of mappings below each other."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: each value is written out."""
        del data
        return True


def _represent_list(dumper: Any, values: list[Any]) -> Any:
    is_flat = all(not isinstance(value, (list, dict)) for value in values)
    return dumper.represent_sequence('tag:yaml.org,2002:seq', values, flow_style=is_flat)


def _represent_string(dumper: Any, value: str) -> Any:
    """Write a string so that it is read back as the same string.

    Strings such as '1e5', which this reader takes for numbers and YAML 1.1 does not, get quotes. The line breaks of
    Unicode are escaped.
    """
    try:
        style = None if resolve_plain_scalar(value) is value else "'"
    except ValueError:
        style = "'"
    if any(line_break in value for line_break in UNICODE_LINE_BREAKS):
        style = '"'
    return dumper.represent_scalar('tag:yaml.org,2002:str', value, style=style)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent_string)


def format_yaml(values: object) -> str:
    """Return plain values as YAML, keys in the order given."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
