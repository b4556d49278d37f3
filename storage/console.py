"""What commands print: one JSON document on stdout, or a table and plain lines for people."""

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Command = TypeVar("Command", bound=Callable[..., object])
Row = Mapping[str, object]
#: Columns take what they need; nothing is squeezed into eighty.
WIDTH = 1000


def language() -> str:
    """The terminal's language: "ru" where the locale says so, else "en"."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "ru" if wanted.startswith("ru") else "en"


def json_option(command: Command) -> Command:
    """Adds `--json`: one JSON document on stdout, messages on stderr."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def pass_installation(command: Callable[..., None]) -> Callable[..., None]:
    """Hands the command its installation, which is opened only now: `--help` needs none."""

    @click.pass_context
    @functools.wraps(command)
    def with_installation(context: click.Context, /, *args: object, **options: object) -> None:
        context.invoke(command, context.obj(), *args, **options)

    return with_installation


def show_rows(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """A list: a JSON array of objects, or a table of `columns`."""
    if as_json:
        _print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # A serial number cut short is no serial number: a wide table wraps in the terminal.
        table.add_column(column, no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(width=WIDTH, highlight=False).print(table, crop=False)


def show_one(row: Row, *, as_json: bool) -> None:
    """One thing: a JSON object, or a line for each field."""
    if as_json:
        _print_json(row)
        return
    width = max((len(key) for key in row), default=0)
    for key, value in row.items():
        click.echo(f"{key:<{width}}  {_cell(value)}")


def say(text: str) -> None:
    """A message for the person at the terminal (stderr, so that stdout stays data)."""
    click.echo(text, err=True)


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Hands out a function to call after each of `total` steps.

    On a terminal it moves a bar (stderr), elsewhere it prints a line for every tenth.
    """
    if sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)
        return
    done = 0

    def advance() -> None:
        nonlocal done
        before, done = done * 10 // total, done + 1
        if done * 10 // total > before:
            say(f"{what}: {done} of {total}")

    yield advance


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_cell, value))
    return str(value)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
