"""Makes this installation hold what an upstream offers, unchanged and proved, or changes nothing.

Everything is fetched and checked first: metadata in a folder of its own, files in the blob store,
where nobody sees them. Then one transaction switches every row to the new generation.
"""

import fcntl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tuf.ngclient import TargetFile

from catalogue.mirrors import generations, looking
from catalogue.mirrors import mode as mirror_state
from catalogue.mirrors.generations import Outcome
from catalogue.mirrors.lists import Upstream
from catalogue.mirrors.looking import Known, Look, Order
from catalogue.mirrors.selection import NarrowerBundleError, Selection
from catalogue.mirrors.trust import Held, Pin
from catalogue.receivers import ListsContradictError
from catalogue.tuf import layout, role_files
from catalogue.tuf.layout import ROOT, View
from storage.blobs import BlobMissingError, BlobQuarantinedError, BlobStore
from storage.clock import now
from storage.installation import Installation
from storage.refusals import ConflictError

#: A publication in the middle of a look shows lists of before and after: look again.
_LOOKS = 3
_LOOK_AGAIN_S = 1.0


class BusyError(ConflictError):
    code = "mirror-busy"
    ru = "Зеркало как раз обновляется. Дождитесь конца."
    en = "The mirror is being brought up to date at this moment. Wait for its end."


def take(installation: Installation, upstream: Upstream, order: Order) -> Outcome:
    """Bring this installation to the upstream's newest state.

    Raises BusyError, what trust and lists raise, and the refusals above; then nothing
    that anyone sees has changed, what was fetched is not fetched again, and no later look believes
    anything older than what this one verified.
    """
    with _alone(installation.data_dir), tempfile.TemporaryDirectory() as folder:
        known, look = _look_until_consistent(
            installation, upstream, order, Path(folder), time.sleep
        )
        upstream.agree(*looking.members(look))
        _bring(installation.blobs, upstream, look, order)
        return generations.switch(installation, upstream.name, look, known, now())


def _known(installation: Installation, order: Order) -> tuple[Known, Selection]:
    with installation.database.reading() as session:
        row = mirror_state.of(session)
        if row is None:
            mirror_state.refuse_publisher(session)
            unpinned = {view: Held.seen(session, view) for view in layout.ROOTED}
            return Known({}, unpinned), order.chosen or Selection()
        before = generations.selection_of(row)
        chosen = order.chosen or before
        if not order.narrow and not chosen.covers(before):
            raise NarrowerBundleError(held=before)
        pins = {}
        for view, (version, _sha256) in row.pins.items():
            file = role_files.get(session, View(view), ROOT, int(version))
            pins[View(view)] = Pin.of(file.body)
        return Known(pins, {view: Held.read(session, view) for view in layout.ROOTED}), chosen


def _look_until_consistent(
    installation: Installation,
    upstream: Upstream,
    order: Order,
    folder: Path,
    wait: Callable[[float], None],
) -> tuple[Known, Look]:
    for number in range(_LOOKS):
        # Each look begins with what the one before has verified.
        known, chosen = _known(installation, order)
        own = folder / str(number)
        try:
            return known, looking.look(installation, upstream, order, chosen, known, own)
        except ListsContradictError:
            if number == _LOOKS - 1:
                raise
            wait(_LOOK_AGAIN_S)
    raise AssertionError("the last look returns or raises")


def _bring(blobs: BlobStore, upstream: Upstream, look: Look, order: Order) -> None:
    missing = [
        target for _path, target in sorted(look.targets.items()) if not is_held(blobs, target)
    ]
    for done, target in enumerate(missing):
        order.progress(done, len(missing), target.path)
        upstream.bring(target, blobs)
    order.progress(len(missing), len(missing), "")


def is_held(blobs: BlobStore, target: TargetFile) -> bool:
    """Whether the store has it whole, as far as a look tells: not in quarantine, nor cut short."""
    sha256 = target.hashes["sha256"]
    try:
        return blobs.size(sha256) == target.length
    except (BlobMissingError, BlobQuarantinedError):
        return False


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One at a time; the kernel drops the lock with the process."""
    folder = data_dir / "mirror"
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError from error
        yield
