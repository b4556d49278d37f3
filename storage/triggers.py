"""Triggers of ours: how one is written for each database, put in and taken out.

The database notes a change itself, so that no way of changing a row can be forgotten: pages,
commands, imports, another version of this program, or a person with a database shell.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

_EXISTING = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
}
#: The rows that an event has: a row that moved counts where it left and where it came to.
ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


@dataclass(frozen=True)
class Trigger:
    """One trigger: its name changes with what it does, so that an old one is known as such."""

    name: str
    table: str
    statements: tuple[str, ...]


def trigger(
    dialect: str, prefix: str, table: str, event: str, columns: Sequence[str], action: str
) -> Trigger:
    """`action` after each row of the event; an update counts that changes one of `columns`.

    Without columns every update counts. `dialect` is "sqlite" or "postgresql" (pure).
    """
    of_columns = bool(columns) and event == "UPDATE"
    named = f"UPDATE OF {', '.join(columns)}" if of_columns else event
    body = f"AFTER {named} ON {table} FOR EACH ROW"
    start = f"{prefix}{table}_{event.lower()}_"
    if dialect == "sqlite":
        when = f" WHEN {_differs(columns, 'IS NOT')}" if of_columns else ""
        body += f"{when} BEGIN {action} END"
        name = start + _hash(body)
        return Trigger(name, table, (f"CREATE TRIGGER {name} {body}",))
    body += f" WHEN ({_differs(columns, 'IS DISTINCT FROM')})" if of_columns else ""
    name = start + _hash(body + action)
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN {action} RETURN NULL; END $$"
    )
    return Trigger(
        name, table, (function, f"CREATE TRIGGER {name} {body} EXECUTE FUNCTION {name}()")
    )


def existing(connection: Connection, prefix: str) -> Mapping[str, str]:
    """The triggers of this prefix that stand in the database, each with its table."""
    rows = connection.exec_driver_sql(_EXISTING[connection.dialect.name])
    return {name: table for name, table in rows if name.startswith(prefix)}


def put_in(connection: Connection, prefix: str, wanted: Mapping[str, Trigger]) -> None:
    """Make the triggers of this prefix those that are wanted."""
    for name, table in existing(connection, prefix).items():
        if name not in wanted:
            _drop(connection, name, table)
    for name in wanted.keys() - existing(connection, prefix).keys():
        for statement in wanted[name].statements:
            connection.exec_driver_sql(statement)


def take_out(connection: Connection, prefix: str) -> None:
    """Take them out: a migration may rebuild tables that they name."""
    for name, table in existing(connection, prefix).items():
        _drop(connection, name, table)


def _drop(connection: Connection, name: str, table: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
    connection.exec_driver_sql(f"DROP FUNCTION {name}()")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _differs(columns: Sequence[str], operator: str) -> str:
    return " OR ".join(f"OLD.{column} {operator} NEW.{column}" for column in columns)
