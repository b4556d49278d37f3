"""What comes in by a form, a letter or a call, before it is a request; and what can't be one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.refusals import RefusedError
from support.attachments.content import Accepted
from support.mailroom.threads import bare_address, without_tag
from support.packages.package import Priority
from support.requests.refused import (
    AttestationError,
    CallTimeError,
    ContactError,
    ContactMailError,
    SubjectError,
)
from support.requests.vocabulary import Channel, Symptom

SUBJECT_MAX = 200
NAME_MAX = 120
PHONE_MAX = 40
CALL_AGE_MAX = timedelta(days=1)


@dataclass(frozen=True)
class Contact:
    """Who asks, and in which language they are answered ("ru" or "en")."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "ru"


@dataclass(frozen=True)
class NewRequest:
    """A request to take in.

    `intake_key` makes a form sent twice one request. `came_at` is when the server received it or
    the call was made (S-2, S-12). `attested` says that the person confirmed S-4.
    """

    channel: Channel
    subject: str
    text: str
    contact: Contact
    intake_key: str
    came_at: datetime
    serials: Sequence[str] = ()
    symptom: Symptom = Symptom.OTHER
    priority: Priority = Priority.P3
    product: str = ""
    firmware: str = ""
    attested: bool = False
    source: str = ""
    user_id: int | None = None
    organisation_id: int | None = None
    consent_id: int | None = None
    follows_id: int | None = None
    call_seconds: int | None = None
    files: Sequence[Accepted] = field(default=())
    quoted: str = ""
    remark: str = ""
    in_reply_to: str = ""
    acknowledge: bool = True


def check(new: NewRequest, now: datetime) -> None:
    """Raise the first thing for which a request can't be stored or answered."""
    for fault in faults(new, now):
        raise fault


def faults(new: NewRequest, now: datetime) -> Iterator[RefusedError]:
    """What the person is told of a request that can't be stored or answered, all of it."""
    subject = without_tag(new.subject)
    if not 0 < len(subject) <= SUBJECT_MAX:
        yield SubjectError(limit=SUBJECT_MAX)
    yield from _contact_faults(new)
    # S-4: who fills in a form confirms it there; an agent does for letters and calls.
    if new.channel in {Channel.FORM, Channel.PORTAL} and not new.attested:
        yield AttestationError()
    if new.channel is Channel.PHONE and not now - CALL_AGE_MAX <= new.came_at <= now:
        yield CallTimeError()


def _contact_faults(new: NewRequest) -> Iterator[RefusedError]:
    contact, email = new.contact, bare_address(new.contact.email)
    needs_mail = bool(contact.email) or new.channel in {Channel.FORM, Channel.EMAIL}
    if needs_mail and not email:
        yield ContactMailError()
    nowhere = not (needs_mail or contact.phone.strip())
    if nowhere or len(contact.name) > NAME_MAX:
        yield ContactError()
