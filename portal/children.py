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
#: How long answers and uploads that have begun may go on after the word to stop.
FINISH_WITHIN_S = 25.0

_log = structlog.get_logger(__name__)


def wait_for_word() -> None:
    """In a child: go on when the parent says so (`Child.release`), and end if it ends before."""
    if not os.read(sys.stdin.fileno(), 1):
        sys.exit(0)


def end_with_parent() -> None:
    """Make this process end when its standard input does: the parent's death closes it."""

    def watch() -> None:
        # Not through sys.stdin: its lock, held by this thread, would be missed at our end.
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Child:
    """One kept process; its output goes to `log_file`, or where ours goes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log_file: Path | None = None,
        *,
        end_within_s: float = END_WITHIN_S,
    ) -> None:
        self._name = name
        self._command = command
        self._log_file = log_file
        self._end_within_s = end_within_s
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._released = threading.Event()
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def release(self) -> None:
        """Let the child, which loaded meanwhile, begin; one that is started later does at once."""
        with self._telling:
            self._released.set()
            if self._process is not None:
                _tell(self._process)

    def tell_to_end(self) -> None:
        """Let the process end by itself, without waiting for it."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """End the process, after `end_within_s` seconds by force."""
        if not self._stopping.is_set():
            self.tell_to_end()
        process = self._process
        if process is None:
            return
        try:
            process.wait(self._end_within_s)
        except subprocess.TimeoutExpired:
            process.kill()
        self._thread.join(END_WITHIN_S)

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
                with self._telling:
                    # The pipe ends when we do, however we end, and the child, which reads it,
                    # follows (kill -9 would else leave it on its port).
                    self._process = subprocess.Popen(  # noqa: S603 - our own program
                        self._command,
                        env=os.environ,
                        stdin=subprocess.PIPE,
                        stdout=output,
                        stderr=output,
                    )
                    if self._released.is_set():
                        _tell(self._process)
                with self._process as process:
                    code = process.wait()
                if not self._stopping.is_set():
                    _log.error("child-ended", child=self._name, code=code)
                    self._stopping.wait(RESTART_DELAY_S)


def _tell(process: "subprocess.Popen[bytes]") -> None:
    """The word that a child waits for; one that ended meanwhile hears nothing."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        os.write(process.stdin.fileno(), b"\n")
