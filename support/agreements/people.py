"""What agreements hold of people: who writes for an organisation, and what it still owes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import User
from storage.installation import Installation
from storage.people import Held, Holder, Mention, Obstacle, Person
from storage.phrases import Phrase
from support import roubles
from support.agreements.models import Receivable, SupportContact, SupportContract

CONTACT = "contact"


def _mentions(session: Session) -> Iterable[Mention]:
    people = select(SupportContact.address).where(~SupportContact.address.startswith("@"))
    return [Mention(email=address) for address in session.scalars(people)]


def _find(session: Session, who: Person) -> Sequence[Held]:
    query = select(SupportContact).where(SupportContact.address.in_(who.emails))
    return [_held(one) for one in session.scalars(query)]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    session.delete(session.get_one(SupportContact, held.key))
    session.flush()


def _obstacles(session: Session, who: Person, today: date) -> Sequence[Obstacle]:
    return [
        obstacle
        for organisation in sorted(_organisations(session, who))
        for obstacle in (*_debt(session, organisation), *_contracts(session, organisation, today))
    ]


def _organisations(session: Session, who: Person) -> set[int]:
    """Those for which the person writes or logs in; an account that was ended binds nobody."""
    writes = select(SupportContact.organisation_id).where(SupportContact.address.in_(who.emails))
    logs_in = select(User.organisation_id).where(
        User.login.in_(who.logins | who.emails),
        User.organisation_id.is_not(None),
        User.disabled_at.is_(None),
    )
    found = [*session.scalars(writes), *session.scalars(logs_in)]
    return {one for one in found if one is not None}


def _debt(session: Session, organisation: int) -> Iterable[Obstacle]:
    owed = session.get(Receivable, organisation)
    if owed is not None and owed.overdue > 0:
        sum_owed = roubles.written(owed.overdue)
        yield Obstacle(
            Phrase(
                f"За организацией этого человека долг {sum_owed.ru} (на {owed.as_of:%d.%m.%Y}):"
                " до оплаты данные нужны для взыскания.",
                f"The person's organisation owes {sum_owed.en} (as of {owed.as_of}): the data"
                " are needed until it is paid.",
            )
        )


def _contracts(session: Session, organisation: int, today: date) -> Iterable[Obstacle]:
    query = select(SupportContract).where(
        SupportContract.organisation_id == organisation, SupportContract.valid_to >= today
    )
    for one in session.scalars(query.order_by(SupportContract.id)):
        yield Obstacle(
            Phrase(
                f"Действует договор {one.number}. Раньше — если организация назовёт другое"
                " контактное лицо.",
                f"The contract {one.number} is running. Earlier if the organisation names somebody"
                " else as its contact.",
            ),
            one.valid_to,
        )


def _held(one: SupportContact) -> Held:
    says = {"email": one.address, "organisation": one.organisation_id}
    subject = f"contact-of-organisation:{one.organisation_id}"
    return Held(CONTACT, subject, one.address, one.added_at, None, says)


HOLDER = Holder(frozenset({CONTACT}), _mentions, _find, erase=_erase, obstacles=_obstacles)
