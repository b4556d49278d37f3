"""Commands: organisation add, organisation site, organisation assign, organisation list."""

from zoneinfo import available_timezones

import click
from sqlalchemy import select

from accounts import audit, organisations, users
from accounts.models import Organisation, OrganisationKind, Site
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from storage.refusals import ConflictError

ACTOR = "command line"
NAME_LENGTH_MAX = 200


class OrganisationExistsError(ConflictError):
    code = "organisation-exists"
    ru = "Организация или площадка «{name}» уже есть."
    en = "There is an organisation or site “{name}” already."


@click.group()
def organisation() -> None:
    """Partners, customers and their sites."""


@organisation.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(["customer", "partner"]), default="customer")
@click.option("--partner", help="Name of the partner that serves it.")
@pass_installation
def add(installation: Installation, name: str, kind: str, partner: str | None) -> None:
    """Add a customer or a partner."""
    named = _name(name)
    with installation.database.writing() as session:
        if session.scalar(select(Organisation.id).where(Organisation.name == named)) is not None:
            raise OrganisationExistsError(name=named)
        serves = users.organisation(session, partner) if partner else None
        made = users.add_organisation(session, named, OrganisationKind(kind), serves)
        subject = f"organisation:{made.id}"
        audit.record(session, ACTOR, "organisation.add", subject, now(), name=named, kind=kind)
    say(f"{named} was added.")


@organisation.command("site")
@click.argument("name")
@click.argument("site")
@click.option("--time-zone", default="Europe/Moscow", show_default=True)
@pass_installation
def add_site(installation: Installation, name: str, site: str, time_zone: str) -> None:
    """Add a site of an organisation."""
    named = _name(site)
    with installation.database.writing() as session:
        owner = users.organisation(session, name)
        mine = (Site.organisation_id == owner.id, Site.name == named)
        if session.scalar(select(Site.id).where(*mine)) is not None:
            raise OrganisationExistsError(name=named)
        session.add(Site(organisation_id=owner.id, name=named, time_zone=_zone(time_zone)))
        subject = f"organisation:{owner.id}"
        audit.record(session, ACTOR, "organisation.site", subject, now(), site=named)
    say(f"{named} was added to {owner.name}.")


@organisation.command("assign")
@click.argument("name")
@click.option("--partner", default="", help="Leave it out to end the service of a partner.")
@pass_installation
def assign(installation: Installation, name: str, partner: str) -> None:
    """Let a partner serve a customer: its people see what is the customer's."""
    with installation.database.writing() as session:
        organisations.assign(session, name, partner, actor=ACTOR, now=now())
    say(f"{name} is served by {partner or 'nobody'}.")


@organisation.command("list")
@json_option
@pass_installation
def list_organisations(installation: Installation, as_json: bool) -> None:
    """Everybody, with who serves them and their sites."""

    def listed(sites: list[str]) -> list[str] | str:
        # A site's name may hold commas, as in "Town, office".
        return sites if as_json else " · ".join(sites)

    with installation.database.reading() as session:
        found = session.scalars(select(Organisation).order_by(Organisation.name)).all()
        sites = session.scalars(select(Site).order_by(Site.name)).all()
        names = {one.id: one.name for one in found}
        rows = [
            {
                "name": one.name,
                "kind": one.kind,
                "partner": names.get(one.partner_id or 0),
                "sites": listed([site.name for site in sites if site.organisation_id == one.id]),
            }
            for one in found
        ]
    show_rows(rows, ("name", "kind", "partner", "sites"), as_json=as_json)


def _name(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise click.BadParameter(f"1 to {NAME_LENGTH_MAX} printable characters")
    return name


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise click.BadParameter(f"{text} is no time zone, as Europe/Moscow is")
    return text


COMMANDS = (organisation,)
