"""The outbox: a letter is stored in the transaction that decided on it, and sent by a job.

So a letter exists if and only if what it tells of is true, and a mail server that is away delays
letters and loses none.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.errors import HeaderParseError
from time import monotonic

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs import queue
from storage.db import Database
from storage.refusals import RefusedError
from support.mailroom import smtp
from support.mailroom.letters import Letter, envelope, one_line
from support.mailroom.models import MailState, OutgoingMail
from support.mailroom.options import MailOptions, Server
from support.mailroom.threads import bare_address, new_message_id

SEND = "support.send-mail"
#: Minutes until the next try; after the last one people are told on the page of letters.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
BATCH = 50
#: RFC 5321, 4.5.3.1.3.
ADDRESS_MAX = 254
#: Past the longest talk with a server: the letters of a process that died are due again then.
CLAIM = timedelta(minutes=10)

_log = structlog.get_logger(__name__)


class AddressError(RefusedError):
    code = "mail-address"
    field = "email"
    ru = "Это не адрес электронной почты латиницей."
    en = "This is no e-mail address in Latin letters."


def post(session: Session, letter: Letter, options: MailOptions, *, now: datetime) -> OutgoingMail:
    """Put a letter into the outbox; raises AddressError. It leaves after the transaction."""
    recipient = bare_address(letter.recipient)
    if not recipient or len(recipient) > ADDRESS_MAX:
        raise AddressError
    message_id = new_message_id(letter.thread, options.domain)
    try:
        envelope(_readdressed(letter, recipient), message_id, options, now)
    except ValueError as error:
        raise AddressError from error
    mail = _row(letter, recipient, message_id, now)
    session.add(mail)
    session.flush()
    if options.outgoing is not None:
        queue.submit(session, SEND, {}, actor="outbox", now=now, max_attempts=1)
    return mail


def post_or_record(
    session: Session, letter: Letter, options: MailOptions, *, now: datetime
) -> bool:
    """Post a letter that a round writes by itself; whether it may leave.

    One whose address takes no letter is kept as failed: the round comes again in hours, what can
    never leave is tried once, and people see it on the page of letters.
    """
    try:
        post(session, letter, options, now=now)
    except AddressError as error:
        message_id = new_message_id(letter.thread, options.domain)
        mail = _row(letter, one_line(letter.recipient, ADDRESS_MAX), message_id, now)
        mail.state, mail.error = MailState.FAILED, error.text("ru")
        session.add(mail)
        session.flush()
        _log.warning("mail-address-refused", mail=mail.id, purpose=letter.purpose)
        return False
    return True


def send_due(database: Database, options: MailOptions, now: datetime) -> int:
    """Send what is due; how many letters left. Each letter's outcome is stored at once.

    A letter is claimed first, so two processes do not send the same one, and no transaction is
    open while a server is talked to. A process killed between the server's "taken" and our commit
    sends one letter twice, under the same Message-ID.
    """
    if options.outgoing is None:
        return 0
    started, sent = monotonic(), 0
    for _ in range(BATCH):
        until = now + timedelta(seconds=monotonic() - started) + CLAIM
        mail = _claimed(database, now, until)
        if mail is None:
            break
        refusal = _refusal(mail, options, options.outgoing)
        with database.writing() as session:
            _settle(session.get_one(OutgoingMail, mail.id), refusal, now)
        sent += refusal is None
    return sent


def waiting(session: Session) -> int:
    """How many letters wait to be sent."""
    query = select(func.count()).where(OutgoingMail.state == MailState.WAITING)
    return session.scalar(query) or 0


def latest(session: Session, limit: int) -> Sequence[OutgoingMail]:
    """The newest letters first."""
    query = select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(limit)
    return session.scalars(query).all()


def failed(session: Session, limit: int) -> Sequence[OutgoingMail]:
    """The letters that no server took, the newest first."""
    query = select(OutgoingMail).where(OutgoingMail.state == MailState.FAILED)
    return session.scalars(query.order_by(OutgoingMail.id.desc()).limit(limit)).all()


def failed_count(session: Session) -> int:
    """How many letters no server took."""
    query = select(func.count()).where(OutgoingMail.state == MailState.FAILED)
    return session.scalar(query) or 0


def failed_about(session: Session, subjects: Sequence[str]) -> Sequence[OutgoingMail]:
    """The letters about these things that did not leave, the newest first."""
    query = select(OutgoingMail).where(
        OutgoingMail.about.in_(subjects), OutgoingMail.state == MailState.FAILED
    )
    return session.scalars(query.order_by(OutgoingMail.id.desc())).all()


def again(session: Session, mail_id: int, now: datetime) -> bool:
    """Let a letter that failed be tried anew; whether it had failed."""
    mail = session.get(OutgoingMail, mail_id)
    if mail is None or mail.state != MailState.FAILED:
        return False
    mail.state, mail.attempts, mail.next_try_at = MailState.WAITING, 0, now
    return True


def automatic_since(session: Session, recipient: str, since: datetime) -> int:
    """How many automatic letters this person has got since an instant (RFC 3834, section 2)."""
    query = select(func.count()).where(
        OutgoingMail.recipient == recipient,
        OutgoingMail.automatic.is_(True),
        OutgoingMail.created_at > since,
    )
    return session.scalar(query) or 0


def _row(letter: Letter, recipient: str, message_id: str, now: datetime) -> OutgoingMail:
    return OutgoingMail(
        recipient=recipient,
        subject=one_line(letter.subject),
        text=letter.text,
        purpose=letter.purpose,
        about=letter.about,
        automatic=letter.automatic,
        thread=letter.thread,
        in_reply_to=one_line(letter.in_reply_to, 500),
        message_id=message_id,
        state=MailState.WAITING,
        created_at=now,
        next_try_at=now,
    )


def _claimed(database: Database, now: datetime, until: datetime) -> OutgoingMail | None:
    """The next letter that is due, nobody else's until then; its attempt counts from here."""
    query = (
        select(OutgoingMail)
        .where(OutgoingMail.state == MailState.WAITING, OutgoingMail.next_try_at <= now)
        .order_by(OutgoingMail.next_try_at, OutgoingMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with database.writing() as session:
        mail = session.scalar(query)
        if mail is not None:
            mail.attempts, mail.next_try_at = mail.attempts + 1, until
    return mail


def _refusal(mail: OutgoingMail, options: MailOptions, server: Server) -> smtp.NotTakenError | None:
    """Why the server did not take the letter; None when it did."""
    letter = Letter(
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.text,
        purpose=mail.purpose,
        about=mail.about,
        automatic=mail.automatic,
        thread=mail.thread,
        in_reply_to=mail.in_reply_to,
    )
    try:
        smtp.send(envelope(letter, mail.message_id, options, mail.created_at), server)
    except smtp.NotTakenError as error:
        return error
    except (ValueError, IndexError, HeaderParseError) as error:
        return smtp.NotTakenError(f"{type(error).__name__}: {error}", is_final=True)
    return None


def _settle(mail: OutgoingMail, refusal: smtp.NotTakenError | None, now: datetime) -> None:
    if refusal is None:
        mail.state, mail.sent_at, mail.error = MailState.SENT, now, ""
        return
    mail.error = str(refusal)[:500]
    over = refusal.is_final or mail.attempts > len(RETRY_MINUTES)
    mail.state = MailState.FAILED if over else MailState.WAITING
    if not over:
        mail.next_try_at = now + timedelta(minutes=RETRY_MINUTES[mail.attempts - 1])
    _log.warning("mail-not-taken", mail=mail.id, final=over, error=mail.error)


def _readdressed(letter: Letter, recipient: str) -> Letter:
    return Letter(recipient, letter.subject, letter.text, letter.purpose, thread=letter.thread)
