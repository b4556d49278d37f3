"""Commands: certificate."""

from datetime import datetime

import click

from storage.clock import moscow_date, now
from storage.console import json_option, language, pass_installation, say, show_rows
from storage.installation import Installation
from support.models import Certificate
from support.warranty_certificates import certificates
from support.warranty_certificates.certificates import NewCertificate
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy

ACTOR = "command line"
DATE = click.DateTime(formats=["%Y-%m-%d", "%d.%m.%Y"])


@click.group()
def certificate() -> None:
    """Certificates of extended warranty and of the loaner service."""


@certificate.command("sell")
@click.argument("number")
@click.option("--serial", "serials", multiple=True, required=True, help="A phone; may be repeated.")
@click.option("--months", type=int, required=True, help="Months beyond the base term.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in certificates.KINDS]),
    default=EntitlementKind.EXTENDED.value,
    show_default=True,
)
@click.option("--purchased-on", "day", type=DATE, help="The day of the paid order; today.")
@click.option("--override", default="", help="The reason for selling outside the 12 months.")
@pass_installation
def sell(
    installation: Installation,
    number: str,
    serials: tuple[str, ...],
    months: int,
    kind: str,
    day: datetime | None,
    override: str,
) -> None:
    """Record the sold certificate NUMBER; phones that can't have it are named and left out."""
    purchased_on = day.date() if day else moscow_date(now())
    new = NewCertificate(number, serials, months, purchased_on, EntitlementKind(kind), override)
    policy = installation.option(TermPolicy)
    with installation.database.writing() as session:
        sold = certificates.sell(session, new, policy, actor=ACTOR, now=now())
    for refusal in sold.refused:
        say(f"Left out: {refusal.text(language())}")
    say(f"Certificate {sold.number} was recorded for {', '.join(sold.serials)}.")


@certificate.command("void")
@click.argument("number")
@click.option("--reason", required=True)
@pass_installation
def void(installation: Installation, number: str, reason: str) -> None:
    """Take the certificate NUMBER back; what it gave ends, its history stays."""
    with installation.database.writing() as session:
        certificates.void(session, number, reason, actor=ACTOR, now=now())
    say(f"Certificate {number} is void.")


@certificate.command("list")
@json_option
@pass_installation
def list_certificates(installation: Installation, as_json: bool) -> None:
    """All certificates, the latest first."""
    with installation.database.reading() as session:
        rows = [_row(found) for found in certificates.every(session)]
    columns = ("number", "kind", "months", "purchased_on", "phones", "voided_at")
    show_rows(rows, columns, as_json=as_json)


def _row(found: Certificate) -> dict[str, object]:
    return {
        "number": found.number,
        "kind": found.kind,
        "months": found.months,
        "purchased_on": found.purchased_on,
        "phones": len(found.entitlements),
        "voided_at": found.voided_at,
    }


COMMANDS = (certificate,)
