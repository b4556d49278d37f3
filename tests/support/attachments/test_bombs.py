"""S10: bombs of every kind the desk may be sent are refused at once, in little memory."""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

MIB = 1024**2
SECOND_S = 1.0
MEMORY_MAX = 64 * MIB
#: Looks at one file in a process of its own: what it cost, and how it was refused.
LOOK = """
import json, resource, sys, time
from pathlib import Path
from support.attachments.content import AttachmentError, inspect

data = Path(sys.argv[1]).read_bytes()
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    said = inspect("file", data).media_type
except AttachmentError as error:
    said = error.code
spent_s = time.process_time() - began
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([said, spent_s, grown * 1024]))
"""


def archive(fill: Callable[[zipfile.ZipFile], object]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        fill(file)
    return made.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return archive(lambda file: file.writestr(info, "/etc/passwd"))


def many(count: int) -> bytes:
    """A directory of so many entries, all of them the same empty file."""
    name = b"a"
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0) + name
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0
    )
    directory = (entry + name) * count
    shown = min(count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, shown, shown, len(directory), len(local), 0)
    return local + directory + end


def png(width: int, height: int, lines: int) -> bytes:
    """A picture that says it is so large, with as many lines of it as are said."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    line = bytes(1 + 3 * width)
    body = b"".join(packer.compress(line) for _ in range(lines)) + packer.flush()
    parts = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: archive(lambda file: file.writestr("a.log", bytes(200 * MIB))),
    "an archive in an archive": lambda: archive(
        lambda file: file.writestr("b.zip", archive(lambda inner: inner.writestr("a", "x")))
    ),
    "a path out": lambda: archive(lambda file: file.writestr("../../etc/cron.d/x", "x")),
    "a link": link,
    "100,000 entries": lambda: many(100_000),
    "as many entries as there is room for": lambda: many(300_000),
    "ten thousand million points": lambda: png(100_000, 100_000, 10),
    "forty-one million points": lambda: png(8200, 5000, 5000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_proof_s10_a_bomb_is_refused_at_once_in_little_memory(
    bomb: str, tmp_path: Path, leeway: float
) -> None:
    file = tmp_path / "bomb"
    file.write_bytes(BOMBS[bomb]())
    told = subprocess.run(
        [sys.executable, "-c", LOOK, str(file)], check=True, capture_output=True, text=True
    )
    said, spent_s, grown = json.loads(told.stdout)
    print(f"S10: {bomb}: {said} after {spent_s:.2f} s, {grown / MIB:+.0f} MiB")  # noqa: T201
    assert said.startswith("attachment")
    assert spent_s < SECOND_S * leeway
    assert grown < MEMORY_MAX
    assert list(tmp_path.iterdir()) == [file]
