"""Commands: what is known of versions (`firmware mark`), and the share of phones that get one."""

import click

from catalogue import keys, products
from firmware import shares
from firmware.paths import Problem
from firmware.version_marks import marking
from firmware.version_marks.marking import NewMark
from firmware.version_marks.marks import MarkKind
from firmware.version_marks.models import VersionMark
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"
_KINDS = click.Choice([kind.value for kind in MarkKind])


@click.command("mark")
@click.argument("product")
@click.argument("version")
@click.argument("kind", type=_KINDS)
@click.option("--hw", "hardware", help="Only this hardware revision.")
@click.option("--reason", default="", help="Everyone will see it; broken needs one.")
@pass_installation
def mark(
    installation: Installation,
    product: str,
    version: str,
    kind: str,
    hardware: str | None,
    reason: str,
) -> None:
    """Mark VERSION: shipped from the factory, broken (never offered), or the floor of offers."""
    new = NewMark(product, version, kind, hardware, reason)
    ring = keys.of(installation)
    with installation.database.writing() as session:
        brought = marking.set_mark(session, new, ring, actor=ACTOR, now=now())
    say(f"{product} {version} is marked: {kind}{f' on revision {hardware}' if hardware else ''}.")
    tell_stuck(brought)


@click.command("unmark")
@click.argument("product")
@click.argument("version")
@click.argument("kind", type=_KINDS)
@click.option("--hw", "hardware", help="The hardware revision that the mark names.")
@pass_installation
def unmark(
    installation: Installation, product: str, version: str, kind: str, hardware: str | None
) -> None:
    """Take a mark away from VERSION."""
    gone = NewMark(product, version, kind, hardware)
    ring = keys.of(installation)
    with installation.database.writing() as session:
        brought = marking.remove_mark(session, gone, ring, actor=ACTOR, now=now())
    say(f"{product} {version} is no longer marked {kind}.")
    tell_stuck(brought)


@click.command("marks")
@click.argument("product")
@json_option
@pass_installation
def list_marks(installation: Installation, product: str, as_json: bool) -> None:
    """What is known of the versions of PRODUCT, released here or not."""
    with installation.database.reading() as session:
        found = marking.of_product(session, products.get(session, product))
        rows = [_row(row) for row in found]
    show_rows(rows, ("version", "kind", "hardware", "reason", "marked_by"), as_json=as_json)


@click.command("rollout")
@click.argument("product")
@click.argument("version")
@click.argument("percent")
@pass_installation
def rollout(installation: Installation, product: str, version: str, percent: str) -> None:
    """Give VERSION to PERCENT of phones; 0 halts it, 100 is everyone."""
    share, ring = shares.percent_from(percent), keys.of(installation)
    with installation.database.writing() as session:
        shares.set_percent(session, product, version, share, ring, actor=ACTOR, now=now())
    say(f"{product} {version} goes to {share:g} % of phones; the manifests say so.")


def tell_stuck(problems: list[Problem]) -> None:
    """Name the phones that have no way now, and what helps them."""
    for problem in problems:
        say(f"Mind the phones in the field: {problem.text('en')}.")
    if problems:
        say("A step helps them: flatpro firmware publish … --as-step.")


def of_version(rows: list[VersionMark], canonical: str) -> list[str]:
    """The marks of one version in words, for a list: "broken A"."""
    return [
        f"{row.kind} {row.hardware}".strip()
        for row in rows
        if row.canonical == canonical and row.kind != MarkKind.SHIPPED
    ]


def _row(row: VersionMark) -> dict[str, object]:
    return {
        "version": row.version,
        "kind": str(row.kind),
        "hardware": row.hardware or None,
        "reason": row.reason or None,
        "marked_at": row.marked_at,
        "marked_by": row.marked_by,
    }


COMMANDS = (mark, unmark, list_marks, rollout)
