"""The rollout commands, as scripts and people use them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provision.rollouts.cli import rollout
from provision.rollouts.steering import WrongStateError
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC

SECOND = "02f1a7000002"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def fleet(installation: Installation) -> Installation:
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (MAC, SECOND):
            estates.add_phone(session, mac, serial=None).firmware = "2.3.1"
    estates.publish(installation, "2.4.1", size=600)
    return installation


def run(installation: Installation, *arguments: str) -> Result:
    found = CliRunner().invoke(rollout, arguments, obj=lambda: installation)
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def document(installation: Installation, *arguments: str) -> dict[str, object]:
    done = run(installation, *arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_rollout_is_made_begun_shown_and_ended(fleet: Installation, tmp_path: Path) -> None:
    listed = tmp_path / "first.txt"
    listed.write_text(MAC)
    made = document(
        fleet, "create", "FP-B2", "2.4.1", "--group", f"@{listed}", "--stop-at-failures", "10%",
        "--deadline", "12h", "--window", "01:00-05:00",
    )  # fmt: skip
    assert (made["id"], made["state"], made["phones"]) == (1, "draft", 2)
    assert (made["stop_at_failures_percent"], made["deadline_s"]) == (10, 43_200)
    run(fleet, "start", "1")
    shown = document(fleet, "show", "1")
    assert shown["state"] == "running"
    assert [one["state"] for one in shown["targets"]] == ["offered", "waiting"]  # type: ignore[attr-defined,index]
    assert [one["state"] for one in shown["groups"]] == ["open", "planned"]  # type: ignore[attr-defined,index]
    assert "all others" in run(fleet, "show", "1").stdout
    run(fleet, "pause", "1")
    run(fleet, "resume", "1")
    run(fleet, "retry", "1")
    run(fleet, "abort", "1")
    assert json.loads(run(fleet, "list", "--json").stdout)[0]["state"] == "aborted"
    with pytest.raises(WrongStateError):
        run(fleet, "start", "1")


def test_a_dry_run_shows_who_would_be_in_and_stores_nothing(fleet: Installation) -> None:
    done = run(fleet, "create", "FP-B2", "2.4.1", "--group", "50%", "--dry-run")
    assert [line.split()[-2:] for line in done.stdout.splitlines()[1:]] == [["1", "0"], ["1", "0"]]
    assert json.loads(run(fleet, "list", "--json").stdout) == []


@pytest.mark.parametrize(
    "wrong",
    [("--deadline", "soon"), ("--stop-at-failures", "some"), ("--group", "@/nowhere")],
)
def test_wrong_usage_is_said(fleet: Installation, wrong: tuple[str, str]) -> None:
    assert run(fleet, "create", "FP-B2", "2.4.1", *wrong).exit_code == 2
