"""Command: sweep."""

import sys
from collections.abc import Callable

import click
from rich.console import Console
from rich.progress import Progress

from provision.reading import read_settings
from provision.sweeps import conducting, results
from provision.sweeps.conducting import NewSweep, Standing
from provision.sweeps.models import SweepState
from provision.sweeps.route import DEFAULT_RATE
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
_LISTED_MAX = 100
_LIST_COLUMNS = ("id", "networks", "state", "scanned", "addresses", "found", "seconds")
_FAST = 20_000


class _Sweep(click.Group):
    """`sweep CIDR …` is `sweep run CIDR …`: the networks stand where a subcommand would."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args.insert(0, "run")
        return super().parse_args(ctx, args)


@click.group(cls=_Sweep)
def sweep() -> None:
    """Find phones in networks: sweep CIDR …, list, show."""


@sweep.command("run")
@click.argument("networks", nargs=-1, metavar="CIDR…")
@click.option(
    "--rate",
    type=click.IntRange(1, 1_000_000),
    default=DEFAULT_RATE,
    show_default=True,
    help="Packets a second; each /24 gets a twentieth of it.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of the profile's.")
@click.option("--timeout", type=click.FloatRange(0.01, 60), default=1.0, show_default=True)
@click.option("--retries", type=click.IntRange(0, 10), default=1, show_default=True)
@click.option("--community", help="Instead of the profile's.")
@click.option(
    "--snmp-version",
    type=click.Choice([read_settings.VERSION_2C, read_settings.VERSION_3]),
    help="3 asks with the profile's SNMPv3 user; as the profile says otherwise.",
)
@click.option("--site", help="Let the collector of this site sweep; returns at once.")
@click.option("--via", type=click.Choice(["snmp"]), default="snmp", help="The way to ask.")
@click.option("--resume", type=click.IntRange(1), metavar="ID", help="Go on with this sweep.")
@json_option
@pass_installation
def run(
    installation: Installation,
    networks: tuple[str, ...],
    rate: int,
    port: int | None,
    timeout: float,
    retries: int,
    community: str | None,
    snmp_version: str | None,
    site: str | None,
    via: str,  # noqa: ARG001 - one way so far; named so that scripts may say it
    resume: int | None,
    as_json: bool,
) -> None:
    """Sweep networks, or go on with a sweep; all of it must lie in FLATPRO_READ_NETWORKS."""
    if bool(networks) == (resume is not None):
        raise click.UsageError("Name networks, or --resume a sweep.")
    if community and snmp_version == read_settings.VERSION_3:
        raise click.UsageError("SNMPv3 has no community.")
    if rate > _FAST:
        say(f"{rate} packets a second are more than many networks carry.")
    with installation.database.writing() as session:
        if resume is not None:
            conducting.resume(session, resume, actor=ACTOR, now=now())
            number = conducting.standing(session, resume).id
        else:
            new = NewSweep(networks, rate, port, timeout, retries, community, site, snmp_version)
            number = conducting.start(session, installation, new, actor=ACTOR, now=now())
    with installation.database.reading() as session:
        standing = conducting.standing(session, number)
    if standing.site_id is not None:
        say(f"Sweep {number} waits for the site's collector: flatpro sweep show {number}.")
        _show(installation, standing, as_json=as_json)
        return
    done = _walk(installation, number)
    if done.state == SweepState.PAUSED:
        say(f"Sweep {number} was paused; go on with --resume {number}.")
    _show(installation, done, as_json=as_json)


@sweep.command("list")
@json_option
@pass_installation
def list_sweeps(installation: Installation, as_json: bool) -> None:
    """The last hundred sweeps, the newest first."""
    with installation.database.reading() as session:
        found = conducting.latest(session, _LISTED_MAX)
    rows = [{name: getattr(one, name) for name in _LIST_COLUMNS} for one in found]
    show_rows(rows, _LIST_COLUMNS, as_json=as_json)


@sweep.command("show")
@click.argument("number", type=int, metavar="ID")
@click.option("--csv", "as_csv", is_flag=True, help="The results as CSV.")
@json_option
@pass_installation
def show(installation: Installation, number: int, as_csv: bool, as_json: bool) -> None:
    """One sweep and what it found."""
    with installation.database.reading() as session:
        standing = conducting.standing(session, number)
        if as_csv:
            for line in results.csv_lines(results.listed(session, number)):
                click.echo(line, nl=False)
            return
    _show(installation, standing, as_json=as_json)


def _show(installation: Installation, standing: Standing, *, as_json: bool) -> None:
    with installation.database.reading() as session:
        rows = results.exported(session, standing.id)
    if as_json:
        show_one({**standing.as_document(), "results": rows}, as_json=True)
        return
    show_rows(rows, results.COLUMNS, as_json=False)
    say(
        f"Sweep {standing.id}: {standing.found} of {standing.scanned} addresses answered"
        f" in {standing.seconds:.1f} s."
    )


def _walk(installation: Installation, number: int) -> Standing:
    """Walk with a bar on a terminal, or a line for every tenth elsewhere."""
    if sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"Sweep {number}", total=None)
            return conducting.walk(
                installation,
                number,
                lambda one: bar.update(
                    task,
                    total=one.addresses,
                    completed=one.scanned,
                    description=f"Sweep {number}: {one.found} found",
                ),
            )
    return conducting.walk(installation, number, _tenths(number))


def _tenths(number: int) -> Callable[[Standing], None]:
    told = 0

    def tell(one: Standing) -> None:
        nonlocal told
        if one.percent // 10 > told:
            told = one.percent // 10
            say(f"Sweep {number}: {one.percent} %, {one.found} found")

    return tell


COMMANDS = (sweep,)
