"""What support requests hold of people: who asked, what was written, the files that came."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import User
from accounts.people import mask_audit
from storage.blob_keeping import blob_models
from storage.installation import Installation
from storage.masking import columns_of, mask
from storage.people import ERASED, Held, Holder, Mention, Obstacle, Person, StoredFile, phone_key
from storage.phrases import Phrase
from support.mailroom import people as letters
from support.requests import endings
from support.requests.models import (
    Refusal,
    RequestAttachment,
    RequestEvent,
    RequestMessage,
    SupportRequest,
)
from support.requests.vocabulary import Author
from support.sla.log import State

REQUEST, WORD, ATTACHMENT = "request", "request-word", "attachment"
_AT_ONCE = 200


def _mentions(session: Session) -> Iterable[Mention]:
    one = SupportRequest
    query = select(one.contact_name, one.contact_email, one.contact_phone).distinct()
    for name, email, phone in session.execute(query.where(one.erased_at.is_(None))):
        yield Mention(name, email, phone)


def _find(session: Session, who: Person) -> Sequence[Held]:
    found = [_held(session, request) for request in _of(session, who)]
    return [*found, *_words_elsewhere(session, who, {held.key for held in found})]


def _of(session: Session, who: Person) -> Sequence[SupportRequest]:
    one, users = SupportRequest, select(User.id).where(User.login.in_(who.logins))
    theirs = [one.contact_email.in_(who.emails), one.user_id.in_(users)]
    if who.phones:
        bare = select(one.id, one.contact_phone).where(one.contact_email == "")
        ids = [key for key, phone in session.execute(bare) if phone_key(phone) in who.phones]
        theirs.append(one.id.in_(ids))
    query = select(one).where(or_(*theirs), one.erased_at.is_(None)).order_by(one.id)
    return session.scalars(query).all()


def _words_elsewhere(session: Session, who: Person, own: set[str | int]) -> Iterable[Held]:
    """What the person wrote by letter into somebody else's request."""
    keys = [f"mail:{sha256}" for sha256 in letters.raw_of(session, who)]
    query = select(RequestMessage).where(
        or_(RequestMessage.form_key.in_(keys), RequestMessage.author_name.in_(who.emails))
    )
    for message in session.scalars(query.order_by(RequestMessage.id)):
        if message.request_id not in own and message.author_name:
            says = {"messages": [_said(message)]}
            files = _files(message)
            subject = f"request:{message.request_id}/message:{message.id}"
            yield Held(WORD, subject, message.id, message.at, message.at, says, files)


def _expired(session: Session, category: str, before: datetime) -> Sequence[Held]:
    one = SupportRequest
    if category == WORD:
        return ()
    if category == ATTACHMENT:
        query = (
            select(RequestAttachment, one)
            .join(RequestMessage, RequestMessage.id == RequestAttachment.message_id)
            .join(one, one.id == RequestMessage.request_id)
            .where(endings.over_before(before))
        )
        rows = session.execute(query.order_by(RequestAttachment.id).limit(_AT_ONCE))
        return [_held_file(file, request) for file, request in rows]
    due = select(one).where(endings.over_before(before), one.erased_at.is_(None))
    rows_due = session.scalars(due.order_by(one.id).limit(_AT_ONCE)).all()
    return [_held(session, request) for request in rows_due]


def _erase(session: Session, _installation: Installation, held: Held, now: datetime) -> None:
    if held.category == ATTACHMENT:
        file = session.get(RequestAttachment, held.key)
        if file is not None:
            _drop(session, file)
    elif held.category == WORD:
        _empty(session, session.get_one(RequestMessage, held.key))
    else:
        _erase_request(session, session.get_one(SupportRequest, held.key), now)


def _erase_request(session: Session, request: SupportRequest, now: datetime) -> None:
    """Who asked and every word go; what it was about, its clocks and what became of it stay."""
    messages = _messages(session, request)
    words = [request.contact_name, request.contact_email, request.contact_phone]
    words += [one.author_name for one in messages if one.author == Author.CUSTOMER]
    for message in messages:
        _empty(session, message)
    for refusal in session.scalars(select(Refusal).where(Refusal.request_id == request.id)):
        refusal.text, refusal.evidence = ERASED, {}
        refusal.appeal = ERASED if refusal.appeal else ""
        refusal.appeal_answer = ERASED if refusal.appeal_answer else ""
    letters.forget_of_request(session, request.id)
    letters.forget_about(session, request.audit_subject)
    request.contact_name = request.contact_email = request.contact_phone = request.source = ""
    request.subject, request.user_id, request.erased_at = ERASED, None, now
    session.flush()
    about = RequestEvent.request_id == request.id
    mask(session, columns_of(RequestEvent, "actor", "details"), words, about)
    mask_audit(session, request.audit_subject, words)


def _empty(session: Session, message: RequestMessage) -> None:
    for file in list(message.attachments):
        _drop(session, file)
    message.text, message.quoted, message.remark = ERASED, "", ""
    if message.author == Author.CUSTOMER:
        message.author_name = ""
    session.flush()


def _drop(session: Session, file: RequestAttachment) -> None:
    blob_models.release(session, file.owner)
    session.delete(file)
    session.flush()


def _obstacles(session: Session, who: Person, _today: date) -> Sequence[Obstacle]:
    return [
        Obstacle(
            Phrase(
                f"Обращение № {one.id} не закрыто: закройте его или дождитесь его конца.",
                f"Request {one.id} is not closed: close it, or wait for its end.",
            ),
            subject=one.audit_subject,
        )
        for one in _of(session, who)
        if not State(one.state).is_frozen
    ]


def _held(session: Session, request: SupportRequest) -> Held:
    messages = _messages(session, request)
    refusals = select(Refusal).where(Refusal.request_id == request.id).order_by(Refusal.id)
    says = {
        "number": request.id,
        "name": request.contact_name,
        "email": request.contact_email,
        "phone": request.contact_phone,
        "channel": str(request.channel),
        "state": str(request.state),
        "subject": request.subject,
        "phones": list(request.serials),
        "product": request.product,
        "firmware": request.firmware,
        "source": request.source,
        # Notes that staff wrote for each other are no answer to the person.
        "messages": [_said(message) for message in messages if message.is_public],
        "refusals": [
            {"at": one.proposed_at, "text": one.text, "appeal": one.appeal}
            for one in session.scalars(refusals)
        ],
    }
    files = [file for message in messages for file in _files(message)]
    files += letters.of_request(session, request.id, request.contact_email)
    over = endings.over_at(request)
    subject, since = request.audit_subject, request.registered_at
    return Held(REQUEST, subject, request.id, since, over, says, files)


def _held_file(file: RequestAttachment, request: SupportRequest) -> Held:
    stored, over = StoredFile(file.name, file.sha256), endings.over_at(request)
    subject = f"{request.audit_subject}/file:{file.id}"
    return Held(ATTACHMENT, subject, file.id, file.stored_at, over, {"file": file.name}, [stored])


def _said(message: RequestMessage) -> dict[str, object]:
    """A message; who of the staff wrote it is that person's data."""
    mine = message.author == Author.CUSTOMER
    return {
        "at": message.at,
        "author": message.author_name if mine else str(message.author),
        "text": message.text,
        "quoted": message.quoted,
    }


def _messages(session: Session, request: SupportRequest) -> Sequence[RequestMessage]:
    query = select(RequestMessage).where(RequestMessage.request_id == request.id)
    return session.scalars(query.order_by(RequestMessage.id)).all()


def _files(message: RequestMessage) -> list[StoredFile]:
    return [StoredFile(one.name, one.sha256, message.is_public) for one in message.attachments]


HOLDER = Holder(
    frozenset({REQUEST, WORD, ATTACHMENT}), _mentions, _find, _expired, _erase, _obstacles
)
