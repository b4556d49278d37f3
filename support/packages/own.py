"""The packages of an installation: the program's, changed by the file of its data folder."""

import functools
from pathlib import Path

from storage.installation import Installation
from support.packages.loading import PackageFileError, parse, shipped
from support.packages.package import Package

#: A file of that name in the data folder replaces packages of the same code, and adds others.
OWN_FILE = "packages.toml"
SIZE_MAX = 256 * 1024


def packages_of(installation: Installation) -> tuple[Package, ...]:
    """The packages, the weakest first, read once for each process; raises PackageFileError.

    They are what a new contract buys. What a contract promised stands with it (agreements/agreed).
    """
    return _loaded(installation.data_dir / OWN_FILE)


def look_again(installation: Installation) -> tuple[Package, ...]:
    """The packages as the file is now: what a restart would load; raises PackageFileError."""
    return _read(installation.data_dir / OWN_FILE)


@functools.lru_cache(maxsize=8)
def _loaded(file: Path) -> tuple[Package, ...]:
    return _read(file)


def _read(file: Path) -> tuple[Package, ...]:
    try:
        with file.open("rb") as opened:
            body = opened.read(SIZE_MAX + 1)
        if len(body) > SIZE_MAX:
            raise PackageFileError(
                file=file, ru=f"больше {SIZE_MAX} байт", en=f"more than {SIZE_MAX} bytes"
            )
        # Notepad begins a file with a mark that TOML does not know.
        return parse(str(file), body.decode("utf-8-sig"), shipped())
    except FileNotFoundError:
        return shipped()
    except OSError as error:
        raise PackageFileError(file=file, ru=error.strerror, en=error.strerror) from error
    except UnicodeDecodeError as error:
        raise PackageFileError(
            file=file, ru=f"не UTF-8, байт {error.start}", en=f"not UTF-8 at byte {error.start}"
        ) from error
