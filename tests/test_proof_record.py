"""Runs of the same source are one record; another source begins a new one."""

from pathlib import Path

import pytest

from tests.proof_record import Record, joined
from tests.proof_register import Outcome, Run

ROOMS, FLOWS = "tests/a.py::test_room", "tests/flows/b.py::test_flow"


@pytest.fixture
def cache(pytestconfig: pytest.Config, tmp_path: Path) -> pytest.Cache:
    return pytest.Cache(tmp_path, pytestconfig, _ispytest=True)


def of(node: str, *printed: str, date: str = "2026-11-29", seed: str = "7") -> Record:
    return Record(Run({node: Outcome.PASSED}, {node: printed}), date, (seed,))


def test_a_run_joins_those_before_it_of_the_same_source(cache: pytest.Cache) -> None:
    joined(cache, "one", of(ROOMS, "R1: 50 kills"))
    both = joined(cache, "one", of(FLOWS, date="2026-11-30", seed="8"))
    assert both.run.ends == {ROOMS: Outcome.PASSED, FLOWS: Outcome.PASSED}
    assert both.run.printed == {ROOMS: ("R1: 50 kills",), FLOWS: ()}
    assert (both.date, both.named_seeds) == ("2026-11-30", "seeds 7, 8")


@pytest.mark.parametrize(("before", "after"), [("one", "other"), ("", "")])
def test_another_source_or_one_that_nobody_knows_begins_anew(
    cache: pytest.Cache, before: str, after: str
) -> None:
    joined(cache, before, of(ROOMS))
    assert joined(cache, after, of(FLOWS)) == of(FLOWS)


def test_without_a_cache_a_run_stands_for_itself() -> None:
    assert joined(None, "one", of(ROOMS)) == of(ROOMS)
