"""Logs: one JSON record a line on stderr, control characters escaped."""

import contextlib
import logging
from io import FileIO
from pathlib import Path

import structlog

from portal.log_lines import LogLines, to_stderr

#: The log file that is open now; set up again, it is closed first.
_file = contextlib.ExitStack()


def configure(log_file: Path | None = None) -> None:
    """Set up logging for this process: to `log_file`, or to standard error."""
    _file.close()
    lines = LogLines(_file.enter_context(_opened(log_file)).write if log_file else to_stderr)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Bridge()], force=True)


def _opened(path: Path) -> FileIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not buffered: several processes append whole records to one file.
    return path.open("ab", buffering=0)


class _Bridge(logging.Handler):
    """Libraries' warnings and failures in the same JSON form, with their tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        told = structlog.get_logger(record.name).bind(message=record.getMessage())
        told.log(record.levelno, "library", exc_info=record.exc_info)
