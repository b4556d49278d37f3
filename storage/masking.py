"""Takes a person's words out of rows: out of texts, and out of what JSON holds."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    cast,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from storage.db import Base
from storage.people import ERASED

#: Shorter words stand in too many others.
SHORTEST = 3


def columns_of(model: type[Base], *names: str) -> list[Column[Any]]:
    """Columns of a model's table, by their names there."""
    table = Base.metadata.tables[model.__tablename__]
    return [table.c[name] for name in names]


def masked(value: Any, words: Sequence[str]) -> Any:
    """The value with each of the words replaced, whatever the case of its letters."""
    if isinstance(value, str):
        for word in words:
            value = _whole(word).sub(ERASED, value)
        return value
    if isinstance(value, dict):
        return {masked(name, words): masked(one, words) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(one, words) for one in value]
    return value


def _whole(word: str) -> re.Pattern[str]:
    """The word where it stands by itself: another's address may end or begin with it."""
    before, after = r"(?<!\w)" if word[0].isalnum() else "", r"(?!\w)" if word[-1].isalnum() else ""
    if "@" in word:
        before, after = r"(?<![\w.+-])", r"(?![\w-]|\.\w)"
    return re.compile(f"{before}{re.escape(word)}{after}", re.IGNORECASE)


def worth_masking(words: Iterable[str]) -> list[str]:
    """The words as they are looked for, the longest first: one may stand in another."""
    found = {" ".join(word.split()) for word in words}
    kept = {word for word in found if len(word) >= SHORTEST and word != ERASED}
    return sorted(kept, key=lambda word: (-len(word), word))


def holding(
    session: Session,
    columns: Sequence[Column[Any]],
    words: Iterable[str],
    where: ColumnElement[bool] | None = None,
) -> Sequence[tuple[Any, ...]]:
    """The keys of the rows of one table in whose columns one of the words may stand."""
    wanted = worth_masking(words)
    if not wanted or not columns:
        return []
    keys = columns[0].table.primary_key.columns
    found = select(*keys).where(true() if where is None else where, _holds(columns, wanted))
    return [tuple(row) for row in session.execute(found)]


def rows_of(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """The rows with these keys."""
    own = list(table.primary_key.columns)
    if len(own) == 1:
        return own[0].in_([key for (key,) in keys])
    return tuple_(*own).in_(keys)


def mask(
    session: Session,
    columns: Sequence[Column[Any]],
    words: Iterable[str],
    where: ColumnElement[bool] | None = None,
) -> int:
    """Take the words out of these columns of one table; how many rows changed."""
    wanted = worth_masking(words)
    if not wanted or not columns:
        return 0
    session.flush()
    table: Table = columns[0].table
    keys = list(table.primary_key.columns)
    rows = session.execute(
        select(*keys, *columns).where(true() if where is None else where, _holds(columns, wanted))
    ).all()
    changed = 0
    for row in rows:
        old = dict(zip(columns, row[len(keys) :], strict=True))
        new = {
            column.name: masked(value, wanted)
            for column, value in old.items()
            if masked(value, wanted) != value
        }
        if new:
            this = [key == value for key, value in zip(keys, row[: len(keys)], strict=True)]
            session.execute(update(table).where(*this).values(new))
            changed += 1
    session.expire_all()
    return changed


def _holds(columns: Sequence[Column[Any]], words: Sequence[str]) -> ColumnElement[bool]:
    """Rows in which one of the words may stand. Letters outside ASCII are compared as written."""
    return or_(
        *(
            func.lower(cast(column, Text)).contains(spelled, autoescape=True)
            for column in columns
            for word in words
            for spelled in _spellings(column, word)
        )
    )


def _spellings(column: Column[Any], word: str) -> set[str]:
    """How the database holds a word: JSON may have its letters as numbers.

    SQLite's lower() knows ASCII alone, PostgreSQL's all letters.
    """
    plain = {word.lower(), "".join(c.lower() if c.isascii() else c for c in word)}
    if not isinstance(column.type, JSON):
        return plain
    whole = {word, word.lower()}
    return plain | {json.dumps(one)[1:-1].lower() for one in whole}
