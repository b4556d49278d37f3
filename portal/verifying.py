"""How a person checks a downloaded image: the commands, with this product's true names. Pure.

A test runs exactly these lines as a page shows them.
"""

from dataclasses import dataclass
from shlex import quote as word
from urllib.parse import quote


@dataclass(frozen=True)
class Commands:
    """One line each for a POSIX shell, in the folder that the image was downloaded to."""

    minisign: str
    sha256sum: str
    tuf: str


def commands(base: str, product: str, version: str, file_name: str, script: str) -> Commands:
    """The lines for an image; `base` is our address, `script` that of the TUF script's bytes."""
    folder = f"{base}/firmware/{quote(product)}"
    fetched = " ".join(
        f"-O {word(url)}"
        for url in (
            f"{base}/keys/minisign.pub",
            f"{folder}/SHA256SUMS",
            f"{folder}/SHA256SUMS.minisig",
        )
    )
    target = f"fw/{product}/{version}/{file_name}"
    return Commands(
        minisign=f"curl -fsS {fetched} && minisign -Vm SHA256SUMS -p minisign.pub",
        sha256sum="sha256sum --check --ignore-missing SHA256SUMS",
        tuf=(
            f"curl -fsS -o tuf_download.py {word(base + script)}"
            f" && python3 tuf_download.py {word(base)} {word(target)}"
        ),
    )
