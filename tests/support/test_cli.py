import json
from collections.abc import Callable
from datetime import date

import pytest
from click.testing import CliRunner, Result

from portal.cli import Program
from provision.devices.models import HandoverKind
from storage.installation import Installation
from support import contracts
from support.cli import COMMANDS
from tests.support.register import CUSTOMER, FIRST_MAC, Register

HANDED_OVER = date(2025, 11, 22)
Run = Callable[..., Result]


@pytest.fixture
def backend() -> str:
    """Words and pages are the same over any database; what is stored runs on both."""
    return "sqlite"


@pytest.fixture
def run(installation: Installation) -> Run:
    """run("warranty", serial, …): the command inside the program that answers for refusals."""
    program = Program("flatpro", commands={command.name: command for command in COMMANDS})

    def invoke(*words: str, language: str = "en_US.UTF-8") -> Result:
        return CliRunner().invoke(
            program, words, obj=lambda: installation, env={"LC_ALL": language}
        )

    return invoke


def test_a_covered_phone_is_told_with_each_rule_date_and_paper(
    register: Register, run: Run
) -> None:
    register.prove(register.first, HANDED_OVER, "УПД № 311")
    answer = run("warranty", register.first, "--on", "2026-11-22")
    assert answer.exit_code == 0
    assert "Covered until  2026-11-22" in answer.stdout
    assert "in force until 22 November 2026, inclusive" in answer.stdout
    assert "22 November 2025 · evidence: УПД № 311" in answer.stdout
    assert [rule for rule in ("W-1", "W-2", "W-3", "W-12") if rule in answer.stdout] == [
        "W-1",
        "W-2",
        "W-3",
        "W-12",
    ]


@pytest.mark.parametrize(
    ("day", "verdict"), [("2026-11-22", "Covered"), ("23.11.2026", "Not covered")]
)
def test_the_day_asked_about_may_be_given_in_either_spelling(
    register: Register, run: Run, day: str, verdict: str
) -> None:
    register.prove(register.first, HANDED_OVER)
    answer = run("warranty", register.first, "--on", day)
    assert (answer.exit_code, f"Verdict        {verdict}\n" in answer.stdout) == (0, True)


def test_an_unknown_handover_is_not_established_and_no_failure(
    register: Register, run: Run
) -> None:
    register.prove(register.first, HANDED_OVER, kind=HandoverKind.VENDOR_SHIPMENT)
    answer = run("warranty", register.first)
    assert answer.exit_code == 0
    assert "Not established" in answer.stdout
    assert "Covered until  —" in answer.stdout


@pytest.mark.usefixtures("register")
def test_an_unknown_serial_is_one_clear_line_and_exit_code_1(run: Run) -> None:
    answer = run("warranty", "SN-404")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.strip().count("\n") == 0
    assert "SN404 is on record" in answer.stderr


def test_a_russian_terminal_is_answered_in_russian(register: Register, run: Run) -> None:
    register.prove(register.first, HANDED_OVER)
    answer = run("warranty", register.first, "--on", "2026-03-01", language="ru_RU.UTF-8")
    assert "Ответ              Гарантия действует\n" in answer.stdout
    assert "22.11.2025 · основание: УПД № 311" in answer.stdout


def test_json_is_one_document_with_the_whole_trace(register: Register, run: Run) -> None:
    register.prove(register.first, HANDED_OVER, "УПД № 311")
    answer = run("warranty", register.first, "--on", "2026-03-01", "--json")
    told = json.loads(answer.stdout)
    assert (told["serial"], told["on"], told["product"]) == (register.first, "2026-03-01", "FP-B2")
    assert (told["verdict"], told["covered_until"]) == ("covered", "2026-11-22")
    assert told["start"] == {"on": "2025-11-22", "kind": "user-document", "evidence": "УПД № 311"}
    assert told["intervals"] == [{"start": "2025-11-22", "end": "2026-11-22"}]
    assert [right["kind"] for right in told["entitlements"]] == ["base"]
    assert told["trace"][0].keys() == {"rule", "text", "on", "evidence"}
    assert told["trace"][0]["text"].keys() == {"ru", "en"}


def test_json_of_an_unproved_start_holds_nulls_and_no_guess(register: Register, run: Run) -> None:
    told = json.loads(run("warranty", "--json", register.first).stdout)
    assert (told["verdict"], told["covered_until"], told["start"]) == (
        "not-established",
        None,
        None,
    )
    assert "не установлен" in told["summary"]["ru"]


def test_the_word_check_may_be_said_or_left_out(register: Register, run: Run) -> None:
    plain = run("warranty", register.first, "--on", "2026-03-01")
    spoken = run("warranty", "check", register.first, "--on", "2026-03-01")
    assert plain.stdout == spoken.stdout != ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--help",), 0),
        (("FP1", "--on", "yesterday"), 2),
        (("register", "FP1"), 2),
        (("register", "FP1", "--handover", "2026-01-01", "--kind", "manufacture"), 2),
        (("FP1", "FP2"), 2),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, words: tuple[str, ...], code: int) -> None:
    assert run("warranty", *words).exit_code == code


def test_a_registered_handover_turns_not_established_into_covered(
    register: Register, run: Run
) -> None:
    done = run("warranty", "register", register.first, "--handover", "2025-11-22")
    assert done.exit_code == 0
    assert "was recorded" in done.stderr
    told = json.loads(run("warranty", register.first, "--on", "2026-11-22", "--json").stdout)
    assert (told["verdict"], told["start"]["on"]) == ("covered", "2025-11-22")


def test_a_registered_handover_names_its_contract_paper_and_kind(
    register: Register, run: Run
) -> None:
    words = ("--document", "отчёт за ноябрь", "--kind", "partner-report", "--contract", "Д-17")
    done = run("warranty", "register", register.first, "--handover", "2025-11-22", *words, "--json")
    told = json.loads(done.stdout)
    assert told["start"] == {
        "on": "2025-11-22",
        "kind": "partner-report",
        "evidence": "отчёт за ноябрь",
    }
    assert [line["evidence"] for line in told["trace"] if line["rule"] == "W-4"] == ["Д-17"]


@pytest.mark.parametrize("day", ["2999-01-01", "1999-12-31"])
def test_an_impossible_handover_is_refused_and_changes_nothing(
    register: Register, run: Run, day: str
) -> None:
    done = run("warranty", "register", register.first, "--handover", day)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Not established" in run("warranty", register.first).stdout


@pytest.mark.usefixtures("register")
def test_a_mac_in_place_of_a_serial_opens_nothing(run: Run) -> None:
    assert run("warranty", FIRST_MAC).exit_code == 1


def test_a_contract_is_added_listed_and_changes_the_answer(register: Register, run: Run) -> None:
    added = run(
        "contract",
        "add",
        "Д-17",
        "--organisation",
        CUSTOMER,
        "--months",
        "36",
        "--product",
        "FP-B2",
    )
    assert added.exit_code == 0
    listed = json.loads(run("contract", "list", "--json").stdout)
    assert listed == [
        {
            "number": "Д-17",
            "organisation": CUSTOMER,
            "product": "FP-B2",
            "months": 36,
            "start": None,
        }
    ]
    register.prove(register.first, HANDED_OVER, contract="Д-17")
    told = json.loads(run("warranty", register.first, "--on", "2028-11-22", "--json").stdout)
    assert told["covered_until"] == "2028-11-22"


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("option", "value", "start"),
    [
        ("--start-date", "2026-02-01", "2026-02-01"),
        ("--start-event", "shipment", "shipment"),
    ],
)
def test_a_contract_starts_the_term_on_a_date_or_by_an_event(
    run: Run, option: str, value: str, start: str
) -> None:
    assert run("contract", "add", "Д-17", "--organisation", CUSTOMER, option, value).exit_code == 0
    assert [row["start"] for row in json.loads(run("contract", "list", "--json").stdout)] == [start]


def test_a_contract_has_one_start(register: Register, run: Run) -> None:
    both = ("--start-date", "2026-02-01", "--start-event", "shipment")
    assert run("contract", "add", "Д-17", "--organisation", CUSTOMER, *both).exit_code == 2
    with register.database.reading() as session:
        assert contracts.every(session) == []
