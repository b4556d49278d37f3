"""The mirror's client behind the command line of TUF's public conformance suite.

    conformance_client.py --metadata-dir DIR init ROOT
    conformance_client.py --metadata-dir DIR --metadata-url URL refresh
    conformance_client.py … --target-name PATH --target-base-url URL --target-dir DIR download

It looks and fetches with the parts and the settings of `flatpro mirror sync`. DIR stands for what a
mirror keeps: the pinned root, what its client believes, and the blobs.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from catalogue.mirrors import syncing, trust
from catalogue.mirrors.http import HttpUpstream
from catalogue.mirrors.options import MirrorOptions
from catalogue.mirrors.seen import Verified
from catalogue.mirrors.trust import Followed, Held, Pin
from catalogue.tuf.layout import ROOT, SNAPSHOT, TIMESTAMP, View
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.refusals import RefusedError, UnavailableError

_PIN = "pinned"
_ROOTS = "root_history"


def main(words: list[str]) -> int:
    """0 when all of it succeeded, else 1."""
    asked = _parsed(words)
    try:
        return {"init": _init, "refresh": _refresh, "download": _download}[asked.command](asked)
    except (RefusedError, UnavailableError, FileNotFoundError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - it is a command's answer
        return 1


def _parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url", default="")
    parser.add_argument("--target-name", default="")
    parser.add_argument("--target-base-url", default="")
    parser.add_argument("--target-dir", type=Path, default=Path())
    parser.add_argument("command", choices=["init", "refresh", "download"])
    parser.add_argument("root", type=Path, nargs="?")
    return parser.parse_args(words)


def _init(asked: argparse.Namespace) -> int:
    pin = Pin.of(asked.root.read_bytes())
    (asked.metadata_dir / _PIN).write_bytes(pin.body)
    (asked.metadata_dir / f"{ROOT}.json").write_bytes(pin.body)
    return 0


def _refresh(asked: argparse.Namespace) -> int:
    with _following(asked.metadata_dir, _upstream(asked.metadata_dir, asked.metadata_url)):
        return 0


def _download(asked: argparse.Namespace) -> int:
    folder: Path = asked.metadata_dir
    with _following(folder, _upstream(folder, asked.metadata_url)) as followed, trust.telling():
        target = followed.client.get_targetinfo(asked.target_name)
    if target is None:
        return 1
    blobs = LocalBlobStore(folder / "blobs")
    sha256 = trust.sha256_of(target)
    if not syncing.is_held(blobs, target):
        _upstream(folder, asked.target_base_url).bring(target, blobs)
    with blobs.open(sha256) as file:
        body = file.read()
    place = asked.target_dir / quote(target.path, "")
    if not place.exists() or place.read_bytes() != body:
        place.write_bytes(body)
    return 0


def _upstream(folder: Path, url: str) -> HttpUpstream:
    """A mirror knows one address: `metadata/` and `targets/` lie below it."""
    return HttpUpstream(url.rstrip("/").rpartition("/")[0], folder / "incoming", MirrorOptions())


@contextmanager
def _following(folder: Path, upstream: HttpUpstream) -> Iterator[Followed]:
    """One look; what is verified in it is kept at once, its lists at the end."""
    pin = Pin.of((folder / _PIN).read_bytes())
    files = {path.stem: path.read_bytes() for path in folder.glob("*.json") if path.stem != ROOT}
    roots = {
        int(path.name.partition(".")[0]): path.read_bytes() for path in (folder / _ROOTS).glob("*")
    }
    with tempfile.TemporaryDirectory() as work:
        looking = Path(work) / "look"
        base = upstream.base(View.ONLINE)
        held = Held(roots, files, {})
        keep = partial(_keep, folder)
        try:
            yield trust.follow(looking, View.ONLINE, upstream.fetcher, base, pin, held, keep)
        finally:
            for path in looking.glob("*.json"):
                if path.stem not in {ROOT, TIMESTAMP, SNAPSHOT}:
                    (folder / path.name).write_bytes(path.read_bytes())


def _keep(folder: Path, verified: Sequence[Verified]) -> None:
    """As the rows of a mirror do; the newest root also lies where the suite looks for it."""
    (folder / _ROOTS).mkdir(exist_ok=True)
    for file in verified:
        (folder / f"{file.role}.json").write_bytes(file.body)
        if file.role == ROOT:
            (folder / _ROOTS / f"{file.version}.root.json").write_bytes(file.body)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
