"""R15: phones that start at once for the first time: each gets its own configuration in time."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from catalogue import products
from catalogue.products import NewProduct
from portal import simulated_phones_cli
from portal.installing import open_installation
from portal.settings import Settings
from provision import profiles
from provision.enrolment import importing, table
from provision.enrolment.importing import Source
from provision.rendered import awaited
from provision.rendered.expected import FACTORY
from simulator.crowd import CrowdPhone
from storage.clock import now
from storage.installation import Installation
from tests.served import serving
from tests.waiting import until

#: Runs in a process of its own, as the crowd must not share its interpreter with anybody.
CROWD = """
import asyncio, json, resource, sys
from simulator.crowd import CrowdPhone, CrowdPlan, run
from simulator.identity import PhoneIdentity

_soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
told = json.load(open(sys.argv[1]))
phones = [CrowdPhone(PhoneIdentity(**one["identity"]), one["token"], one["source"])
          for one in told.pop("phones")]
found = asyncio.run(run(CrowdPlan(phones=phones, **told)))
outcomes = {str(key): count for key, count in found.outcomes.items()}
print(json.dumps({**vars(found), "outcomes": outcomes, "good": found.good}))
"""


@dataclass(frozen=True)
class Storm:
    """How many phones, and within how long all of them begin."""

    phones: int
    within_s: float


@pytest.mark.prove
@pytest.mark.timeout(0)
@pytest.mark.parametrize("storm", [Storm(150, 1.0), Storm(10_000, 60.0)], ids=["150", "10000"])
def test_proof_r15_everybody_who_starts_at_once_gets_what_is_its_own(
    tmp_path: Path, storm: Storm
) -> None:
    """Phones of a new site, taken in by a table, that are switched on for the first time."""
    settings = Settings(data_dir=tmp_path / "data", demo=False)
    place = open_installation(settings)
    tokens = taken_in(place, storm.phones)
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        # As the server sees it: the phones' address is part of what makes a configuration.
        seen = open_installation(settings.model_copy(update={"phone_url": served.phones}))
        ahead_s = until_made_ahead(seen, storm.phones)
        seen.database.dispose()
        crowd = simulated_phones_cli.phones(tokens, served.phones, IPv4Network("127.20.0.0/16"))
        phones = [
            {"identity": vars(one.identity), "token": one.token, "source": one.source}
            for one in crowd
        ]
        found = visit(
            tmp_path,
            {
                "server": served.phones,
                "phones": phones,
                "per_s": storm.phones / storm.within_s,
                "visits": 2,
                "patience_s": 60.0,
                "are_new": False,
            },
        )
    print(  # noqa: T201
        f"R15: {storm.phones} phones start for the first time within {storm.within_s:.0f} s, half "
        f"of their {found['requests']} requests conditional: {found['outcomes']}, p50 "
        f"{found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.0f} ms, slowest {found['max_ms']:.0f} ms;"
        f" made ahead in {ahead_s:.0f} s after the import"
    )
    place.database.dispose()
    assert found["good"], found
    assert found["outcomes"] == {"fetched": storm.phones, "unchanged": storm.phones}
    assert float(str(found["p99_ms"])) <= 2000


def taken_in(place: Installation, number: int) -> dict[str, str]:
    """Import the simulated phones with tokens; the tokens by MAC."""
    code, at = simulated_phones_cli.PRODUCT, now()
    with place.database.writing() as session:
        products.add(session, NewProduct(code, "Имитация", "Simulated"), actor="test", now=at)
        link = profiles.link_for(session, product=code)
        version = simulated_phones_cli.FIRMWARE
        profiles.put(session, place.seal, link, FACTORY, version, actor="test", now=at)
    rows = (
        f"{one.identity.mac},{code},{one.identity.serial},A,{at}\n"
        for at, one in enumerate(simulated(number), start=100)
    )
    read = table.read(("mac,product,serial,hardware,sip.1.number\n" + "".join(rows)).encode())
    source = Source("storm.csv", "0" * 64)
    with importing.taking_in(place, read, source, actor="test", now=at, with_tokens=True) as done:
        return {one.mac: one.token for one in done.issued}


def simulated(number: int) -> Sequence[CrowdPhone]:
    macs = {f"{0x02F1B0000000 + at:012x}": "" for at in range(number)}
    return simulated_phones_cli.phones(macs, "http://phones.test", IPv4Network("127.20.0.0/16"))


def until_made_ahead(place: Installation, number: int) -> float:
    """Seconds until the server has made every first configuration."""
    begun = time.monotonic()

    def is_ready() -> bool:
        with place.database.reading() as session:
            return awaited.first(session, place, now()).ready == number

    until(is_ready, within_s=60 + number / 5, each_s=1.0)
    return time.monotonic() - begun


def visit(folder: Path, plan: dict[str, object]) -> dict[str, object]:
    (folder / "plan.json").write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, "-c", CROWD, str(folder / "plan.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found
