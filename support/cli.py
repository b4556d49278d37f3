"""Commands: warranty, contract."""

from datetime import date, datetime

import click

from storage.clock import moscow_date, now
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from support import answer_forms, contracts, handover
from support.cases.vocabulary import Payer
from support.coverage import coverage_of
from support.customer_kinds import CustomerKind
from support.models import SupplyContract
from support.replacements.policy import ReplacementPolicy
from support.warranty_terms.evidence import EvidenceKind, StartEvent
from support.warranty_terms.terms import TermPolicy

ACTOR = "command line"
CHECK = "check"
PAYER = click.Choice([payer.value for payer in Payer])
DATE = click.DateTime(formats=["%Y-%m-%d", "%d.%m.%Y"])


class SerialGroup(click.Group):
    """A group whose first word may be a serial number: the word `check` is left out then."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, [CHECK, *args] if args and args[0] not in known else args)


@click.group(cls=SerialGroup, subcommand_metavar="SERIAL [--on DATE] | COMMAND [ARGS]...")
def warranty() -> None:
    """Whether a phone is covered, until when, and by which rules."""


@warranty.command(CHECK)
@click.argument("serial")
@click.option("--on", "day", type=DATE, help="The day asked about; today in Moscow by default.")
@json_option
@pass_installation
def check(installation: Installation, serial: str, day: datetime | None, as_json: bool) -> None:
    """Answer for the phone SERIAL; the word `check` may be left out."""
    _answer(installation, serial, day.date() if day else moscow_date(now()), as_json=as_json)


@warranty.command("register")
@click.argument("serial")
@click.option(
    "--handover", "day", type=DATE, required=True, help="The day of handover to the User."
)
@click.option("--contract", default="", help="The number of the supply contract.")
@click.option("--document", default="", help="The paper that proves the day.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in handover.KINDS]),
    default=EvidenceKind.USER_DOCUMENT.value,
    show_default=True,
    help="What the paper is.",
)
@json_option
@pass_installation
def register(
    installation: Installation,
    serial: str,
    day: datetime,
    contract: str,
    document: str,
    kind: str,
    as_json: bool,
) -> None:
    """Record the handover of the phone SERIAL, and answer anew."""
    form = handover.HandoverForm(day.date(), document, contract, EvidenceKind(kind))
    with installation.database.writing() as session:
        handover.register(session, serial, form, actor=ACTOR, now=now())
    say(f"The handover of {serial} on {form.on} was recorded.")
    _answer(installation, serial, moscow_date(now()), as_json=as_json)


@click.group()
def contract() -> None:
    """Supply contracts and what they change in the warranty."""


@contract.command("add")
@click.argument("number")
@click.option("--organisation", required=True, help="Whose contract it is.")
@click.option(
    "--months", type=click.IntRange(1, 1200), help="The term, if it is not the general one."
)
@click.option(
    "--start-event",
    type=click.Choice([event.value for event in StartEvent]),
    help="What starts the term.",
)
@click.option("--start-date", type=DATE, help="The agreed first day.")
@click.option("--product", help="Only for phones of this product.")
@click.option(
    "--customer",
    type=click.Choice([kind.value for kind in CustomerKind]),
    default=CustomerKind.LEGAL.value,
    show_default=True,
    help="Who the customer is; a consumer may not get less than the law gives.",
)
@click.option(
    "--replacement",
    type=click.Choice([policy.value for policy in ReplacementPolicy]),
    help="The warranty of a phone given in place of another, if it is not a whole new term.",
)
@click.option("--inbound-payer", type=PAYER, help="Who pays the way to the service centre.")
@click.option("--return-payer", type=PAYER, help="Who pays the way back.")
@pass_installation
def add_contract(
    installation: Installation,
    number: str,
    organisation: str,
    months: int | None,
    start_event: str | None,
    start_date: datetime | None,
    product: str | None,
    customer: str,
    replacement: str | None,
    inbound_payer: str | None,
    return_payer: str | None,
) -> None:
    """Record the supply contract NUMBER."""
    if start_event and start_date:
        raise click.UsageError("Give --start-event or --start-date, not both.")
    start: date | StartEvent | None = StartEvent(start_event) if start_event else None
    new = contracts.NewContract(
        number,
        organisation,
        months,
        start_date.date() if start_date else start,
        product,
        CustomerKind(customer),
        ReplacementPolicy(replacement) if replacement else None,
        inbound_payer,
        return_payer,
    )
    policy = installation.option(TermPolicy)
    with installation.database.writing() as session:
        contracts.add(session, new, actor=ACTOR, now=now(), policy=policy)
    say(f"Contract {number} was recorded.")


@contract.command("list")
@json_option
@pass_installation
def list_contracts(installation: Installation, as_json: bool) -> None:
    """All supply contracts."""
    with installation.database.reading() as session:
        rows = [_row(found) for found in contracts.every(session)]
    show_rows(rows, ("number", "organisation", "product", "months", "start"), as_json=as_json)


def _answer(installation: Installation, serial: str, day: date, *, as_json: bool) -> None:
    with installation.database.reading() as session:
        answer = coverage_of(session, serial, day, installation.option(TermPolicy))
    if as_json:
        show_one(answer_forms.document(answer), as_json=True)
        return
    for line in answer_forms.lines(answer, language()):
        click.echo(line)


def _row(found: SupplyContract) -> dict[str, object]:
    return {
        "number": found.number,
        "organisation": found.organisation.name,
        "product": found.product.code if found.product else None,
        "months": found.months,
        "start": found.start,
    }


COMMANDS = (warranty, contract)
