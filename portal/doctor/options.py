"""What a look at the installation needs of the settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DoctorOptions:
    """Where the key of the secrets lies; beside the data when not set."""

    key_file: Path | None = None
