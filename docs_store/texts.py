"""What is taken out of a document's file: the text of its pages and a picture of the first.

A PDF is opened by docs_store.pdf_reader, a process with limits on memory and time: a bomb ends
that process, and what it had read until then is kept.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from docs_store.content import PDF
from docs_store.words import composed

#: pdfium writes U+FFFE for a hyphen at a line's end: the word goes on in the next line.
_BROKEN_WORDS = ("\ufffe\r\n", "\ufffe\n", "\ufffe", "\u00ad")
_PLAIN_TYPES = ("text/plain", "text/csv")
_MAX_LINE = 64 * 1024**2  # bytes of one JSON line from the reader


@dataclass(frozen=True)
class TextOptions:
    """How much is taken from one file, and what reading it may cost."""

    max_pages: int = 3000
    max_characters: int = 10_000_000
    max_memory: int = 2 * 1024**3  # bytes of address space
    max_cpu_s: int = 60
    max_wall_s: int = 120


@dataclass(frozen=True)
class FileText:
    """What a file gave: its pages' texts from page 1, their number in all, and a PNG.

    `problem` says why it is not everything; empty when it is. `page_count` is None where a file
    has no pages.
    """

    texts: tuple[str, ...] = ()
    page_count: int | None = None
    picture: bytes = b""
    problem: str = ""


def read(file: BinaryIO, content_type: str, options: TextOptions) -> FileText:
    """What can be read from a file of this media type; never raises for what the file holds."""
    if content_type == PDF:
        return _read_pdf(file, options)
    if content_type.startswith(_PLAIN_TYPES):
        return _read_plain(file, options)
    return FileText()


def _read_plain(file: BinaryIO, options: TextOptions) -> FileText:
    text = file.read(options.max_characters * 4).decode("utf-8", errors="replace")
    whole = not file.read(1) and len(text) <= options.max_characters
    return FileText(
        texts=(_cleaned(text[: options.max_characters]),),
        problem="" if whole else "the text is too long",
    )


def _read_pdf(file: BinaryIO, options: TextOptions) -> FileText:
    with tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as answer:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        problem = _run(copy, answer, options)
        answer.seek(0)
        return _understood(answer, problem)


def _run(copy: IO[bytes], answer: IO[bytes], options: TextOptions) -> str:
    """Run the reader to its end or its limits; what went wrong, empty when nothing did."""
    limits = (
        options.max_memory,
        options.max_cpu_s,
        options.max_pages,
        options.max_characters,
    )
    try:
        done = subprocess.run(  # noqa: S603 - our own program and numbers
            [sys.executable, "-m", "docs_store.pdf_reader", *map(str, limits)],
            stdin=copy,
            stdout=answer,
            stderr=subprocess.PIPE,
            timeout=options.max_wall_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "reading took too long"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode < 0:
        return f"reading was stopped by signal {-done.returncode}"
    return (said or ["reading failed"])[-1][:200]


def _understood(answer: IO[bytes], problem: str) -> FileText:
    """The reader's lines; one that is cut short ends them."""
    texts: list[str] = []
    page_count, picture = None, b""
    for line in _lines(answer):
        match line:
            case {"pages": int(count)}:
                page_count = count
            case {"text": str(text)}:
                texts.append(_cleaned(text))
            case {"picture": str(encoded)}:
                picture = base64.b64decode(encoded)
    if not problem and page_count is not None and len(texts) < page_count:
        problem = f"only {len(texts)} of {page_count} pages were read"
    return FileText(tuple(texts), page_count, picture, problem)


def _lines(answer: IO[bytes]) -> Iterator[object]:
    while line := answer.readline(_MAX_LINE):
        try:
            yield json.loads(line)
        except ValueError:
            return


def _cleaned(text: str) -> str:
    for broken in _BROKEN_WORDS:
        text = text.replace(broken, "")
    return composed(text)
