"""A module that calls itself pure is held to it: pyproject.toml names it to import-linter."""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SAYS_SO = re.compile(r"\bPure[.:]|\(pure\)")


def _says_it_is_pure(source: Path) -> bool:
    return bool(SAYS_SO.search(ast.get_docstring(ast.parse(source.read_bytes())) or ""))


def test_each_module_that_says_it_is_pure_is_under_the_contract_of_decisions() -> None:
    linter = PYPROJECT["tool"]["importlinter"]
    (contract,) = (c for c in linter["contracts"] if c["name"].startswith("Decisions know no"))
    say_so = {
        ".".join(source.relative_to(ROOT).with_suffix("").parts)
        for package in linter["root_packages"]
        if package != "simulator"  # a contract of its own holds it
        for source in (ROOT / package).rglob("*.py")
        if source.name != "__init__.py" and _says_it_is_pure(source)
    }
    assert len(say_so) > 100
    assert say_so - set(contract["source_modules"]) == set()
