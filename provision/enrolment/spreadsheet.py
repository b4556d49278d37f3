"""The first sheet of an XLSX or ODS file, opened by a process with limits: a bomb ends that alone.

A cell in the last corner of a sheet makes a parser ask for gigabytes, and a ZIP can swell.
"""

import io
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime

from storage.refusals import RefusedError

MEMORY_BYTES = 1024**3
CPU_S = 60
#: A float holds whole numbers up to here; a longer serial number was rounded by the spreadsheet.
_WHOLE_MAX = 10**15


class UnreadableSheetError(RefusedError):
    code = "unreadable-sheet"
    field = "file"
    ru = "Файл не открывается как таблица XLSX. Сохраните его заново или как «CSV UTF-8»."
    en = "The file does not open as an XLSX table. Save it anew, or as “CSV UTF-8”."


class RoundedNumberError(RefusedError):
    code = "rounded-number"
    field = "file"
    ru = "Строка {row}: длинное число в ячейке округлено. Задайте ей текстовый формат."
    en = "Row {row}: a long number was rounded in its cell. Format the cell as text."


def rows(content: bytes) -> Sequence[Sequence[str]]:
    """Every row from the first one as text; raises UnreadableSheetError or RoundedNumberError."""
    command = [sys.executable, "-m", "provision.enrolment.spreadsheet"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=content, capture_output=True, timeout=2 * CPU_S, check=False
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        answer = None
    match answer:
        case {"rows": list(found)}:
            return found
        case {"rounded": int(row)}:
            raise RoundedNumberError(row=row)
    raise UnreadableSheetError


def cell_text(value: object, row: int) -> str:
    """A cell as a person would type it."""
    if isinstance(value, float):
        if abs(value) >= _WHOLE_MAX:
            raise RoundedNumberError(row=row)
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if not value.time() else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _main() -> None:
    """The child: a file on its input, one JSON document on its output."""
    # Imported before the limits, which a library's start should not meet.
    from python_calamine import load_workbook  # noqa: PLC0415 - see above

    content = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sheet = load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
    told = sheet.to_python(skip_empty_area=False)
    try:
        answer: object = {
            "rows": [[cell_text(one, at) for one in row] for at, row in enumerate(told, 1)]
        }
    except RoundedNumberError as error:
        answer = {"rounded": error.details["row"]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
