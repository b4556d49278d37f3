"""`python -m portal.translating`: keeps each package's Russian in step with its texts.

Texts in the code are English; each package owns translations/ru/LC_MESSAGES/messages.po, and the
compiled messages.mo beside it is committed, so that an installation needs no extra step.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from portal.languages import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}
#: A fixed date: the files change only when a text does.
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def po_path(package: str) -> Path:
    """Where a package's Russian lies."""
    return ROOT / package / "translations" / "ru" / "LC_MESSAGES" / "messages.po"


def extracted(package: str) -> Catalog:
    """The texts that the package's code and templates hold now."""
    catalog = Catalog(project="flatpro", creation_date=_EPOCH, charset="utf-8")
    found = extract_from_dir(ROOT / package, method_map=METHODS, keywords=KEYWORDS)
    for _file, _line, message, _comments, _context in sorted(found, key=lambda f: (f[0], f[1])):
        catalog.add(message)
    return catalog


def stored(package: str) -> Catalog:
    """The package's Russian as committed; empty when there is none yet."""
    path = po_path(package)
    if not path.exists():
        return Catalog(locale="ru", project="flatpro")
    return read_po(BytesIO(path.read_bytes()), locale="ru")


def missing(package: str) -> list[str]:
    """Texts of the package that have no Russian; plural ones need all three forms."""
    russian = stored(package)
    return [
        str(message.id)
        for message in extracted(package)
        if message.id and not _done(russian, message.id)
    ]


def compiled(package: str) -> bytes:
    """What messages.mo must hold."""
    buffer = BytesIO()
    write_mo(buffer, stored(package))
    return buffer.getvalue()


def refresh(package: str) -> list[str]:
    """Bring the package's files in step with its texts; the texts still to be translated."""
    russian = stored(package)
    russian.update(extracted(package), no_fuzzy_matching=True)
    russian.obsolete.clear()
    _write_header(russian, package)
    if not any(message.id for message in russian):
        return []
    path = po_path(package)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, russian, width=100, sort_output=True, omit_header=False)
    path.write_bytes(buffer.getvalue())
    path.with_suffix(".mo").write_bytes(compiled(package))
    return missing(package)


def main() -> int:
    """Refresh every package; 1 when a text has no Russian."""
    left = {package: refresh(package) for package in PACKAGES}
    for package, texts in left.items():
        for text in texts:
            sys.stdout.write(f"{package}: {text!r} has no Russian\n")
    return int(any(left.values()))


def _write_header(catalog: Catalog, package: str) -> None:
    catalog.header_comment = f"# Russian texts of {package}."
    catalog.creation_date = catalog.revision_date = _EPOCH
    catalog.version = "1"
    catalog.msgid_bugs_address = "support@flat-pro.ru"
    catalog.last_translator = "FLAT-PRO"
    catalog.language_team = "ru"
    catalog.fuzzy = False


def _done(russian: Catalog, message_id: str | tuple[str, ...] | list[str]) -> bool:
    found = russian.get(message_id)
    if found is None or found.fuzzy:
        return False
    return all(found.string) if isinstance(found.string, tuple) else bool(found.string)


if __name__ == "__main__":
    sys.exit(main())
