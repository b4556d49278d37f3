"""Looks at everything a mirror holds as if it had just come: every hash, every signature."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from catalogue import minisign, repository_audit, signed_files, targets
from catalogue.minisign import PublicKey
from catalogue.mirrors import mode, status
from catalogue.models import Target
from catalogue.repository_audit import Fault
from catalogue.tuf.layout import View
from storage.blobs import BlobStore
from storage.refusals import RefusedError, UnavailableError


class FaultyMirrorError(UnavailableError):
    code = "mirror-faulty"
    ru = (
        "Ошибок в зеркале: {count}. Повреждённое лечит flatpro storage scrub, а за ним "
        "mirror sync или import."
    )
    en = (
        "The mirror has faults: {count}. flatpro storage scrub and then mirror sync or import "
        "heal what is damaged."
    )


def offered(session: Session) -> Sequence[Target]:
    """The files that are held; raises NoMirrorError."""
    if mode.of(session) is None:
        raise status.NoMirrorError
    return targets.seen(session)


def faults(
    session: Session, blobs: BlobStore, shown: Iterable[Target], now: datetime
) -> Iterator[Fault]:
    """What is wrong: with TUF's files (also expired ones), with bytes, with the signed lists."""
    yield from repository_audit.faults(session, blobs, shown, read_bytes=True)
    row = mode.of(session)
    assert row is not None, "the caller has asked for what is offered"
    key = PublicKey.parse(row.online_key)
    for file in signed_files.every(session):
        try:
            minisign.verify(file.body, file.signature, key)
        except RefusedError as error:
            yield Fault(View.BOTH, file.path, str(error))
        if file.expires_at is not None and file.expires_at <= now:
            yield Fault(View.BOTH, file.path, f"expired {file.expires_at:%Y-%m-%d}")
