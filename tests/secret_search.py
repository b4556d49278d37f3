"""S15: searches what the tests of a run said and left for the secrets that they used.

Loaded only when asked for, and in one process: `pytest -p tests.secret_search PATHS`. It reads the
captured output of each test and, before its folder goes, its logs, journals and SQLite files.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import ADMIN_PASSWORD
from tests.provision.estate import SIP_PASSWORD

SECRETS: Mapping[str, str] = {
    "the administrator's password": ADMIN_PASSWORD,
    "a SIP password": SIP_PASSWORD,
}
LEFT = ("*.log", "*.sqlite", "*.sqlite-wal", "*journal*")
_told: list[str] = []
_looked: Counter[str] = Counter()


def held(where: bytes) -> list[str]:
    """Which secrets stand in it as they are."""
    return [what for what, secret in SECRETS.items() if secret.encode() in where]


def left_in(folder: Path) -> Iterator[Path]:
    """The files of a test's folder that an installation writes what happened into."""
    found = {path for pattern in LEFT for path in folder.rglob(pattern)}
    yield from sorted(path for path in found if path.is_file())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    for path in left_in(folder) if folder else ():
        _looked["files"] += 1
        _told.extend(f"{item.nodeid}: {path.name} holds {one}" for one in held(path.read_bytes()))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, text in report.sections:
        _looked["outputs"] += 1
        _told.extend(f"{report.nodeid}: {name} holds {one}" for one in held(text.encode()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _told:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figure, and each place that holds a secret."""
    for told in dict.fromkeys(_told):
        terminalreporter.write_line(f"S15: {told}")
    terminalreporter.write_line(
        f"S15: {len(SECRETS)} secrets searched in {_looked['outputs']} outputs of tests and"
        f" {_looked['files']} files that they left: found {len(_told)} times"
    )
