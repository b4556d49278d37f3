"""How the table of support packages stands. Pure."""

from portal.doctor.finding import Finding, fault, good
from storage.phrases import Phrase


def packages(count: int, *, own: bool) -> Finding:
    """A table that can be used; `own`: the data folder's file has its part in it."""
    ru, en = ("с packages.toml", "with packages.toml") if own else ("из программы", "the program's")
    return good("packages", f"Пакетов: {count}, {ru}", f"{count} packages, {en}")


def broken(what: Phrase) -> Finding:
    """A table that a start would refuse."""
    return fault(
        "packages",
        what,
        Phrase(
            "Исправьте или уберите файл: с ним сервер не запустится (docs/support-packages.md)",
            "Correct the file or take it away: no server starts with it (docs/support-packages.md)",
        ),
    )
