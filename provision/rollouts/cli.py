"""Command: rollout."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.orm import Session

from provision.rollouts import planning, standing, steering, waves, windows
from provision.rollouts.planning import NewRollout
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
_LISTED_MAX = 100
_LIST_COLUMNS = ("id", "product", "version", "site", "state", "phones", "succeeded", "failed")
_GROUP_COLUMNS = ("group", "who", "state", "phones", "offered", "succeeded", "failed", "left_out")
_PHONE_COLUMNS = ("mac", "serial", "site", "firmware", "group", "state", "reason")
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,6})\s*([mhd])")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%?")


class _Span(click.ParamType[timedelta]):
    """30m, 24h, 7d."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = _SPAN.fullmatch(str(value))
        if found is None:
            self.fail("write 30m, 24h or 7d", param, ctx)
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


class _Percent(click.ParamType[float]):
    """5% or 5."""

    name = "percent"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = _PERCENT.fullmatch(str(value))
        if found is None:
            self.fail("write a share such as 5%", param, ctx)
        return float(found[1])


@click.group()
def rollout() -> None:
    """Give a release to phones in groups: create, start, list, show, pause, resume, approve."""


@rollout.command("create")
@click.argument("product")
@click.argument("version")
@click.option("--site", help="Only the phones of this site.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    help="5%, “site: Office”, MACs, or @FILE with MACs; the others come last.",
)
@click.option("--stop-at-failures", "stop", type=_Percent(), default="5%", show_default=True)
@click.option("--deadline", type=_Span(), default="24h", show_default=True)
@click.option("--settle", type=_Span(), default="5m", show_default=True, help="Time to restart.")
@click.option("--window", default="", help="Hours of the site's day, e.g. 01:00-05:00.")
@click.option("--approve", "asks", is_flag=True, help="Ask before each next group.")
@click.option("--dry-run", is_flag=True, help="Show who would be in, store nothing.")
@json_option
@pass_installation
def create(
    installation: Installation,
    product: str,
    version: str,
    site: str | None,
    groups: tuple[str, ...],
    stop: float,
    deadline: timedelta,
    settle: timedelta,
    window: str,
    asks: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a rollout of a release; it begins with `rollout start`."""
    new = NewRollout(
        product=product,
        version=version,
        site=site,
        waves=waves.parse_all(_read(text) for text in groups),
        stop_percent=stop,
        deadline=deadline,
        settle=settle,
        window=windows.parse(window),
        asks_approval=asks,
    )
    if dry_run:
        with installation.database.reading() as session:
            _show_plan(planning.preview(session, new, now()), as_json=as_json)
        return
    with installation.database.writing() as session:
        number = planning.create(session, new, actor=ACTOR, now=now())
    _show(installation, number, as_json=as_json)
    say(f"Rollout {number} was made; begin it with: flatpro rollout start {number}")


@rollout.command("list")
@json_option
@pass_installation
def list_rollouts(installation: Installation, as_json: bool) -> None:
    """The last hundred rollouts, the newest first."""
    with installation.database.reading() as session:
        found = standing.latest(session, _LISTED_MAX)
    show_rows([one.as_document() for one in found], _LIST_COLUMNS, as_json=as_json)


@rollout.command("show")
@click.argument("number", type=click.IntRange(1), metavar="ID")
@json_option
@pass_installation
def show(installation: Installation, number: int, as_json: bool) -> None:
    """One rollout: its groups, and its phones with the reasons."""
    _show(installation, number, as_json=as_json, phones=True)


def _verb(name: str, verb: Callable[..., object], about: str, told: str) -> None:
    """A command that does one thing to one rollout and says so."""

    @rollout.command(name, help=about)
    @click.argument("number", type=click.IntRange(1), metavar="ID")
    @pass_installation
    def run(installation: Installation, number: int) -> None:
        with installation.database.writing() as session:
            verb(session, number, actor=ACTOR, now=now())
        say(told.format(number=number))


_verb("start", steering.start, "Begin with the first group.", "Rollout {number} has begun.")
_verb("pause", steering.pause, "Offer nothing more for now.", "Rollout {number} is paused.")
_verb("resume", steering.resume, "Go on after a pause or a stop.", "Rollout {number} goes on.")
_verb("approve", steering.approve, "Let the next group begin.", "The next group has begun.")
_verb("abort", steering.abort, "End it for good.", "Rollout {number} is ended.")
_verb(
    "retry", steering.retry, "Offer it again to phones that failed.", "They are offered it again."
)


def _read(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{text[1:]} cannot be read: {error}") from error


def _show_plan(plan: planning.Plan, *, as_json: bool) -> None:
    rows = [
        {
            "group": number,
            "who": group.wave.text or "all others",
            "phones": group.phones,
            "left_out": sum(group.left_out.values()),
        }
        for number, group in enumerate(plan.groups, 1)
    ]
    show_rows(rows, ("group", "who", "phones", "left_out"), as_json=as_json)


def _show(installation: Installation, number: int, *, as_json: bool, phones: bool = False) -> None:
    with installation.database.reading() as session:
        found = standing.standing(session, number)
        rows = _phones(session, number) if phones else []
    if as_json:
        document = found.as_document()
        show_one({**document, "targets": rows} if phones else document, as_json=True)
        return
    document = {name: value for name, value in found.as_document().items() if name != "groups"}
    show_one(document, as_json=False)
    show_rows([group.as_document() for group in found.groups], _GROUP_COLUMNS, as_json=False)
    if rows:
        show_rows(rows, _PHONE_COLUMNS, as_json=False)


def _phones(session: Session, number: int) -> list[dict[str, str | int | datetime | None]]:
    found, _total = standing.targets(session, number)
    return [{name: getattr(one, name) for name in _PHONE_COLUMNS} for one in found]


COMMANDS = (rollout,)
