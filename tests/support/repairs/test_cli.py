import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from portal.cli import Program
from storage.clock import moscow_date, now
from storage.installation import Installation
from support.loaners.cli import COMMANDS as LOANER_COMMANDS
from support.repairs.cli import COMMANDS
from tests.support.register import Register

Run = Callable[..., Result]


@pytest.fixture
def backend() -> str:
    """What is stored runs on both databases beside the room's functions."""
    return "sqlite"


@pytest.fixture
def run(installation: Installation) -> Run:
    named = {command.name: command for command in (*COMMANDS, *LOANER_COMMANDS)}
    program = Program("flatpro", commands=named)

    def invoke(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(
            program, words, obj=lambda: installation, env={"LC_ALL": "ru_RU.UTF-8"}
        )
        assert done.exit_code == code, done.output
        return done

    return invoke


def opened(run: Run, *serials: str, code: int = 0) -> str:
    named = [word for serial in serials for word in ("--serial", serial)]
    done = run(
        "repair", "open", *named, "--fault", "Нет звука", "--contact", "Анна",
        "--email", "anna@romashka.example", "--address", "Москва", code=code,
    )  # fmt: skip
    return done.stdout.strip()


def test_a_phone_goes_through_the_workshop_by_commands(register: Register, run: Run) -> None:
    register.prove(register.first, moscow_date(now()) - timedelta(days=30))
    rma = opened(run, register.first)
    assert rma.startswith("RMA-")
    run("repair", "receive", rma)
    run("repair", "diagnose", rma, code=1)
    run("repair", "diagnose", rma, "--no-photos", "нет фотоаппарата")
    run("repair", "decide", rma, "--evidence", "Разъём сломан", code=2)
    run("repair", "decide", rma, "--covered", "--evidence", "Разъём не держит контакт")
    assert json.loads(run("repair", "list", "--json").stdout)[0]["stage"] == "repair"
    run("repair", "finish", rma, "--work", "Заменён разъём", "--tested")
    run("repair", "send", rma, "--carrier", "СДЭК")
    run("repair", "returned", rma)
    shown = json.loads(run("repair", "show", rma, "--json").stdout)
    assert (shown["rma"], shown["stage"], shown["covered"]) == (f"{rma}/1", "returned", True)
    assert json.loads(run("repair", "list", "--json").stdout) == []


def test_of_several_phones_one_is_named(register: Register, run: Run) -> None:
    rma = opened(run, register.first, register.second)
    assert "несколько телефонов" in run("repair", "receive", rma, code=1).output
    run("repair", "receive", f"{rma}/2", "--without-act")
    for wrong in (f"{rma}/3", f"{rma}/x", "RMA-00-0000"):
        run("repair", "show", wrong, code=1)


def test_what_is_mistyped_is_said_in_one_line(register: Register, run: Run) -> None:
    done = opened(run, register.first[:-1] + "0", code=1)
    assert done == ""


def test_the_pool_is_kept_by_commands(register: Register, run: Run) -> None:
    run("loaner", "add", register.second, "--value", "12500")
    run("loaner", "add", register.second, "--value", "12500", code=1)
    run("loaner", "add", register.first, "--value", "много", code=1)
    [row] = json.loads(run("loaner", "list", "--json").stdout)
    assert (row["serial"], row["state"]) == (register.second, "available")
