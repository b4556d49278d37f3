"""Words in which rooms tell of people's data: who is looked for, what is held, what is in the way.

Each room that holds personal data offers a Holder; the roof puts them together.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.phrases import Phrase

#: What stands where a person's data stood.
ERASED = "(данные удалены)"
#: Numbers are compared by their last ten digits: 8 900… and +7 900… are one.
_PHONE_DIGITS = 10


@dataclass(frozen=True)
class Person:
    """One person by what names nobody else: addresses in lower case, logins.

    `phones` are the last ten digits of numbers, and count only where no address was told: a
    number may be a whole office's.
    """

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """Each thing that names the person, with its kind before it."""
        kinds = (("email", self.emails), ("phone", self.phones), ("login", self.logins))
        return tuple(f"{kind}:{value}" for kind, values in kinds for value in sorted(values))


@dataclass(frozen=True)
class Mention:
    """How a person is named in one place."""

    name: str = ""
    email: str = ""
    phone: str = ""
    login: str = ""

    @property
    def person(self) -> Person:
        """Whom it names: by address and login, else by number."""
        if self.email or self.login:
            return Person(
                frozenset({self.email.lower()} - {""}), logins=frozenset({self.login} - {""})
            )
        return Person(phones=frozenset({phone_key(self.phone)} - {""}))

    def fits(self, typed: str) -> bool:
        """Whether it is what somebody looks for by an address, a number or a part of a name."""
        wanted, number = " ".join(typed.split()).casefold(), phone_key(typed)
        if "@" in wanted:
            return wanted in {self.email.casefold(), self.login.casefold()}
        if number and number == phone_key(self.phone):
            return True
        return bool(wanted) and (wanted in self.name.casefold() or wanted == self.login.casefold())


@dataclass(frozen=True)
class StoredFile:
    """A file that is held, by the name it is handed out under.

    `is_theirs` is false for what others sent or wrote for themselves: it goes with the rest, and
    is handed out to nobody.
    """

    name: str
    sha256: str
    is_theirs: bool = True


@dataclass(frozen=True)
class Held:
    """One thing that is held about a person.

    `category` is its class in the register, `subject` names it without naming the person, `key`
    is its row's. The class's term counts from `over_at`; it is empty while the thing is in use.
    """

    category: str
    subject: str
    key: str | int
    since: datetime
    over_at: datetime | None
    says: Mapping[str, object] = field(default_factory=dict)
    files: Sequence[StoredFile] = ()

    @property
    def handed_out(self) -> Sequence[StoredFile]:
        """The files that the person may have."""
        return [file for file in self.files if file.is_theirs]


@dataclass(frozen=True)
class Obstacle:
    """Why nothing may be erased now, and the last day of that where it is known.

    `subject` names the thing in the way as Held does, where there is one.
    """

    why: Phrase
    until: date | None = None
    subject: str = ""


def _nobody(_session: Session) -> Iterable[Mention]:
    return ()


def _nothing(_session: Session, _who: Person) -> Sequence[Held]:
    return ()


def _none_expired(_session: Session, _category: str, _before: datetime) -> Sequence[Held]:
    return ()


def _not_erased(
    _session: Session, _installation: Installation, _held: Held, _now: datetime
) -> None:
    raise NotImplementedError


def _no_obstacle(_session: Session, _who: Person, _today: date) -> Sequence[Obstacle]:
    return ()


@dataclass(frozen=True)
class Holder:
    """What one room can tell of people's data and do with it, for the classes that it holds.

    `expired` gives what was over before an instant, the oldest first and not all at once.
    """

    categories: frozenset[str] = frozenset()
    mentions: Callable[[Session], Iterable[Mention]] = _nobody
    find: Callable[[Session, Person], Sequence[Held]] = _nothing
    expired: Callable[[Session, str, datetime], Sequence[Held]] = _none_expired
    erase: Callable[[Session, Installation, Held, datetime], None] = _not_erased
    obstacles: Callable[[Session, Person, date], Sequence[Obstacle]] = _no_obstacle


def phone_key(text: str) -> str:
    """The last ten digits of a number; empty for what is too short to be one."""
    digits = re.sub(r"\D", "", text)
    return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS else ""
