"""The `flatpro` command as a person at a terminal meets it."""

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portal.cli import SLICES, main

PACKAGES = ("accounts", "catalogue", "firmware", "docs_store", "provision", "support", "portal")


def command_modules() -> set[str]:
    """Every module of the slices that offers commands of the program's own."""
    files = (file for package in PACKAGES for file in Path(package).rglob("*cli.py"))
    names = {".".join(file.with_suffix("").parts) for file in files} - {"portal.cli"}
    offered = {name: getattr(importlib.import_module(name), "COMMANDS", ()) for name in names}
    below = {command for group in offered.values() for command in commands_below(group)}
    return {name for name, commands in offered.items() if {*commands} - below}


def commands_below(commands: Sequence[click.Command]) -> set[click.Command]:
    """What the groups among these hold themselves."""
    groups = (command for command in commands if isinstance(command, click.Group))
    return {inner for group in groups for inner in group.commands.values()}


def test_every_command_of_every_slice_is_found_by_its_name() -> None:
    assert command_modules() == set(SLICES)
    for module, names in SLICES.items():
        commands = importlib.import_module(module).COMMANDS
        assert tuple(command.name for command in commands) == names


def test_help_lists_every_command_with_its_sentence() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for name in ("serve", "db", *(name for names in SLICES.values() for name in names)):
        (line,) = (line for line in shown.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split()) > 2


def test_one_slices_command_loads_no_other_slices_wire_libraries() -> None:
    program = (
        "import sys, portal.cli; portal.cli.main(['product', '--help'], standalone_mode=False);"
        "print(sorted({'pysnmp', 'paramiko', 'pypdfium2', 'flask_openapi3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_sweep_loads_nothing_that_asks_no_ranges() -> None:
    """Each of these costs megabytes for every sweep (docs/reading.md)."""
    strangers = {
        *("paramiko", "requests", "flask", "werkzeug", "tuf", "lxml", "alembic", "fpdf", "docx"),
        *("snowballstemmer", "pypdfium2", "obstore", "docs_store", "firmware.releases"),
    }
    program = (
        "import sys, portal.cli; portal.cli.main(['sweep', '--help'], standalone_mode=False);"
        "import portal.installing;"
        f"print(sorted({strangers!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("line", [["nonsense"], ["firmware", "nonsense"], ["--nonsense"]])
def test_an_unknown_command_is_wrong_usage(line: list[str]) -> None:
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 2
    assert "nonsense" in done.output
