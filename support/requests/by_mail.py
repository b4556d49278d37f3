"""A letter becomes a request, or a word in one; whatever it is, its bytes are kept.

They are stored before anything is read from them, and one row tells what became of the letter. It
joins a request by our own token alone (S16); a robot's opens none and is never answered (RFC 3834).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import audit
from storage.blob_keeping import blob_models
from storage.blobs import Readable, StoredBlob
from storage.installation import Installation
from storage.refusals import ConflictError, RefusedError
from support.attachments import content
from support.mailroom import arrivals, outbox, parsing
from support.mailroom.models import Fate, IncomingMail, OutgoingMail
from support.mailroom.options import MailOptions
from support.mailroom.parsing import IncomingLetter, UnreadableError
from support.mailroom.threads import threads_of, without_tag
from support.requests import intake, letter_words, letters, records, talking
from support.requests.models import RequestMessage, SupportRequest
from support.requests.new_request import SUBJECT_MAX, Contact, NewRequest
from support.requests.refused import IntakeLimitError
from support.requests.vocabulary import Author, Channel
from support.sla.log import State

#: Larger letters are not taken at all; the mail server that hands them over bounces them.
RAW_BYTES_MAX = 60 * 1024 * 1024
#: Letters into one request, and acknowledgements to all, in an hour; a loop would send more.
PER_REQUEST_HOURLY = 60
ACKS_HOURLY = 300
ACTOR = "mail"
NO_SUBJECT = "(без темы)"
_HOUR = timedelta(hours=1)


class NoSenderError(RefusedError):
    code = "letter-sender"
    ru = "В письме нет адреса для ответа. Скачайте его и запишите обращение вручную."
    en = "The letter has no address to answer. Download it, and register the request by hand."


@dataclass(frozen=True)
class Received:
    """What became of a letter; `request` is the number of the request it belongs to, if any."""

    mail_id: int
    fate: Fate
    request: int | None
    remark: str


def receive(
    installation: Installation, stream: Readable, now: datetime, *, whole: bool = True
) -> Received:
    """Take one letter in; the same bytes a second time change nothing. Raises TooLargeError.

    `whole` is False for the headers of a letter whose rest stays in the mailbox.
    """
    stored = installation.blobs.put(stream, limit=RAW_BYTES_MAX)
    with installation.database.reading() as session:
        known = _known(session, stored.sha256)
    if known is not None:
        return known
    with installation.blobs.open(stored.sha256) as file:
        raw = file.read(parsing.LETTER_BYTES_MAX + 1)
    letter, remark = _read(installation, raw)
    if letter is not None and not whole:
        letter = replace(letter, is_whole=False)
    try:
        with installation.database.writing() as session:
            return _settle(session, installation, stored, letter, remark, now)
    except ConflictError:
        # The request was closed at this moment: the mail server hands the letter over again.
        raise
    except RefusedError as error:
        # What no person could send by a form: for people to look at, and never lost.
        with installation.database.writing() as session:
            return _settle(session, installation, stored, None, error.text("ru"), now)
    except IntegrityError:
        # The same letter came twice at once, and the other one was first.
        with installation.database.reading() as session:
            known = _known(session, stored.sha256)
        if known is None:
            raise
        return known


def take_anyway(installation: Installation, mail_id: int, *, actor: str, now: datetime) -> int:
    """Make a request of a letter that was only kept; its number. Raises NoSenderError.

    It is not acknowledged: whoever or whatever wrote it, a person answers it now.
    """
    with installation.database.reading() as session:
        sha256 = arrivals.get(session, mail_id).raw_sha256
    with installation.blobs.open(sha256) as file:
        raw = file.read(parsing.LETTER_BYTES_MAX + 1)
    letter, _remark = _read(installation, raw)
    if letter is None or not letter.sender:
        raise NoSenderError
    with installation.database.writing() as session:
        row = arrivals.get(session, mail_id)
        if row.request_id is None:
            stored = StoredBlob(row.raw_sha256, row.size)
            request = _open(session, installation, None, stored, letter, now, quiet=True)
            row.request_id, row.fate = request.id, Fate.REQUEST
            audit.record(session, actor, "letter.open", request.audit_subject, now, letter=row.id)
        return row.request_id


def is_restricted(session: Session, row: IncomingMail) -> bool:
    """N-3: whether the letter's words are kept under restricted access."""
    query = select(RequestMessage.id).where(
        RequestMessage.request_id == row.request_id, RequestMessage.restricted.is_(True)
    )
    return row.request_id is not None and session.scalar(query.limit(1)) is not None


def _known(session: Session, sha256: str) -> Received | None:
    row = session.scalar(select(IncomingMail).where(IncomingMail.raw_sha256 == sha256))
    return Received(row.id, Fate(row.fate), row.request_id, row.remark) if row else None


def _read(installation: Installation, raw: bytes) -> tuple[IncomingLetter | None, str]:
    try:
        return parsing.parse(raw, installation.option(MailOptions).address), ""
    except UnreadableError as error:
        return None, str(error)


def _settle(
    session: Session,
    installation: Installation,
    stored: StoredBlob,
    letter: IncomingLetter | None,
    remark: str,
    now: datetime,
) -> Received:
    fate, request = Fate.UNREADABLE, None
    if letter is not None and letter.sender:
        fate, request, remark = _deliver(session, installation, stored, letter, now)
    row = IncomingMail(
        raw_sha256=stored.sha256,
        message_id=letter.message_id if letter else "",
        sender=letter.sender if letter else "",
        subject=letter.subject if letter else "",
        size=stored.size,
        is_kept=True,
        fate=fate,
        remark=remark[:2000],
        request_id=request.id if request else None,
        received_at=now,
    )
    session.add(row)
    session.flush()
    blob_models.record(session, stored, row.owner, now)
    return Received(row.id, fate, row.request_id, row.remark)


def _deliver(
    session: Session,
    installation: Installation,
    stored: StoredBlob,
    letter: IncomingLetter,
    now: datetime,
) -> tuple[Fate, SupportRequest | None, str]:
    found = records.by_thread(
        session, threads_of(letter.references, letter.recipients, letter.subject)
    )
    if letter.robot:
        return Fate.AUTOMATIC, found, letter.robot
    if found is not None and not State(found.state).is_frozen:
        if _words_lately(session, found, now) >= PER_REQUEST_HOURLY:
            return Fate.FLOOD, found, f"> {PER_REQUEST_HOURLY} / h"
        return Fate.JOINED, _join(session, installation, found, stored, letter, now), ""
    try:
        options = installation.option(MailOptions)
        intake.check_source(session, _source(letter), now, options)
        return Fate.REQUEST, _open(session, installation, found, stored, letter, now), ""
    except IntakeLimitError as error:
        return Fate.FLOOD, None, error.text("en")


def _join(
    session: Session,
    installation: Installation,
    found: SupportRequest,
    stored: StoredBlob,
    letter: IncomingLetter,
    now: datetime,
) -> SupportRequest:
    request = records.get_to_change(session, found.id)
    remarks = list(letter.remarks)
    if letter.sender != request.contact_email:
        remarks.append(f"Письмо с адреса {letter.sender}, а не {request.contact_email or '—'}.")
    talking.customer_writes(
        session, installation, request, letter_words.message(session, letter, remarks, now),
        form_key=f"mail:{stored.sha256}",
        author_name=letter.sender_name or letter.sender,
        sender=letter.sender, now=now,
    )  # fmt: skip
    return request


def _open(
    session: Session,
    installation: Installation,
    over: SupportRequest | None,
    stored: StoredBlob,
    letter: IncomingLetter,
    now: datetime,
    *,
    quiet: bool = False,
) -> SupportRequest:
    """A new request; one that answers a request that is over follows it."""
    text = letter_words.message(session, letter, list(letter.remarks), now)
    may_tell = not quiet and _automatic_lately(session, now) < ACKS_HOURLY
    new = NewRequest(
        channel=Channel.EMAIL,
        subject=without_tag(letter.subject)[:SUBJECT_MAX] or NO_SUBJECT,
        text=text.words,
        contact=Contact(letter.sender_name, letter.sender, language=letter_words.language(letter)),
        intake_key=f"mail:{stored.sha256}",
        came_at=now,
        source=_source(letter),
        follows_id=over.id if over else None,
        files=text.files,
        quoted=text.quoted,
        remark=text.remark,
        in_reply_to=letter.message_id,
        acknowledge=letter.is_whole and may_tell,
    )
    request = intake.register(session, installation, new, actor=ACTOR, now=now)
    if not letter.is_whole and may_tell:
        told = letters.too_large(
            records.addressed(installation, request, letter.message_id),
            parsing.LETTER_BYTES_MAX // content.MIB,
        )
        outbox.post(session, told, installation.option(MailOptions), now=now)
    return request


def _source(letter: IncomingLetter) -> str:
    return f"mail:{letter.sender}"


def _words_lately(session: Session, request: SupportRequest, now: datetime) -> int:
    query = select(func.count()).where(
        RequestMessage.request_id == request.id,
        RequestMessage.author == Author.CUSTOMER,
        RequestMessage.at > now - _HOUR,
    )
    return session.scalar(query) or 0


def _automatic_lately(session: Session, now: datetime) -> int:
    query = select(func.count()).where(
        OutgoingMail.automatic.is_(True), OutgoingMail.created_at > now - _HOUR
    )
    return session.scalar(query) or 0
