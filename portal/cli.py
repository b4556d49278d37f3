"""The `flatpro` command: every slice's commands over one installation."""

import contextlib
import errno
import functools
import gc
import importlib
import sys
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

from portal import installing, logs, migrations, settings
from portal.children import FINISH_WITHIN_S, Child, wait_for_word
from storage import console
from storage.db import DatabaseUnavailableError
from storage.durable_files import fault_of
from storage.installation import Installation
from storage.refusals import RefusedError

#: Which module holds which commands (its COMMANDS). It is imported when one of them is called:
#: the web, SNMP and TUF libraries of all slices together cost every command most of a second.
SLICES = {
    "accounts.cli": ("user", "token", "audit"),
    "accounts.organisation_cli": ("organisation",),
    "catalogue.cli": ("product",),
    "catalogue.signing.cli": ("keys",),
    "catalogue.metadata_cli": ("metadata",),
    "catalogue.mirrors.cli": ("mirror",),
    "firmware.cli": ("firmware", "software"),
    "docs_store.cli": ("docs",),
    "provision.cli": ("device",),
    "provision.profile_cli": ("profile",),
    "provision.sweeps.cli": ("sweep",),
    "provision.diagnosis.cli": ("diagnosis",),
    "provision.collectors.cli": ("collector",),
    "provision.rollouts.cli": ("rollout",),
    "provision.stuck.cli": ("attention",),
    "provision.dialect_pages.cli": ("families",),
    "provision.newcomers.cli": ("newcomer",),
    "provision.redirects.cli": ("claim",),
    "support.cli": ("warranty", "contract"),
    "support.warranty_certificates.certificate_cli": ("certificate",),
    "support.agreements.cli": ("support-contract",),
    "support.service_centres.cli": ("centre",),
    "support.repairs.cli": ("repair",),
    "support.loaners.cli": ("loaner",),
    "support.requests.cli": ("request",),
    "support.requests.mail_cli": ("mail",),
    "portal.simulated_phones_cli": ("simulate",),
    "portal.blob_care.cli": ("storage",),
    "portal.backups.cli": ("backup", "restore"),
    "portal.personal_data.cli": ("personal-data",),
    "portal.doctor.cli": ("doctor",),
}
_PHONES = (sys.executable, "-m", "portal.cli", "serve", "--planes", "phones", "--as-child")
_MODULE_OF = {name: module for module, names in SLICES.items() for name in names}


class Program(click.Group):
    """Finds the slices' commands; turns a refusal into one clear line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*super().list_commands(ctx), *_MODULE_OF))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULE_OF:
            return super().get_command(ctx, cmd_name)
        commands = importlib.import_module(_MODULE_OF[cmd_name]).COMMANDS
        found: click.Command = next(c for c in commands if c.name == cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RefusedError as error:
            refusal = error
        except DatabaseError as error:
            # Locked for too long, out of disk, gone: in the middle of a command.
            refusal = DatabaseUnavailableError(reason=str(error.orig))
        except OSError as error:
            # The terminal that reads us has gone: click ends us without a word.
            if error.errno == errno.EPIPE:
                raise
            refusal = fault_of(error)
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
    with contextlib.ExitStack() as running:
        _keep_heap_small(running)
        beside = {"phones"} < {name.strip() for name in planes.split(",")}
        phones = running.enter_context(_beside()) if beside else None
        if phones is not None:
            # It loads while this process does, and begins when the database is ready.
            phones.start()
        serve = _loaded("portal.serve")
        if as_child:
            wait_for_word()
            sys.exit(serve.serve_phones(settings.load(), as_child=True))
        sys.exit(serve.run(settings.load(), serve.parse_planes(planes), phones))


def _keep_heap_small(running: contextlib.ExitStack) -> None:
    from portal import heap  # noqa: PLC0415 - other commands end before it would matter

    kept = heap.Heap(heap.glibc())
    kept.start()
    running.callback(kept.stop)


def _beside() -> Child:
    """The phones' process, with time to finish what it is sending."""
    return Child("phones", _PHONES, end_within_s=FINISH_WITHIN_S + 5)


def _loaded(module: str) -> Any:
    """The web's modules, which are for serving alone.

    Nothing of what is loaded is ever garbage: looking for it would cost a sixth of the time.
    """
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@main.command("tftp")
@click.option("--as-child", is_flag=True, hidden=True, help="End when standard input ends.")
def tftp_command(as_child: bool) -> None:
    """Serve TFTP until stopped, where FLATPRO_TFTP turns it on; `serve` starts it by itself."""
    from portal import tftp  # noqa: PLC0415 - for this command alone

    sys.exit(tftp.run(settings.load(), as_child=as_child))


@main.command("worker")
@click.option("--route", "routes", multiple=True, help="Serve this route too; may be repeated.")
@click.option("--processes", type=click.IntRange(1, 256), help="How many jobs at once.")
def worker_command(routes: tuple[str, ...], processes: int | None) -> None:
    """Run jobs until stopped: for the broker (FLATPRO_BROKER_URL), or straight from the rows."""
    from portal import working  # noqa: PLC0415 - for this command alone

    with contextlib.ExitStack() as running:
        _keep_heap_small(running)
        sys.exit(working.work(settings.load(), routes, processes))


@main.command("setup")
def setup_command() -> None:
    """Prepare a new installation for services: database, first administrator, signed lists."""
    from portal import first_start  # noqa: PLC0415 - the signing library costs other commands

    loaded = settings.load()

    password = first_start.prepare(installing.open_installation(loaded), loaded)
    click.echo("The installation is ready.")
    if password is not None:
        click.echo(first_start.announcement(password))


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


if __name__ == "__main__":
    main()
