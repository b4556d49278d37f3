"""pytest's side of the register of promises: `--proofs FILE` notes a run and writes the page."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import proof_record, proof_register
from tests.proof_record import Record
from tests.proof_register import Outcome, Proof, Run, State

FIGURE = tuple(f"{proof.id}: " for proof in proof_register.load())
#: Instead of a file: the table on the terminal alone, of the promises that ran.
TERMINAL = "-"


class ProofRun:
    """Notes how each test ended and which figures it printed."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._ends: dict[str, Outcome] = {}
        self._printed: dict[str, tuple[str, ...]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self._ends.get(report.nodeid)
        if report.failed:
            self._ends[report.nodeid] = Outcome.FAILED
        elif report.skipped and before is not Outcome.FAILED:
            self._ends[report.nodeid] = Outcome.SKIPPED
        elif report.when == "call":
            self._ends[report.nodeid] = Outcome.PASSED
            told = tuple(x for x in report.capstdout.splitlines() if x.startswith(FIGURE))
            self._printed[report.nodeid] = told

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        now = Run(self._ends, self._printed)
        seed = str(config.getoption("randomly_seed", "none"))
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        cache = getattr(config, "cache", None)
        record = proof_record.joined(cache, proof_record.source(), Record(now, date, (seed,)))
        proofs = proof_register.load()
        verdicts = [proof_register.judge(proof, record.run) for proof in proofs]
        shown = [one for one in verdicts if self._page != TERMINAL or touched(one.proof, now)]
        terminalreporter.section(f"promises, {record.date}, {record.named_seeds}")
        for found in shown:
            mark = {"green": found.state is State.PROVEN, "red": "failed" in found.figure}
            terminalreporter.write(f"{found.proof.id:4}{found.state:15} ", **mark)
            terminalreporter.write_line(f"{found.proof.promise} {found.figure}")
            terminalreporter.write_line(f"    {found.proof.command}")
        terminalreporter.write_line(proof_register.summary(shown))
        if self._page != TERMINAL:
            text = proof_register.page(
                verdicts,
                date=record.date,
                seeds=record.named_seeds,
                kind=proof_register.length(proofs, record.run),
            )
            Path(self._page).write_text(text, encoding="utf-8")


def touched(proof: Proof, run: Run) -> bool:
    return any(run.of(test) for test in (*proof.tests, *proof.long))


def add_option(parser: pytest.Parser) -> None:
    parser.addoption("--proofs", metavar="FILE", help="say what was proven, and write it to FILE")


def begin(config: pytest.Config) -> None:
    """Take notes where the reports come together: in no worker of xdist."""
    page = config.getoption("--proofs")
    if page and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ProofRun(page))
