"""Commands: request."""

import secrets

import click

from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from support.packages.package import Priority
from support.requests import desk, intake, queue, records, refusing, talking
from support.requests.messages import Text
from support.requests.new_request import Contact, NewRequest
from support.requests.queue import Row, Shelf, Wanted
from support.requests.refusal_rules import Grounds
from support.requests.talking import Answer
from support.requests.vocabulary import Channel, RefusalCode, Symptom
from support.sla.clocks import Clock
from support.sla.log import State

ACTOR = "command line"
_COLUMNS = ("number", "subject", "state", "turn", "package", "due", "assigned_to", "contact")
_AFTER = [str(one) for one in (State.OPEN, State.WAITING_CUSTOMER, State.RESOLVED)]


@click.group("request")
def request_group() -> None:
    """Support requests."""


@request_group.command("open")
@click.argument("subject")
@click.argument("text")
@click.option("--name", default="", help="Who asks.")
@click.option("--email", default="", help="Where the answer goes.")
@click.option("--phone", default="", help="A telephone number, where there is no address.")
@click.option("--serial", "serials", multiple=True, help="May be repeated.")
@click.option("--symptom", type=click.Choice([str(one) for one in Symptom]), default="other")
@click.option("--priority", type=click.Choice([str(one) for one in Priority]), default="P3")
@click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
@pass_installation
def open_request(installation: Installation, **typed: object) -> None:
    """Register a call about SUBJECT that came now, saying TEXT."""
    serials = typed["serials"]
    assert isinstance(serials, tuple)
    new = NewRequest(
        channel=Channel.PHONE,
        subject=str(typed["subject"]),
        text=str(typed["text"]),
        contact=Contact(
            str(typed["name"]), str(typed["email"]), str(typed["phone"]), str(typed["language"])
        ),
        intake_key=f"command:{secrets.token_hex(16)}",
        came_at=now(),
        serials=serials,
        symptom=Symptom(str(typed["symptom"])),
        priority=Priority(str(typed["priority"])),
        source=ACTOR,
    )
    with installation.database.writing() as session:
        number = intake.register(session, installation, new, actor=ACTOR, now=new.came_at).id
    say(f"Request {number} was registered.")
    click.echo(number)


@request_group.command("list")
@click.option("--shelf", type=click.Choice([str(one) for one in Shelf]), default="open")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@pass_installation
def list_requests(installation: Installation, shelf: str, limit: int, as_json: bool) -> None:
    """The queue: what is due first, or what came last where nothing is due any more."""
    with installation.database.reading() as session:
        found, _total = queue.listed(session, Wanted(Shelf(shelf)), now(), limit=limit, offset=0)
    show_rows([_row(one) for one in found], _COLUMNS, as_json=as_json)


@request_group.command("show")
@click.argument("number", type=int)
@json_option
@pass_installation
def show(installation: Installation, number: int, as_json: bool) -> None:
    """One request: who asks, its clocks, what was said. Restricted words are left out (N-3)."""
    with installation.database.reading() as session:
        case = desk.of(session, number, now())
    words = [
        {
            "at": one.at,
            "author": one.author,
            "name": one.author_name,
            "public": one.is_public,
            "text": "" if one.restricted else one.text,
        }
        for one in case.messages
    ]
    about = {
        **_row(Row(case.request, queue.first_due(case.state, case.clocks))),
        "clocks": [_clock(one) for one in case.clocks],
        "serials": list(case.request.serials),
        "missing": list(case.missing),
    }
    if as_json:
        show_one({**about, "messages": words}, as_json=True)
        return
    show_one({name: value for name, value in about.items() if name != "clocks"}, as_json=False)
    for clock in case.clocks:
        by = clock.deadline.isoformat() if clock.deadline else "—"
        click.echo(f"{clock.promise.value:<10} {clock.standing.value:<8} {clock.percent} %  {by}")
    for one in words:
        click.echo(f"\n{one['at']}  {one['author']} {one['name']}\n{one['text']}")


@request_group.command("reply")
@click.argument("number", type=int)
@click.argument("text")
@click.option("--by", "login", required=True, help="The login of who answers.")
@click.option("--then", type=click.Choice(_AFTER), default="open", show_default=True)
@click.option("--attested", is_flag=True, help="The User has read the rules and the manual (S-4).")
@pass_installation
def reply(
    installation: Installation, number: int, text: str, login: str, then: str, attested: bool
) -> None:
    """Answer request NUMBER publicly with TEXT; it goes out by mail as well."""
    new = Answer(Text(text), f"command:{secrets.token_hex(16)}", State(then), attested)
    with installation.database.writing() as session:
        person = desk.agent(session, login)
        request = records.get_to_change(session, number)
        talking.answer(
            session, installation, request, new, actor=person.login, name=person.name, now=now()
        )
    say(f"Request {number} was answered.")


@request_group.command("refuse")
@click.argument("number", type=int)
@click.argument("code", type=click.Choice([str(one) for one in RefusalCode]))
@click.argument("text")
@click.option("--by", "login", required=True, help="The login of who proposes it.")
@click.option("--manual", default="", help="For SKILL_GAP: the manual that will help.")
@click.option("--duplicate-of", type=int, default=0, help="For DUPLICATE: the first request.")
@pass_installation
def refuse(
    installation: Installation,
    number: int,
    code: str,
    text: str,
    login: str,
    manual: str,
    duplicate_of: int,
) -> None:
    """Propose to refuse request NUMBER; a second person decides on its page (N-6)."""
    with installation.database.writing() as session:
        person = desk.agent(session, login)
        request = records.get_to_change(session, number)
        refusing.propose(
            session, request, RefusalCode(code), text, Grounds(manual, duplicate_of),
            actor=person.login, now=now(),
        )  # fmt: skip
    say(f"The refusal of request {number} waits for a second person.")


@request_group.command("close")
@click.argument("number", type=int)
@pass_installation
def close(installation: Installation, number: int) -> None:
    """Close request NUMBER, which must be resolved; its clocks are kept as they stand."""
    with installation.database.writing() as session:
        request = records.get_to_change(session, number)
        talking.close(session, request, actor=ACTOR, now=now())
    say(f"Request {number} is closed.")


def _row(row: Row) -> dict[str, object]:
    one = row.request
    return {
        "number": one.id,
        "subject": one.subject,
        "state": one.state,
        "turn": row.turn.value,
        "package": one.package,
        "priority": one.priority,
        "due": row.clock.deadline if row.clock else None,
        "assigned_to": one.assigned_to,
        "contact": one.contact_email or one.contact_phone,
        "registered_at": one.registered_at,
    }


def _clock(clock: Clock) -> dict[str, object]:
    return {
        "promise": clock.promise.value,
        "standing": clock.standing.value,
        "percent": clock.percent,
        "deadline": clock.deadline,
        "late": clock.is_late,
    }


COMMANDS = (request_group,)
