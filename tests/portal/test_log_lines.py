"""A log that cannot be written costs no answer: lines are lost and counted, and go on later."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal import logs
from portal.log_lines import LogLines
from tests.served import serving

FULL = Path("/dev/full")


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture(autouse=True)
def usual_log() -> Iterator[None]:
    yield
    logs.configure()


def lost(client: FlaskClient) -> float:
    page = client.get("/metrics").get_data(as_text=True)
    return float(page.split("\nflatpro_log_lines_lost_total ")[1].split()[0])


def test_proof_r24_a_full_log_disk_costs_no_answer_and_is_counted(client: FlaskClient) -> None:
    logs.configure(FULL)
    before = lost(client)
    statuses = [client.get(address).status_code for address in ("/", "/login", "/none") * 5]
    assert statuses == [200, 200, 404] * 5
    assert lost(client) - before >= 15


def test_proof_r24_the_server_starts_and_lives_on_a_full_log_disk(tmp_path: Path) -> None:
    with serving(tmp_path / "data", FLATPRO_DEMO="0", FLATPRO_LOG_FILE=str(FULL)) as served:
        for _ in range(20):
            assert b"</html>" in served.get("/login")
        assert b"flatpro_log_lines_lost_total 0.0" not in served.get("/metrics")


SAY = """
import os, structlog
from portal import logs, serve
from portal.log_lines import lost_total
logs.configure()
structlog.get_logger("x").warning("said")
serve._tell("Ready.")
[[lost]] = [[s.value for s in m.samples if s.name.endswith("_total")] for m in lost_total.collect()]
os._exit(10 + int(lost))
"""


@pytest.mark.parametrize("redirection", [">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_proof_r24_a_closed_or_full_stream_is_no_failure(redirection: str) -> None:
    shell = ["bash", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, SAY]
    assert subprocess.run(shell, check=False, timeout=100).returncode == 11, "one record is lost"


def test_a_line_that_found_no_room_spoils_no_later_one() -> None:
    room = iter([100, 4, 0, 100, 100])
    taken = b""

    def disk(line: bytes) -> int:
        nonlocal taken
        took = line[: next(room)]
        taken += took
        return len(took)

    lines = LogLines(disk)
    for number in range(5):
        lines.msg(json.dumps({"n": number}))
    found = taken.decode().splitlines()
    assert (found[0], *found[2:]) == ('{"n": 0}', '{"n": 3}', '{"n": 4}')
