"""What a test process pays once instead of once a test, as thousands of tests each have their app.

Templates, addresses and their builders and the statements of the database are compiled once, with
the same result, the files of the pages are packed once, and the source that hundreds of started
programs import is kept compiled; passwords are hashed cheaply, and ``tests/accounts`` shows the
product's own cost in a process of its own.
"""

import os
import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, util
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from werkzeug.routing import Rule, rules

from accounts import passwords
from portal import assets
from storage import db

_COMPILED: dict[str, bytes] = {}
_BUILDERS: dict[object, Callable[..., tuple[str, str]]] = {}
#: As one engine keeps them for as long as a product's process lives.
_STATEMENTS: util.LRUCache[Any, Any] = util.LRUCache(3000)


class _Kept(BytecodeCache):
    def load_bytecode(self, bucket: Bucket) -> None:
        if (kept := _COMPILED.get(bucket.key)) is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        _COMPILED[bucket.key] = bucket.bytecode_to_string()


class _Matching:
    """A pattern's match in an address: half of what making an app costs, and always the same."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.match = cache(pattern.match)


def arrange() -> None:
    """For every app this process makes and every program it starts from now on."""
    # A second of each program's start is compiling, where the environment keeps nothing of it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Kept()}
    Rule._compile_builder = _once(Rule._compile_builder)
    rules._part_re = _Matching(rules._part_re)  # type: ignore[assignment]
    assets._packed = cache(assets._packed)
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        # It is a part of what a statement is kept under, and all ours of a kind are made alike.
        dialect.__eq__ = _is_of_a_kind  # type: ignore[method-assign]
        dialect.__hash__ = _hash_of_a_kind  # type: ignore[method-assign]
    db._engine = _with_statements_kept(db._engine)


def _is_of_a_kind(one: object, other: object) -> bool:
    return type(one) is type(other)


def _hash_of_a_kind(one: object) -> int:
    return hash(type(one))


def _with_statements_kept(make: Callable[..., Engine]) -> Callable[..., Engine]:
    def made(*arguments: Any) -> Engine:
        engine = make(*arguments)
        engine._compiled_cache = _STATEMENTS
        return engine

    return made


def _once(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """A builder takes its rule as an argument: the same trace makes the same code."""

    def compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT002 - as Werkzeug has it
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (tuple(rule._trace), append_unknown)
        if key not in _BUILDERS:
            _BUILDERS[key] = compile_builder(rule, append_unknown)
        return _BUILDERS[key]

    return compiled
