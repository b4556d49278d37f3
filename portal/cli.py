"""The `flatpro` command: every slice's commands over one installation."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

import accounts.cli
import catalogue.cli
import catalogue.key_cli
import catalogue.metadata_cli
import catalogue.mirror_cli
import docs_store.cli
import firmware.cli
import provision.cli
import support.cli
from portal import installing, logs, migrations, settings
from storage import console
from storage.db import DatabaseUnavailableError
from storage.installation import Installation
from storage.refusals import RefusedError


class Program(click.Group):
    """Turns a refusal into one clear line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            refusal = error
        except DatabaseError as error:
            # Locked for too long, out of disk, gone: in the middle of a command.
            refusal = DatabaseUnavailableError(reason=str(error.orig))
        click.echo(f"flatpro: {refusal.text(console.language())}", err=True)
        raise click.exceptions.Exit(1)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flatpro")
@click.pass_context
def main(context: click.Context) -> None:
    """Firmware, documents, provisioning and warranty for Flat Phone."""
    logs.configure()
    context.obj = _opener()


def _opener() -> Callable[[], Installation]:
    return functools.cache(lambda: installing.open_installation(settings.load()))


@main.command("serve")
@click.option("--planes", default="public,staff,phones", show_default=True)
@click.option("--as-child", is_flag=True, hidden=True, help="End when standard input ends.")
def serve_command(planes: str, as_child: bool) -> None:
    """Serve until stopped: people and staff on one port, phones on another."""
    # The web's modules cost every other command most of a second.
    from portal import serve  # noqa: PLC0415

    sys.exit(serve.run(settings.load(), serve.parse_planes(planes), as_child=as_child))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def upgrade() -> None:
    """Bring the database to this program's revision."""
    loaded = settings.load()
    installing.open_installation(loaded)
    revision = migrations.revision(installing.database_of(loaded))
    click.echo(f"The database is at revision {revision}.")


for commands in (
    accounts.cli.COMMANDS,
    catalogue.cli.COMMANDS,
    catalogue.key_cli.COMMANDS,
    catalogue.metadata_cli.COMMANDS,
    catalogue.mirror_cli.COMMANDS,
    firmware.cli.COMMANDS,
    docs_store.cli.COMMANDS,
    provision.cli.COMMANDS,
    support.cli.COMMANDS,
):
    for command in commands:
        main.add_command(command)


if __name__ == "__main__":
    main()
