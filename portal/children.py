"""Child processes of the server: started again when they die, ended with us."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

RESTART_DELAY_S = 1.0
END_WITHIN_S = 5.0

_log = structlog.get_logger(__name__)


def end_with_parent() -> None:
    """Make this process end when its standard input does: the parent's death closes it."""

    def watch() -> None:
        while sys.stdin.buffer.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Child:
    """One kept process; its output goes to `log_file`, or where ours goes."""

    def __init__(self, name: str, command: Sequence[str], log_file: Path | None = None) -> None:
        self._name = name
        self._command = command
        self._log_file = log_file
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the process, at the latest after END_WITHIN_S seconds by force."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _keep(self) -> None:
        with contextlib.ExitStack() as files:
            output = files.enter_context(self._log_file.open("ab")) if self._log_file else None
            while not self._stopping.is_set():
                # Nothing is ever written: the pipe ends when we do, however we end, and the
                # child, which reads it, follows (kill -9 would else leave it on its port).
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    self._command,
                    env=os.environ,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                )
                code = self._process.wait()
                if not self._stopping.is_set():
                    _log.error("child-ended", child=self._name, code=code)
                    self._stopping.wait(RESTART_DELAY_S)
