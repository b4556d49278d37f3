"""Commands: mail. A mail server hands letters over with `flatpro mail receive`."""

import sys

import click
import structlog

from storage.blobs import TooLargeError
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from support.mailroom import arrivals
from support.requests import by_mail, mail_fetching

#: What a mail server makes of an exit code (sysexits.h): bounce it, or try again later.
EX_UNAVAILABLE, EX_TEMPFAIL = 69, 75

_log = structlog.get_logger(__name__)


@click.group()
def mail() -> None:
    """Letters to support."""


@mail.command("receive")
@click.pass_context
def receive(context: click.Context) -> None:
    """Take in the letter on standard input; once it is stored the exit code is 0.

    Exit code 75 asks the mail server to try again later, 69 to return the letter to its sender.
    """
    try:
        got = by_mail.receive(context.obj(), sys.stdin.buffer, now())
    except TooLargeError:
        say("The letter is too large.")
        sys.exit(EX_UNAVAILABLE)
    except Exception:  # noqa: BLE001 - any other exit code returns the letter to its sender
        _log.exception("mail-not-received")
        sys.exit(EX_TEMPFAIL)
    say(f"{got.fate.value}" + (f": request {got.request}" if got.request else ""))


@mail.command("fetch")
@pass_installation
def fetch(installation: Installation) -> None:
    """Visit the mailbox of FLATPRO_IMAP_URL now."""
    say(f"Letters taken in: {mail_fetching.fetch(installation, now())}.")


@mail.command("list")
@json_option
@pass_installation
def list_letters(installation: Installation, as_json: bool) -> None:
    """The letters that came last and what became of each."""
    with installation.database.reading() as session:
        rows = [
            {
                "id": one.id,
                "received_at": one.received_at,
                "sender": one.sender,
                "subject": one.subject,
                "fate": one.fate,
                "request": one.request_id,
                "remark": one.remark,
            }
            for one in arrivals.latest(session, 200)
        ]
    show_rows(rows, ("id", "received_at", "sender", "subject", "fate", "request"), as_json=as_json)


COMMANDS = (mail,)
