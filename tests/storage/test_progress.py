import io
from collections.abc import Iterator

import pytest

from storage.progress import Watched, watched


def read_through(capsys: pytest.CaptureFixture[str], *, seconds: float, terminal: bool) -> str:
    """What is told of a file of 1,000 bytes whose every piece of 100 takes this long."""
    clock: Iterator[float] = (number * seconds for number in range(100))
    file = Watched(
        io.BytesIO(bytes(1000)), 1000, "b2.bin", terminal=terminal, clock=lambda: next(clock)
    )
    total = 0
    while piece := file.read(100):
        total += len(piece)
    assert total == 1000
    return capsys.readouterr().err


def test_a_file_that_is_read_at_once_is_not_talked_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_through(capsys, seconds=0.1, terminal=True) == ""
    assert read_through(capsys, seconds=0.1, terminal=False) == ""


def test_plain_lines_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    lines = read_through(capsys, seconds=1, terminal=False).splitlines()
    assert lines[0] == "b2.bin: 20 %"
    assert lines[-1] == "b2.bin: 100 %"
    assert len(lines) == 9


def test_a_bar_on_a_terminal_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = read_through(capsys, seconds=1, terminal=True)
    assert "\r" in told
    assert told.endswith("100 %\n")


def test_a_stream_without_a_file_is_read_as_it_is() -> None:
    assert watched(io.BytesIO(b"abc"), "x").read(10) == b"abc"
