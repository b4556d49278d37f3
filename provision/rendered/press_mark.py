"""The mark of what makes configurations here: the program, the families' files, the addresses.

What another version of any of them made is not served.
"""

import functools
import hashlib
from pathlib import Path

from provision.dialects import OWN_FOLDER
from storage.installation import Installation

_SOURCES = Path(__file__).parents[2]
#: The packages whose code decides what stands in a file.
_PACKAGES = ("catalogue", "firmware", "provision")
_KINDS = frozenset({".py", ".toml", ".j2"})


def press_mark(installation: Installation) -> bytes:
    """32 bytes; the same for all processes of one version over one data folder."""
    own = installation.data_dir / OWN_FOLDER
    return _mark(installation.phone_url, installation.secret_key, own)


@functools.lru_cache(maxsize=8)
def _mark(phone_url: str, key: bytes, own_families: Path) -> bytes:
    mark = hashlib.sha256(b"\0".join((phone_url.encode(), key)))
    for root in (*(_SOURCES / package for package in _PACKAGES), own_families):
        for path in sorted(found for found in root.rglob("*") if found.suffix in _KINDS):
            content = hashlib.sha256(path.read_bytes()).digest()
            mark.update(f"{path.relative_to(root)}\0".encode() + content)
    return mark.digest()
