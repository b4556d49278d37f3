"""`flatpro device diagnose` and the fixes: one answer for people, one for programs."""

import json
from dataclasses import replace

from click.testing import CliRunner

from provision.cli import device
from provision.diagnosis.cli import diagnosis
from simulator.facts import Network
from tests.provision.diagnosis.conftest import Phone
from tests.provision.estate import MAC, Estate


def test_a_diagnosis_says_what_is_wrong_and_what_to_do(estate: Estate, phone: Phone) -> None:
    phone.shown = replace(phone.shown, network=Network("127.0.0.1", 1, 2, "", "half"))
    runner = CliRunner()
    told = runner.invoke(device, ["diagnose", MAC], obj=lambda: estate.installation)
    assert told.exit_code == 0, told.output
    assert "half duplex" in told.stdout
    assert "auto-negotiation" in told.stdout
    document = runner.invoke(device, ["diagnose", MAC, "--json"], obj=lambda: estate.installation)
    answer = json.loads(document.stdout)
    assert [one["code"] for one in answer["findings"]] == ["half-duplex"]
    assert answer["facts"]["firmware"] == "2.3.1"


def test_a_phone_that_is_well_is_told_so(estate: Estate) -> None:
    told = CliRunner().invoke(device, ["diagnose", MAC], obj=lambda: estate.installation)
    assert "Nothing wrong was found." in told.stdout


def test_fixes_are_recorded_listed_and_taken_back(estate: Estate) -> None:
    runner = CliRunner()

    def run(*arguments: str) -> str:
        result = runner.invoke(diagnosis, list(arguments), obj=lambda: estate.installation)
        assert result.exit_code == 0, result.output
        return result.stdout

    run("fix", "FP-B2", "2.4.1", "packet-loss", "--ru", "Буфер", "--en", "The buffer")
    (fix,) = json.loads(run("fixes", "--json"))
    assert (fix["product"], fix["fixed_in"], fix["finding"]) == ("FP-B2", "2.4.1", "packet-loss")
    run("unfix", str(fix["id"]))
    assert json.loads(run("fixes", "--json")) == []
