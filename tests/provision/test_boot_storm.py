"""R15: phones that start at once, after a power cut: each gets its own configuration in time."""

import json
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from portal import simulated_phones_cli
from portal.installing import open_installation
from portal.settings import Settings
from tests.served import serving

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
    """How many phones, how fast they come the first time, and within how long then."""

    phones: int
    first_a_second: float
    within_s: float


@pytest.mark.prove
@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    "storm", [Storm(150, 60, 1.0), Storm(10_000, 45, 60.0)], ids=["150", "10000"]
)
def test_proof_r15_everybody_who_starts_at_once_gets_what_is_its_own(
    tmp_path: Path, storm: Storm
) -> None:
    settings = Settings(data_dir=tmp_path / "data", demo=False)
    place = open_installation(settings)
    tokens = simulated_phones_cli.enrolled(place, storm.phones)
    place.database.dispose()
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as served:
        crowd = simulated_phones_cli.phones(tokens, served.phones, IPv4Network("127.20.0.0/16"))
        phones = [
            {"identity": vars(one.identity), "token": one.token, "source": one.source}
            for one in crowd
        ]
        plan = {"server": served.phones, "phones": phones, "per_s": storm.first_a_second}
        first = visit(tmp_path, plan)
        assert first["good"], first
        again = plan | {
            "per_s": storm.phones / storm.within_s, "visits": 2, "patience_s": 60.0,
            "are_new": False,
        }  # fmt: skip
        found = visit(tmp_path, again)
    print(  # noqa: T201
        f"R15: {storm.phones} phones within {storm.within_s:.0f} s, half of their "
        f"{found['requests']} requests conditional: {found['outcomes']}, p50 "
        f"{found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.0f} ms, slowest {found['max_ms']:.0f} ms"
    )
    assert found["good"], found
    assert found["outcomes"] == {"fetched": storm.phones, "unchanged": storm.phones}
    assert float(str(found["p99_ms"])) <= 2000


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
