"""Download one file through TUF: python3 tuf_download.py ADDRESS TARGET.

Needs python3 and `pip install tuf`. The first root is taken from ADDRESS and kept in ./tuf-trust;
from then on the server is believed only as far as signatures go. Remove that folder to begin anew.
"""

import sys
import urllib.request
from pathlib import Path

from tuf.ngclient import Updater


def main(address: str, target: str) -> None:
    """Refresh the signed lists, find the target in them, download it and check its hash."""
    folder = Path("tuf-trust")
    folder.mkdir(exist_ok=True)
    first = folder / "first-root.json"
    if not first.exists():
        with urllib.request.urlopen(f"{address}/keys/root.json") as answer:
            first.write_bytes(answer.read())
    updater = Updater(
        str(folder),
        f"{address}/metadata/",
        ".",
        f"{address}/targets/",
        bootstrap=first.read_bytes(),
    )
    info = updater.get_targetinfo(target)
    if info is None:
        sys.exit(f"No signed list names {target}.")
    name = target.rpartition("/")[2]
    print(updater.download_target(info, name), "is genuine.")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
