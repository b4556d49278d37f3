"""Command: collector. Without a subcommand it is the collector itself."""

import threading
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

import click

from accounts import users
from provision.collectors import keeping
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
COLUMNS = ("id", "site", "is_here", "last_seen_at", "last_address", "is_revoked")


@click.group(invoke_without_command=True)
@click.option("--server", help="The server's address, https://…")
@click.option("--token", envvar="FLATPRO_COLLECTOR_TOKEN", help="Better in the environment.")
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--network", "networks", multiple=True, help="May be read; private ones otherwise.")
@click.pass_context
def collector(
    context: click.Context,
    server: str | None,
    token: str | None,
    token_file: Path | None,
    networks: tuple[str, ...],
) -> None:
    """Read the phones of a site behind NAT for the server: --server URL --token T; add, list."""
    if context.invoked_subcommand is not None:
        return
    token = token_file.read_text("utf-8").strip() if token_file else token
    if not server or not token:
        raise click.UsageError("A collector needs --server and --token (or --token-file).")
    _run(server, token, _networks(networks))


@collector.command("add")
@click.argument("site")
@pass_installation
def add(installation: Installation, site: str) -> None:
    """A new collector of SITE; its token is printed once."""
    with installation.database.writing() as session:
        token = keeping.add(session, users.site(session, site), actor=ACTOR, now=now())
    say("Keep the token: it is shown only now.")
    click.echo(token)


@collector.command("list")
@json_option
@pass_installation
def list_collectors(installation: Installation, as_json: bool) -> None:
    """All collectors, and whether they are there."""
    with installation.database.reading() as session:
        rows = [vars(one) for one in keeping.every(session, now())]
    show_rows(rows, COLUMNS, as_json=as_json)


@collector.command("revoke")
@click.argument("number", type=int)
@pass_installation
def revoke(installation: Installation, number: int) -> None:
    """End a collector's token at once."""
    with installation.database.writing() as session:
        keeping.revoke(session, number, actor=ACTOR, now=now())
    say(f"Collector {number} was revoked.")


def _networks(texts: Sequence[str]) -> Sequence[IPv4Network]:
    try:
        return [IPv4Network(text) for text in texts or PRIVATE]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--network") from error


def _run(server: str, token: str, networks: Sequence[IPv4Network]) -> None:
    # The readers' libraries are for the collector alone, not for its list.
    from provision.collectors.agent import CollectorAgent, Settings  # noqa: PLC0415 - see above
    from provision.families.loading import load_families  # noqa: PLC0415 - see above

    agent = CollectorAgent(Settings(server, token, networks), load_families(), say)
    say(f"Collecting for {server}; reading in {', '.join(map(str, networks))}.")
    stopped = threading.Event()
    try:
        agent.live(stopped.wait)
    except KeyboardInterrupt:
        say("Stopped.")


COMMANDS = (collector,)
