"""What goes out of an import: verdicts row by row, and tokens, as CSV without formulas (pure)."""

from collections.abc import Iterable, Iterator, Mapping

from provision import csv_cells
from provision.enrolment import words
from provision.enrolment.judging import Judged
from provision.enrolment.preparing import Issued

COLUMNS = ("row", "verdict", "reason", "mac", "serial", "product", "site")


def as_rows(rows: Iterable[Judged], language: str) -> Iterator[Mapping[str, object]]:
    """Verdicts as programs and tables get them."""
    for row in rows:
        entry = row.entry
        yield {
            "row": entry.row,
            "verdict": row.verdict.value,
            "reason": words.reason(row, language),
            "mac": entry.mac,
            "serial": entry.serial,
            "product": entry.product,
            "site": entry.site,
        }


def csv_lines(rows: Iterable[Judged], language: str) -> Iterator[str]:
    """Verdicts for a spreadsheet; the mark makes Excel read it as UTF-8."""
    yield "\ufeff" + ",".join(COLUMNS) + "\r\n"
    for row in as_rows(rows, language):
        yield csv_cells.line([row[name] for name in COLUMNS])


def token_lines(issued: Iterable[Issued], phone_url: str) -> Iterator[str]:
    """Tokens with the address to set in each phone."""
    yield "mac,serial,token,address\r\n"
    for one in issued:
        yield csv_cells.line([one.mac, one.serial, one.token, f"{phone_url}/p/{one.token}/"])
