# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of the schema of a sqlite3 storage file: only plain tables, which run nothing when they are read."""

from __future__ import annotations

import re
import sqlite3

TABLES = ('messages', 'topics', 'schema', 'metadata', 'message_definitions')
MAX_OBJECTS = 1000
PLAIN_TABLE = re.compile(r'\s*CREATE\s+TABLE\b', re.IGNORECASE)
# A generated column or a check runs an expression. An index on an expression does so too.
EXPRESSION = re.compile(r'\b(?:GENERATED|AS\s*\(|SELECT|WITH)\b', re.IGNORECASE)


def unsafe_schema(database: sqlite3.Connection) -> str:
    """Return why the schema of a database is refused, or an empty string.

    A view runs a query that may never end, and a virtual table runs code of an extension. rosbag2 writes neither.

    Raises:
        sqlite3.Error: The schema cannot be read.

    """
    rows = database.execute('SELECT type, name, sql FROM sqlite_master LIMIT ?', (MAX_OBJECTS + 1,)).fetchall()
    if len(rows) > MAX_OBJECTS:
        return f'a database with more than {MAX_OBJECTS} tables'
    for kind, name, sql in rows:
        text = str(sql or '')
        if kind in {'view', 'trigger'}:
            return f'a database with a {kind} ({str(name)[:80]!r}), which is not read'
        if kind == 'table' and str(name).lower() in TABLES and (not PLAIN_TABLE.match(text) or EXPRESSION.search(text)):
            return f'a database whose table {str(name)[:80]!r} is not a plain table, which is not read'
    return ''
