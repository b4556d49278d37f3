"""Templates that operators wrote, filled in by a child process of bounded memory and time.

Jinja's sandbox keeps a template from Python's insides; only a process of its own keeps it from
this one's memory and time. The child stays for the next render and is ended when it is late.
"""

import atexit
import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import TemplateError

from provision.families.render_child import OUTPUT_MAX

WALL_CLOCK_S = 4.0
_ROOT = Path(__file__).parents[2]
# A character of the text takes at most six bytes of the answer (\uXXXX).
_ANSWER_MAX = 6 * OUTPUT_MAX + 1024


class BoundedTemplateError(TemplateError):
    """The template failed or would not end; the text holds names, never values."""


@dataclass
class _Child:
    """One process, one render at a time; started at need, anew after each that was ended."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    process: subprocess.Popen[bytes] | None = None
    owner: int = 0

    def ask(self, question: bytes, wall_clock_s: float) -> bytes:
        with self.lock:
            process = self._running()
            assert process.stdin is not None, "the child was started with pipes"
            try:
                process.stdin.write(question + b"\n")
                process.stdin.flush()
                return self._line(process, time.monotonic() + wall_clock_s)
            except (OSError, BoundedTemplateError) as error:
                self._end(process)
                if isinstance(error, BoundedTemplateError):
                    raise
                raise BoundedTemplateError("the rendering process ended") from error

    def _running(self) -> subprocess.Popen[bytes]:
        # After a fork the pipes belong to the parent: each process has a child of its own.
        if self.process is None or self.owner != os.getpid() or self.process.poll() is not None:
            self.owner = os.getpid()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "provision.families.render_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
            )
        return self.process

    def end(self) -> None:
        """End this process's child, if there is one."""
        with self.lock:
            if self.process is not None and self.owner == os.getpid():
                self._end(self.process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What was not sent yet goes nowhere.
                with contextlib.suppress(OSError):
                    pipe.close()
        self.process = None

    @staticmethod
    def _line(process: subprocess.Popen[bytes], end: float) -> bytes:
        assert process.stdout is not None, "the child was started with pipes"
        received = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise BoundedTemplateError("it takes too long")
                part = os.read(process.stdout.fileno(), 1 << 16)
                received += part
                if not part:
                    raise BoundedTemplateError("it takes too much time or memory")
                if len(received) > _ANSWER_MAX:
                    raise BoundedTemplateError("its output is too long")
        return received


_child = _Child()
atexit.register(_child.end)


@dataclass(frozen=True)
class BoundedTemplate:
    """A template by its source; `render` as Jinja's, elsewhere."""

    source: str = field(repr=False)
    format: str
    wall_clock_s: float = WALL_CLOCK_S

    def render(self, values: Mapping[str, object]) -> str:
        """The text; raises BoundedTemplateError."""
        asked = {"format": self.format, "source": self.source, "values": values}
        answer = json.loads(_child.ask(json.dumps(asked).encode(), self.wall_clock_s))
        if "text" in answer:
            return str(answer["text"])
        raise BoundedTemplateError(str(answer["error"]))
