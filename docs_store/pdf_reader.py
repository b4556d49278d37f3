"""The program that opens somebody's PDF: a process of its own, with limits, that writes JSON.

`python -m docs_store.pdf_reader MEMORY CPU_SECONDS PAGES CHARACTERS` reads the file on standard
input. It writes a line at once for each thing it has: the number of pages, each page's text, and
the first page's picture; a hostile file can only end it early.
"""

import base64
import json
import resource
import sys
from collections.abc import Iterator

import pypdfium2

from docs_store.png import png

THUMBNAIL_WIDTH = 360  # pixels
THUMBNAIL_HEIGHT = 720
UNREADABLE = 3  # exit code: damaged, locked or no PDF at all; the reason is on standard error


def main(memory: int, cpu_s: int, max_pages: int, max_characters: int) -> int:
    """Read the PDF on standard input; `memory` in bytes. The exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer)
        _say({"pages": len(document)})
        for text in _texts(document, max_pages, max_characters):
            _say({"text": text})
        _say({"picture": base64.b64encode(_picture(document)).decode()})
    except pypdfium2.PdfiumError as error:
        sys.stderr.write(str(error))
        return UNREADABLE
    return 0


def _texts(document: pypdfium2.PdfDocument, max_pages: int, max_characters: int) -> Iterator[str]:
    left = max_characters
    for number in range(min(len(document), max_pages)):
        text = _text(document, number, left)
        left -= len(text)
        yield text
        if left <= 0:
            return


def _text(document: pypdfium2.PdfDocument, number: int, most: int) -> str:
    """A page's text; a damaged page has none, and the others are still read."""
    try:
        found = document[number].get_textpage()
        text: str = found.get_text_range(0, min(found.count_chars(), most))
    except pypdfium2.PdfiumError:
        return ""
    return text


def _picture(document: pypdfium2.PdfDocument) -> bytes:
    """The first page as a PNG within the thumbnail's measures."""
    page = document[0]
    width, height = page.get_size()
    scale = min(THUMBNAIL_WIDTH / max(width, 1), THUMBNAIL_HEIGHT / max(height, 1))
    drawn = page.render(scale=scale, rev_byteorder=True)
    pixels, used = bytes(drawn.buffer), drawn.width * 3
    rows = [pixels[at : at + used] for at in range(0, drawn.height * drawn.stride, drawn.stride)]
    return png(drawn.width, drawn.height, rows)


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
