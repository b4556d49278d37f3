"""Gathers the facts that judging.py judges: from the database, the disk and the network.

Nothing is changed, and no answer from outside is waited for longer than a few seconds.
"""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pysqlite3.dbapi2 as sqlite
from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import AuditEntry
from catalogue import expiry, keys
from catalogue.mirrors import mode as mirror_state
from jobs.models import Job, JobState
from portal.blob_care import standing
from portal.doctor import bucket, judging, packages_judging, tftp_judging
from portal.doctor.finding import Finding, Level
from portal.doctor.judging import Letters, Queue, Room
from portal.doctor.options import DoctorOptions
from provision.readers.networks import ReadOptions
from provision.tftp import probe
from provision.tftp.options import TftpOptions
from storage.blob_keeping.standby import StandbyBlobStore
from storage.blobs import BlobStore
from storage.db import wal_is_safe
from storage.installation import Installation
from storage.phrases import Phrase
from support.mailroom.models import MailState, OutgoingMail
from support.mailroom.options import MailOptions
from support.packages import own
from support.packages.loading import PackageFileError

PATIENCE_S = 5.0


def examine(
    installation: Installation, now: datetime, patience_s: float = PATIENCE_S
) -> Sequence[Finding]:
    """Everything that can be looked at from here; other machines get `patience_s` to answer."""
    version = ".".join(map(str, sqlite.sqlite_version_info))
    with installation.database.reading() as session:
        alarming = [str(age.place) for age in expiry.alarming(session, now)]
        bad = [one.sha256 for one in standing.bad(session)]
        newest = session.scalar(select(func.max(AuditEntry.at)))
        waiting = _queue(session, now)
        letters = _letters(session, installation.option(MailOptions), patience_s)
        mode = _mode(session, installation)
    return [
        judging.sqlite(
            version,
            in_use=installation.database.is_sqlite,
            is_safe=wal_is_safe(sqlite.sqlite_version_info),
        ),
        _key_file(installation),
        judging.signing(mode, alarming),
        judging.clock(now, newest, synchronised=_is_synchronised()),
        judging.disk(_room(installation.data_dir)),
        judging.stored_files(bad),
        *_bucket(installation.blobs),
        judging.queue(waiting, now),
        judging.letters(letters, now),
        judging.networks(installation.option(ReadOptions).networks),
        _packages(installation),
        _tftp(installation.option(TftpOptions), patience_s),
        _certificate(installation.public_url, now, patience_s),
    ]


def at_hand(session: Session, installation: Installation, now: datetime) -> Sequence[Finding]:
    """What is not well of what shows without asking other machines or programs; quick.

    That a key lies here is somebody's choice and no news.
    """
    alarming = [str(age.place) for age in expiry.alarming(session, now)]
    findings = [
        judging.disk(_room(installation.data_dir)),
        judging.stored_files([one.sha256 for one in standing.bad(session)]),
        judging.queue(_queue(session, now), now),
        _packages(installation),
        *([judging.signing(_mode(session, installation), alarming)] if alarming else ()),
    ]
    return [one for one in findings if one.level is not Level.GOOD]


def _queue(session: Session, now: datetime) -> Queue:
    due = (Job.state == JobState.QUEUED, Job.run_after <= now)
    count, since = session.execute(select(func.count(), func.min(Job.run_after)).where(*due)).one()
    failed = select(func.count()).where(
        Job.state == JobState.FAILED, Job.finished_at > now - timedelta(days=1)
    )
    return Queue(count, since, session.scalar(failed) or 0)


def _letters(session: Session, mail: MailOptions, patience_s: float) -> Letters:
    server = mail.outgoing
    count, since = session.execute(
        select(func.count(), func.min(OutgoingMail.created_at)).where(
            OutgoingMail.state == MailState.WAITING
        )
    ).one()
    if server is None:
        return Letters(None, None, count, since)
    silent = _unreachable(server.host, server.port, patience_s)
    return Letters(f"{server.host}:{server.port}", silent, count, since)


def _unreachable(host: str, port: int, patience_s: float) -> str | None:
    """Why nobody answers there; None when somebody does."""
    try:
        socket.create_connection((host, port), timeout=patience_s).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _key_file(installation: Installation) -> Finding:
    found = installation.option(DoctorOptions).key_file
    path = found or installation.data_dir / "secrets.key"
    beside = installation.data_dir.resolve() in path.resolve().parents
    return judging.key_file(str(path), mode=path.stat().st_mode, beside_data=beside)


def _bucket(blobs: BlobStore) -> Sequence[Finding]:
    """Of files on a local disk there is nothing to say here."""
    if not isinstance(blobs, StandbyBlobStore):
        return ()
    # A command has not asked for anything yet; a server's threads have.
    blobs.look()
    held = blobs.copies.held()
    return (bucket.judged(blobs.away_s(), held.count, held.bytes),)


def _packages(installation: Installation) -> Finding:
    """The table as a start would find it, whatever this process has read."""
    try:
        found = own.look_again(installation)
    except PackageFileError as error:
        return packages_judging.broken(Phrase(error.text("ru"), error.text("en")))
    return packages_judging.packages(
        len(found), own=(installation.data_dir / own.OWN_FILE).exists()
    )


def _mode(session: Session, installation: Installation) -> str:
    if mirror_state.of(session) is not None:
        return "mirror"
    public = keys.folder_of(installation) / keys.FIRMWARE_PUBLIC_FILE
    return "offline" if public.exists() else "local"


def _room(folder: Path) -> Room:
    found = shutil.disk_usage(folder)
    return Room(str(folder), found.free, found.total)


def _is_synchronised() -> bool | None:
    """What systemd says of the clock; None where there is none to ask."""
    program = shutil.which("timedatectl")
    if program is None:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - one fixed program of the system
            [program, "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(told.stdout.strip())


def _tftp(options: TftpOptions, patience_s: float) -> Finding:
    answers = options.host is not None and probe.answers(options, patience_s)
    return tftp_judging.tftp(options.host, options.port, options.networks, answers=answers)


def _certificate(url: str, now: datetime, patience_s: float) -> Finding:
    place = urlsplit(url)
    if place.scheme != "https" or place.hostname is None:
        return judging.certificate(url, None, None, now)
    try:
        expires_at = _expiry(place.hostname, place.port or 443, patience_s)
    except (OSError, ValueError) as error:
        return judging.certificate(url, None, str(error)[:200] or type(error).__name__, now)
    return judging.certificate(url, expires_at, None, now)


def _expiry(host: str, port: int, patience_s: float) -> datetime:
    """When the certificate at an address ends, whoever signed it."""
    # One that is not trusted has an end as well, and browsers tell of the rest.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=patience_s) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        told = secured.getpeercert(binary_form=True)
    if told is None:
        raise ValueError("no certificate")
    return x509.load_der_x509_certificate(told).not_valid_after_utc.astimezone(UTC)
