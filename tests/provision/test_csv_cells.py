"""Cells for a spreadsheet: nothing that a phone or a person filled is computed there."""

import pytest

from provision import csv_cells
from provision.enrolment import report
from provision.enrolment.columns import Entry
from provision.enrolment.judging import Judged, Verdict
from provision.sweeps import results
from provision.sweeps.models import SweepResult

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("start", STARTS)
def test_no_cell_goes_out_as_a_formula(start: str) -> None:
    out = csv_cells.cell(f"{start}1+1\x1b[2J")
    assert out.lstrip('"').startswith("'")
    assert out.isprintable()


@pytest.mark.parametrize("start", STARTS)
def test_no_export_of_sweeps_or_imports_holds_a_formula(start: str) -> None:
    _, swept = results.csv_lines([SweepResult(address="10.0.0.1", firmware=f"{start}1")])
    assert ",'" in swept
    row = Judged(Entry(2, f"{start}1", ""), Verdict.BAD_MAC)
    _, judged = report.csv_lines([row], "en")
    assert ",'" in judged


def test_nothing_is_an_empty_cell_and_a_separator_is_quoted() -> None:
    assert csv_cells.line([None, 0, 'a"b,c', "d;e"]) == ',0,"a""b,c","d;e"\r\n'
