"""The outbox: a letter is stored in the transaction that decided on it, and sent by a job.

So a letter exists if and only if what it tells of is true, and a mail server that is away delays
letters and loses none.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs import queue
from storage.db import Database
from storage.refusals import RefusedError
from support.mailroom import smtp
from support.mailroom.letters import Letter, envelope, one_line
from support.mailroom.models import MailState, OutgoingMail
from support.mailroom.options import MailOptions
from support.mailroom.threads import bare_address, new_message_id

SEND = "support.send-mail"
#: Minutes until the next try; after the last one people are told on the page of letters.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
BATCH = 50

_log = structlog.get_logger(__name__)


class AddressError(RefusedError):
    code = "mail-address"
    field = "email"
    ru = "Это не адрес электронной почты."
    en = "This is no e-mail address."


def post(session: Session, letter: Letter, options: MailOptions, *, now: datetime) -> OutgoingMail:
    """Put a letter into the outbox; raises AddressError. It leaves after the transaction."""
    recipient = bare_address(letter.recipient)
    if not recipient or len(recipient) > 254:
        raise AddressError
    message_id = new_message_id(letter.thread, options.domain)
    try:
        envelope(_readdressed(letter, recipient), message_id, options, now)
    except ValueError as error:
        raise AddressError from error
    mail = OutgoingMail(
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
    session.add(mail)
    session.flush()
    if options.outgoing is not None:
        queue.submit(session, SEND, {}, actor="outbox", now=now, max_attempts=1)
    return mail


def send_due(database: Database, options: MailOptions, now: datetime) -> int:
    """Send what is due; how many letters left. Each letter's outcome is stored at once.

    A process killed between the server's "taken" and our commit sends one letter twice, under the
    same Message-ID.
    """
    if options.outgoing is None:
        return 0
    with database.reading() as session:
        due = list(
            session.scalars(
                select(OutgoingMail.id)
                .where(OutgoingMail.state == MailState.WAITING, OutgoingMail.next_try_at <= now)
                .order_by(OutgoingMail.next_try_at, OutgoingMail.id)
                .limit(BATCH)
            )
        )
    sent = 0
    for mail_id in due:
        with database.writing() as session:
            mail = session.get_one(OutgoingMail, mail_id)
            sent += _try(mail, options, now)
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


def _try(mail: OutgoingMail, options: MailOptions, now: datetime) -> int:
    assert options.outgoing is not None, "the caller has looked"
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
    mail.attempts += 1
    try:
        smtp.send(envelope(letter, mail.message_id, options, mail.created_at), options.outgoing)
    except smtp.NotTakenError as error:
        mail.error = str(error)[:500]
        over = error.is_final or mail.attempts > len(RETRY_MINUTES)
        mail.state = MailState.FAILED if over else MailState.WAITING
        if not over:
            mail.next_try_at = now + timedelta(minutes=RETRY_MINUTES[mail.attempts - 1])
        _log.warning("mail-not-taken", mail=mail.id, final=over, error=mail.error)
        return 0
    mail.state, mail.sent_at, mail.error = MailState.SENT, now, ""
    return 1


def _readdressed(letter: Letter, recipient: str) -> Letter:
    return Letter(recipient, letter.subject, letter.text, letter.purpose, thread=letter.thread)
