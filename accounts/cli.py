"""Commands: user, token, audit."""

import click
from sqlalchemy import select

from accounts import audit, tokens, users
from accounts.models import ApiToken, Role, User
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"
ROLES = [role.value for role in Role]


@click.group()
def user() -> None:
    """People who may log in."""


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="The person's name.")
@click.option("--role", type=click.Choice(ROLES), default=Role.AGENT.value, show_default=True)
@click.option("--organisation", help="Needed for customers and partners.")
@click.password_option(help="At least 12 characters; asked for when not given.")
@pass_installation
def add_user(
    installation: Installation,
    login: str,
    name: str,
    role: str,
    organisation: str | None,
    password: str,
) -> None:
    """Make a user."""
    new = users.NewUser(login, name or login, Role(role), password, organisation)
    with installation.database.writing() as session:
        users.add(session, new, actor=ACTOR, now=now())
    say(f"User {login} was added.")


@user.command("list")
@json_option
@pass_installation
def list_users(installation: Installation, as_json: bool) -> None:
    """Everybody who may log in."""
    with installation.database.reading() as session:
        found = session.scalars(select(User).order_by(User.login)).all()
    rows = [
        {"login": u.login, "name": u.name, "role": u.role, "disabled_at": u.disabled_at}
        for u in found
    ]
    show_rows(rows, ("login", "name", "role", "disabled_at"), as_json=as_json)


@user.command("disable")
@click.argument("login")
@pass_installation
def disable_user(installation: Installation, login: str) -> None:
    """Shut a user out at once."""
    with installation.database.writing() as session:
        users.disable(session, login, actor=ACTOR, now=now())
    say(f"User {login} can no longer log in.")


@click.group()
def token() -> None:
    """Keys of programs to the API."""


@token.command("issue")
@click.argument("login")
@click.option("--name", required=True, help="What the token is for.")
@pass_installation
def issue_token(installation: Installation, login: str, name: str) -> None:
    """Print a new token of a user, once."""
    with installation.database.writing() as session:
        owner = users.get(session, login)
        text = tokens.issue(session, owner, name, actor=ACTOR, now=now())
    say("Keep it: it is shown only now.")
    click.echo(text)


@token.command("list")
@json_option
@pass_installation
def list_tokens(installation: Installation, as_json: bool) -> None:
    """The tokens, without their texts."""
    with installation.database.reading() as session:
        found = session.execute(
            select(ApiToken, User.login)
            .join(User, User.id == ApiToken.user_id)
            .order_by(ApiToken.id)
        ).all()
    rows = [
        {
            "number": t.id,
            "user": login,
            "name": t.name,
            "created_at": t.created_at,
            "revoked_at": t.revoked_at,
        }
        for t, login in found
    ]
    show_rows(rows, ("number", "user", "name", "created_at", "revoked_at"), as_json=as_json)


@token.command("revoke")
@click.argument("number", type=int)
@pass_installation
def revoke_token(installation: Installation, number: int) -> None:
    """End a token at once."""
    with installation.database.writing() as session:
        tokens.revoke(session, number, actor=ACTOR, now=now())
    say(f"Token {number} was revoked.")


@click.group("audit")
def audit_group() -> None:
    """Who did what to what."""


@audit_group.command("list")
@click.option("--limit", default=50, show_default=True)
@json_option
@pass_installation
def list_audit(installation: Installation, limit: int, as_json: bool) -> None:
    """The newest entries first."""
    with installation.database.reading() as session:
        entries = audit.latest(session, limit)
    rows = [
        {
            "at": e.at,
            "actor": e.actor,
            "action": e.action,
            "subject": e.subject,
            "details": e.details,
        }
        for e in entries
    ]
    show_rows(rows, ("at", "actor", "action", "subject", "details"), as_json=as_json)


COMMANDS = (user, token, audit_group)
