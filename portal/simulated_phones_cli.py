"""Command: simulate. A crowd of simulated phones, in the register like any other, at a server.

They are devices of a product of their own. Their tokens lie in a file for the owner alone: it
stands for the labels on their boxes.
"""

import asyncio
import json
import resource
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, ip_address
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy.orm import Session

from catalogue import products
from catalogue.products import NewProduct, UnknownProductError
from provision import credentials
from provision.devices import registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.registry import NewDevice
from simulator import crowd
from simulator.crowd import CrowdPhone, CrowdPlan, Summary
from simulator.identity import PhoneIdentity
from simulator.private_file import write_private
from storage.clock import now
from storage.console import json_option, pass_installation, progress, show_one
from storage.installation import Installation
from storage.refusals import RefusedError

ACTOR = "simulate"
PRODUCT = "FP-SIM"
FIRMWARE = "1.0.0"
PHONES_MAX = 100_000
_TOKENS_FILE = "simulated-phones.json"
_AT_ONCE = 200
_FIRST_MAC = 0x02F1B0_000000


class TooFewAddressesError(RefusedError):
    code = "too-few-addresses"
    ru = "В сети {network} меньше адресов, чем телефонов."
    en = "The network {network} has fewer addresses than there are phones."


class _Network(click.ParamType[IPv4Network]):
    name = "network"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Network:
        try:
            return IPv4Network(str(value), strict=False)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command("simulate")
@click.option("--phones", "number", type=click.IntRange(1, PHONES_MAX), required=True)
@click.option("--server", help="The phones' address; this installation's unless it is said.")
@click.option(
    "--network",
    type=_Network(),
    default="127.20.0.0/16",
    show_default=True,
    help="Where they call from, each from its own address, when the server is on loopback.",
)
@click.option(
    "--per-second",
    type=click.FloatRange(0.1, 100_000),
    default=200.0,
    show_default=True,
    help="How many begin in a second.",
)
@click.option("--visits", type=click.IntRange(1, 1000), default=1, show_default=True)
@json_option
@pass_installation
@click.pass_context
def simulate(
    context: click.Context,
    place: Installation,
    number: int,
    server: str | None,
    network: IPv4Network,
    per_second: float,
    visits: int,
    *,
    as_json: bool,
) -> None:
    """Let N simulated phones fetch their bootstrap and configuration; exit 1 unless all did.

    They are added to the register as devices of the product FP-SIM, once.
    """
    server = (server or place.phone_url).rstrip("/")
    with progress("phones in the register", -(-number // _AT_ONCE)) as step:
        tokens = enrolled(place, number, step)
    plan = CrowdPlan(server, phones(tokens, server, network), per_second, visits)
    _raise_file_limit()
    with progress("visits", number) as step:
        summary = asyncio.run(crowd.run(plan, step))
    show_one(_shown(summary), as_json=as_json)
    if not summary.good:
        context.exit(1)


COMMANDS = (simulate,)


def enrolled(
    place: Installation, number: int, step: Callable[[], None] = lambda: None
) -> dict[str, str]:
    """The first `number` simulated phones' tokens by MAC; those that are missing are added."""
    path = place.data_dir / _TOKENS_FILE
    known = _read(path)
    macs = [f"{_FIRST_MAC + index:012x}" for index in range(number)]
    for start in range(0, number, _AT_ONCE):
        with place.database.writing() as session:
            _ensure_product(session)
            for mac in macs[start : start + _AT_ONCE]:
                if mac not in known:
                    known[mac] = _enrol(session, mac)
        # A run that is killed before this gives its phones new tokens the next time.
        write_private(path, json.dumps(known))
        step()
    return {mac: known[mac] for mac in macs}


def phones(tokens: dict[str, str], server: str, network: IPv4Network) -> Sequence[CrowdPhone]:
    """The phones as the crowd needs them; on loopback each calls from an address of its own."""
    if _is_loopback(server):
        if network.num_addresses < len(tokens) + 2:
            raise TooFewAddressesError(network=network)
        sources: list[str | None] = [str(one) for one in islice(network.hosts(), len(tokens))]
    else:
        sources = [None] * len(tokens)
    return [
        CrowdPhone(PhoneIdentity(mac, _serial(mac), PRODUCT, "A", FIRMWARE), token, source)
        for (mac, token), source in zip(tokens.items(), sources, strict=True)
    ]


def _ensure_product(session: Session) -> None:
    try:
        products.get(session, PRODUCT)
    except UnknownProductError:
        new = NewProduct(PRODUCT, "Имитация телефона", "Simulated phone")
        products.add(session, new, actor=ACTOR, now=now())


def _enrol(session: Session, mac: str) -> str:
    address = MacAddress(mac)
    device = registry.by_mac(session, address)
    if device is None:
        serial = SerialNumber.parse(_serial(mac))
        new = NewDevice(mac=address, product=PRODUCT, serial=serial, hardware="A")
        device = registry.add_device(session, new, actor=ACTOR, now=now())
    return credentials.issue_token(session, device, actor=ACTOR, now=now())


def _serial(mac: str) -> str:
    return f"SIM{mac[4:].upper()}"


def _read(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(summary: Summary) -> dict[str, object]:
    counts = {str(one): summary.outcomes[one] for one in crowd.Outcome}
    return {
        "phones": summary.phones,
        "requests": summary.requests,
        **counts,
        "seconds": round(summary.seconds, 2),
        "p50_ms": round(summary.p50_ms, 1),
        "p99_ms": round(summary.p99_ms, 1),
        "max_ms": round(summary.max_ms, 1),
    }


def _raise_file_limit() -> None:
    """A connection is a file: as many as the system lets us have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
