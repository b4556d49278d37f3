"""One installation: where its data lives and the floor's parts, handed to views, commands and jobs.

A slice's own options are dataclasses beside the code that uses them; portal/settings.py builds
them and a slice asks for its own by type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TypeVar

from storage.blobs import BlobStore
from storage.db import Database
from storage.sealed import Seal

Option = TypeVar("Option")


@dataclass(frozen=True)
class Installation:
    """The parts every slice may use. Addresses end without a slash."""

    data_dir: Path
    database: Database
    blobs: BlobStore
    seal: Seal
    secret_key: bytes
    public_url: str
    phone_url: str
    options: Mapping[type, object] = field(default_factory=dict)
    #: Options that are loaded when they are asked for: where they are, by the name of their kind;
    #: both written module:name.
    later: Mapping[str, str] = field(default_factory=dict)

    def option(self, kind: type[Option]) -> Option:
        """The options dataclass `kind`, or its defaults when nothing was set."""
        found = self.options.get(kind)
        if found is None and (place := self.later.get(f"{kind.__module__}:{kind.__qualname__}")):
            found = resolve_name(place)
        return found if isinstance(found, kind) else kind()
