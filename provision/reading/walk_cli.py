"""Command: device walk."""

import re

import click

from provision.dialects import family_of
from provision.readers.errors import NoCredentialError, UnreadableWayError
from provision.readers.facts import readable
from provision.readers.networks import ReadOptions, allowed
from provision.readers.reading import Patience
from provision.readers.snmp_lanes import Lane
from provision.readers.snmp_peer import Peer, Value
from provision.readers.snmp_walk import Bounds, walk
from provision.readers.ways import Via
from provision.reading import phone_reads
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

_OID = re.compile(r"1\.3(\.(0|[1-9][0-9]{0,8})){0,120}", re.ASCII)
_COLUMNS = ("oid", "value")


def _oid(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if not _OID.fullmatch(text):
        raise click.BadParameter("Write a numeric OID, e.g. 1.3.6.1.2.1.1.")
    return text


@click.command("walk")
@click.argument("name", metavar="ADDRESS|SERIAL|MAC")
@click.argument("root", default="1.3.6.1", callback=_oid, metavar="[OID]")
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of the profile's.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=30.0, show_default=True)
@json_option
@pass_installation
def walk_phone(
    installation: Installation,
    name: str,
    root: str,
    port: int | None,
    limit: int,
    seconds: float,
    as_json: bool,
) -> None:
    """What a phone's SNMP agent holds below an OID: for writing its family file."""
    with installation.database.reading() as session:
        plan = phone_reads.plan_for(session, installation, name.strip())
    address = allowed(plan.host, installation.option(ReadOptions).networks, plan.known)
    family, credential = family_of(installation, plan.family), plan.credentials.snmp
    if family.snmp is None:
        raise UnreadableWayError(address=address, family=family.name, via="SNMP")
    if credential is None:
        raise NoCredentialError(address=address, via="SNMP")
    patience = Patience()
    peer = Peer(
        address,
        port or plan.ports[Via.SNMP] or family.snmp.port,
        credential,
        patience.timeout_s,
        patience.retries,
    )
    walked = walk(peer, root, Bounds(limit, seconds))
    rows = [{"oid": oid, "value": _shown(value)} for oid, value in walked.values]
    show_rows(rows, _COLUMNS, as_json=as_json)
    say(f"{len(rows)} values by the lane {Lane.PYSNMP}{'' if walked.is_whole else ', not all'}.")


def _shown(value: Value | None) -> str | int | None:
    return readable(value) if isinstance(value, bytes) else value
