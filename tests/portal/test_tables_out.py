"""S13: every table that people take out is made of cells that no spreadsheet computes."""

import ast
import csv
import io
import itertools
from collections.abc import Iterator

import pytest

from provision import csv_cells
from tests.proof_register import ROOT

ROOMS = (
    "accounts",
    "catalogue",
    "docs_store",
    "firmware",
    "jobs",
    "portal",
    "provision",
    "support",
)
STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
BEFORE = ("", " ", "   ")
REST = ("1+1", 'HYPERLINK("http://x","y")', "cmd|' /C calc'!A0", "", ",2", ";2", '"', "\u202e")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ("storage", *ROOMS):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Every module that this one names in an import."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names} | {str(node.module)}
    return found


def is_safe(made: ast.expr) -> bool:
    """A line of cells, or words of the program's own."""
    if isinstance(made, ast.BinOp):
        return is_safe(made.left) and is_safe(made.right)
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
        is_line = ast.unparse(made.func) == "csv_cells.line"
        is_heading = made.func.attr == "join" and all(map(is_safe, made.args))
        return is_line or is_heading
    return isinstance(made, ast.Constant) or (isinstance(made, ast.Name) and made.id.isupper())


def yields(tree: ast.Module) -> Iterator[ast.expr]:
    """What the functions give out that make lines of text."""
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    for function in functions:
        if function.returns and ast.unparse(function.returns) == "Iterator[str]":
            nodes = [one for one in ast.walk(function) if isinstance(one, ast.Yield)]
            yield from (one.value for one in nodes if one.value is not None)


def test_proof_s13_every_table_goes_out_in_cells_without_formulas() -> None:
    trees = dict(modules())
    makers = [name for name, tree in trees.items() if "provision.csv_cells" in imported(tree)]
    unsafe = [
        f"{name}: {ast.unparse(made)}"
        for name in makers
        for made in yields(trees[name])
        if not is_safe(made)
    ]
    assert unsafe == []
    assert len(makers) >= 3
    names = {name.removesuffix(".py").replace("/", ".") for name in makers}
    for name, tree in trees.items():
        if 'mimetype="text/csv"' in (ROOT / name).read_text(encoding="utf-8"):
            assert imported(tree) & names, f"{name} gives out a table of another making"
        used = {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
        assert not {"writer", "DictWriter"} & used or "csv" not in imported(tree), name
    print(f"S13: {len(makers)} modules make tables, each line of cells without formulas")  # noqa: T201


@pytest.mark.parametrize("start", STARTS)
def test_proof_s13_no_cell_begins_as_a_formula_and_none_is_lost(start: str) -> None:
    texts = [before + start + rest for before, rest in itertools.product(BEFORE, REST)]
    [row] = csv.reader(io.StringIO(csv_cells.line(texts), newline=""))
    assert len(row) == len(texts)
    assert [cell for cell in row if cell.lstrip(" ")[:1] in set(STARTS)] == []


def test_what_the_proof_calls_unsafe_is_noticed() -> None:
    careless = ast.parse("def f(rows) -> Iterator[str]:\n    yield ','.join(rows)")
    assert not all(is_safe(made) for made in yields(careless))
