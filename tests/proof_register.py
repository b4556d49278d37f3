"""The register of promises (proofs.toml): which tests show each one, and what a run of them proved.

A promise is proven when each of its tests ran and passed; anything less is said openly.
"""

import ast
import functools
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

REGISTER = Path(__file__).with_name("proofs.toml")
ROOT = Path(__file__).parent.parent


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class State(StrEnum):
    PROVEN = "proven"
    IN_PART = "proven in part"
    NOT_PROVEN = "not proven"


@dataclass(frozen=True)
class Proof:
    id: str
    promise: str
    tests: tuple[str, ...] = ()
    #: Tests that only `make prove` runs: a shorter run is no worse without them.
    long: tuple[str, ...] = ()
    #: What the tests do not show.
    part: str = ""
    #: What lies beyond the promise's figure, which is shown whole: a reader's caution.
    note: str = ""
    #: The figure of the longest run on record, with its date.
    longest: str = ""

    @property
    def command(self) -> str:
        return f"make prove ID={self.id}" if self.tests or self.long else ""


@dataclass(frozen=True)
class Run:
    """What runs of the tests told, by node id: how each ended, and the figures it printed."""

    ends: Mapping[str, Outcome]
    printed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What failed at first and passed when it ran once more.
    again: frozenset[str] = frozenset()

    def of(self, test: str) -> list[Outcome]:
        """The ends of a test, or of all tests that its entry begins."""
        return [end for node, end in self.ends.items() if covers(test, node)]

    def then(self, later: "Run") -> "Run":
        """Both as one. Of a test that ran twice the later end counts; a skip says nothing."""
        told = {node: end for node, end in later.ends.items() if end is not Outcome.SKIPPED}
        ends = {**later.ends, **self.ends, **told}
        failed = self.again | {node for node, end in self.ends.items() if end is Outcome.FAILED}
        again = frozenset(node for node in failed if ends[node] is Outcome.PASSED)
        return Run(ends, {**self.printed, **later.printed}, again)


@dataclass(frozen=True)
class Verdict:
    proof: Proof
    state: State
    figure: str


def load(path: Path = REGISTER) -> list[Proof]:
    """The promises in the order of the file."""
    rows: dict[str, dict[str, str | list[str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Proof(name, **{key: tuple(v) if isinstance(v, list) else v for key, v in row.items()})  # type: ignore[arg-type]  # a wrong key or type fails here, and so does the test of the register
        for name, row in rows.items()
    ]


def covers(test: str, node: str) -> bool:
    """Whether an entry of the register (a file, a test, one case of a test) names this test."""
    return node == test or node.startswith((f"{test}[", f"{test}::"))


def judge(proof: Proof, run: Run) -> Verdict:
    """Proven by tests that ran and passed, every one of them; the figure says why where not."""
    missing = [test for test in proof.tests if Outcome.PASSED not in run.of(test)]
    long = [test for test in proof.long if Outcome.PASSED in run.of(test)]
    ends = [end for test in (*proof.tests, *proof.long) for end in run.of(test)]
    if not proof.tests and not proof.long:
        return Verdict(proof, State.NOT_PROVEN, "no test")
    if Outcome.FAILED in ends:
        return Verdict(proof, State.NOT_PROVEN, f"{ends.count(Outcome.FAILED)} tests failed")
    if missing or not (proof.tests or long):
        first, *more = [name_of(test) for test in missing or proof.long]
        what = f"{first} and {len(more)} more" if more else first
        return Verdict(proof, State.NOT_PROVEN, f"did not run: {what}")
    state = State.IN_PART if proof.part else State.PROVEN
    return Verdict(proof, state, figure(proof, run, ends))


def figure(proof: Proof, run: Run, ends: list[Outcome]) -> str:
    """The lines that the tests printed for this promise, and how many tests passed."""
    printed = dict.fromkeys(line for lines in run.printed.values() for line in lines)
    own = [line.partition(": ")[2] for line in printed if line.startswith(f"{proof.id}: ")]
    passed, skipped = ends.count(Outcome.PASSED), ends.count(Outcome.SKIPPED)
    counted = f"{passed} tests passed" if passed > 1 else "1 test passed"
    again = sum(covers(test, node) for test in (*proof.tests, *proof.long) for node in run.again)
    more = {"skipped": skipped, "of them only when it ran again": again}
    return "; ".join([*own, counted, *(f"{n} {what}" for what, n in more.items() if n)])


def length(proofs: Iterable[Proof], run: Run) -> str:
    """Whose long tests ran too."""
    long = {proof.id: [run.of(test) for test in proof.long] for proof in proofs if proof.long}
    whole = [name for name, found in long.items() if all(Outcome.PASSED in ends for ends in found)]
    if not whole:
        return "smoke figures"
    return "full figures" if len(whole) == len(long) else f"full figures of {', '.join(whole)}"


def name_of(test: str) -> str:
    return test.rpartition("::")[2] or test


def absent(proof: Proof) -> list[str]:
    """The entries of a promise that name no test of the tree any more."""
    return [test for test in (*proof.tests, *proof.long) if not exists(test)]


def exists(test: str) -> bool:
    """Whether the file has this test; a case of a parametrized one is known by its function."""
    file, _, rest = test.partition("::")
    path = ROOT / file
    if not path.is_file():
        return False
    return not rest or re.sub(r"\[.*", "", rest).rpartition("::")[2] in tests_in(path)


@functools.cache
def tests_in(path: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


def summary(verdicts: Iterable[Verdict]) -> str:
    states = [verdict.state for verdict in verdicts]
    return ", ".join(f"{states.count(state)} {state}" for state in State)


def page(verdicts: list[Verdict], *, date: str, seeds: str, kind: str) -> str:
    """docs/proofs.md: every promise with what this run showed, the unproven ones too."""
    head = HEAD.format(run=f"{kind}, {date}, {seeds}: {summary(verdicts)}")
    return "\n".join([head, *_tables(verdicts), *_remarks(verdicts)])


HEADINGS = {
    "R": "Reliability",
    "H": "Hostile phones and packets",
    "S": "Security",
}


HEAD = """\
# What is promised, and what was shown

Written by `make prove` or `make prove-smoke` from the tests that they ran; runs of the same source
are joined. The promises, the remarks and the longest runs on record come from
[tests/proofs.toml](../tests/proofs.toml).

**This run:** {run}.

- **proven**: every test of the promise ran in this run and passed;
- **proven in part**: they passed, and the remarks below say what they do not show;
- **not proven**: no test shows it yet, or one failed or did not run.

To repeat one: `make prove ID=R1`, in the same order with `PYTEST_ARGS=--randomly-seed=SEED`.
"""


def _tables(verdicts: list[Verdict]) -> Iterator[str]:
    for letter, heading in HEADINGS.items():
        yield f"## {heading}\n"
        yield "| | Promise | State | Figure | Command |\n|---|---|---|---|---|"
        yield from (_row(verdict) for verdict in verdicts if verdict.proof.id[0] == letter)
        yield ""


def _row(verdict: Verdict) -> str:
    proof = verdict.proof
    state = verdict.state if verdict.state is State.NOT_PROVEN else f"**{verdict.state}**"
    shown = verdict.figure
    if proof.longest:
        shown += f"<br>longest run on record: {proof.longest}"
    command = f"`{proof.command}`" if proof.command else ""
    return f"| {proof.id} | {proof.promise} | {state} | {shown} | {command} |".replace("  ", " ")


def _remarks(verdicts: list[Verdict]) -> Iterator[str]:
    yield "## Remarks: what is not shown\n"
    yield from (f"- **{v.proof.id}**: {v.proof.part}" for v in verdicts if v.proof.part)
    yield "\n## Notes: proven, and what to know of it\n"
    yield from (f"- **{v.proof.id}**: {v.proof.note}" for v in verdicts if v.proof.note)
    yield ""


def main(ids: list[str]) -> None:
    """Print the entries of the named promises, or of all, for pytest's command line."""
    wanted = [proof for proof in load() if not ids or proof.id in ids]
    tests = [test for proof in wanted for test in (*proof.tests, *proof.long)]
    if not tests:
        # Without a name pytest would run everything.
        sys.exit(f"No promise of tests/proofs.toml with a test is called {' '.join(ids)}.")
    print("\n".join(dict.fromkeys(tests)))  # noqa: T201 - it is a command's answer


if __name__ == "__main__":
    main(sys.argv[1:])
