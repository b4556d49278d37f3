"""Finding a person over all rooms, and everything that is held of them."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import accounts.people
import support.agreements.people
import support.certificate_orders.people
import support.loaners.people
import support.mailroom.people
import support.personal_data.people
import support.repairs.parcel_people
import support.repairs.people
import support.requests.people
import support.subject_requests.people
from accounts.models import User
from storage.installation import Installation
from storage.people import Held, Holder, Mention, Person
from support.personal_data.register import PersonalClass, shipped
from support.requests.models import SupportRequest

#: Every room that holds people's data.
HOLDERS: Sequence[Holder] = (
    support.requests.people.HOLDER,
    support.mailroom.people.HOLDER,
    support.repairs.people.HOLDER,
    support.repairs.parcel_people.HOLDER,
    support.loaners.people.HOLDER,
    support.certificate_orders.people.HOLDER,
    support.agreements.people.HOLDER,
    support.personal_data.people.HOLDER,
    support.subject_requests.people.HOLDER,
    accounts.people.HOLDER,
)
SHOWN = 50


@dataclass
class Candidate:
    """Somebody whom a search may mean: by what they are named, and in how many ways."""

    person: Person
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)


def holder_of(category: str) -> Holder:
    """The room that holds a class."""
    return next(one for one in HOLDERS if category in one.categories)


def mentions(session: Session) -> Iterable[Mention]:
    """Every way in which anybody is named anywhere."""
    for holder in HOLDERS:
        yield from holder.mentions(session)


def candidates(session: Session, typed: str) -> Sequence[Candidate]:
    """Whom an address, a number or a part of a name may mean; those named best come first."""
    found: dict[tuple[str, ...], Candidate] = {}
    fitting = (one for one in mentions(session) if one.person.keys and one.fits(typed))
    for mention in fitting:
        one = found.setdefault(mention.person.keys, Candidate(mention.person))
        one.names |= {mention.name} - {""}
        one.phones |= {mention.phone} - {""}
    return sorted(found.values(), key=lambda one: (not one.names, one.person.keys))[:SHOWN]


def person(session: Session, *, email: str = "", phone: str = "", login: str = "") -> Person:
    """The person whom these name, with the account by which they have asked under their own name.

    A secretary's account may have asked for the person too: it bears another name.
    """
    named = Mention(email=email.strip(), phone=phone, login=login.strip()).person
    if not named.emails:
        return named
    own = select(User.login).where(func.lower(User.login).in_(named.emails))
    asked = (
        select(User.login, User.name, SupportRequest.contact_name)
        .join(SupportRequest, SupportRequest.user_id == User.id)
        .where(SupportRequest.contact_email.in_(named.emails), User.role == "customer")
        .where(User.disabled_at.is_(None))
    )
    logins = {
        login
        for login, name, contact in session.execute(asked)
        if name and name.casefold().split() == contact.casefold().split()
    }
    return Person(named.emails, named.phones, named.logins | logins | {*session.scalars(own)})


def held_of(session: Session, who: Person) -> Sequence[Held]:
    """Everything that is held of a person, in the order of the register's classes."""
    found = [held for holder in HOLDERS for held in holder.find(session, who)]
    order = {one.code: number for number, one in enumerate(shipped().classes)}
    return sorted(found, key=lambda held: (order[held.category], held.since, held.subject))


def by_class(found: Iterable[Held]) -> Sequence[tuple[PersonalClass, Sequence[Held]]]:
    """What was found, under its classes."""
    groups: dict[str, list[Held]] = defaultdict(list)
    for held in found:
        groups[held.category].append(held)
    return [(shipped().get(code), rows) for code, rows in groups.items()]


def marks(installation: Installation, who: Person) -> Sequence[str]:
    """Keyed hashes of what names a person: they are found again by it, and told to nobody."""
    return [_mark(installation, key) for key in who.keys]


def marks_of(installation: Installation, keys: Iterable[str]) -> Sequence[str]:
    """The hashes of keys, as `marks` makes them."""
    return [_mark(installation, key) for key in keys]


def _mark(installation: Installation, key: str) -> str:
    made = hmac.new(installation.secret_key, f"person:{key}".encode(), hashlib.sha256)
    return made.hexdigest()[:32]
