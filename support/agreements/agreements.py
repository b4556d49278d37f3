"""Support contracts: concluding them, who writes under them, and the tier of one request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit, users
from accounts.models import Site
from provision.devices import registry
from provision.devices.identity import BadSerialError, SerialNumber
from provision.devices.models import Device
from provision.devices.summary import DeviceSummary
from storage.clock import moscow_date
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support.agreements import agreed, named_engineers
from support.agreements.models import SupportContact, SupportContract
from support.agreements.tiers import FREE, Asked, AskedDevice, Tier, tier_of
from support.coverage import coverage_of, device_by_serial
from support.mailroom.threads import bare_address
from support.packages.package import Package
from support.rulebook import RULES_VERSION
from support.warranty import Verdict
from support.warranty_terms.terms import TermPolicy

NUMBER_LENGTH_MAX = 64


class AgreementNumberError(RefusedError):
    code = "support-contract-number"
    field = "number"
    ru = "Номер договора — от 1 до {limit} знаков."
    en = "A contract's number has 1 to {limit} characters."


class AgreementExistsError(ConflictError):
    code = "support-contract-exists"
    field = "number"
    ru = "Договор на поддержку {number} уже внесён."
    en = "The support contract {number} is already on record."


class UnknownAgreementError(NotFoundError):
    code = "unknown-support-contract"
    ru = "Договора на поддержку {number} нет."
    en = "There is no support contract {number}."


class AgreementPackageError(RefusedError):
    code = "support-contract-package"
    field = "package"
    ru = "Пакета «{package}» нет или он бесплатный: есть {known}."
    en = "There is no package “{package}”, or it is the free one: there are {known}."


class AgreementDaysError(RefusedError):
    code = "support-contract-days"
    field = "valid_to"
    ru = "Последний день договора раньше первого."
    en = "The contract's last day is before its first."


class ForeignPartError(RefusedError):
    code = "support-contract-foreign"
    field = "serials"
    ru = "{part} — не этой организации."
    en = "{part} is not this organisation's."


class ContactAddressError(RefusedError):
    code = "support-contact"
    field = "address"
    ru = "Нужен адрес электронной почты латиницей или домен вида @example.ru."
    en = "An e-mail address in Latin letters is needed, or a domain like @example.ru."


class ContactTakenError(ConflictError):
    code = "support-contact-taken"
    field = "address"
    ru = "{address} уже пишет от другой организации."
    en = "{address} already writes for another organisation."


@dataclass(frozen=True)
class NewAgreement:
    """A contract to conclude; sites by name, phones by serial; both empty: for all phones.

    `named_engineer` is a login, or empty.
    """

    number: str
    organisation: str
    package: str
    valid_from: date
    valid_to: date
    sites: Sequence[str] = ()
    serials: Sequence[str] = ()
    named_engineer: str = ""


def conclude(
    session: Session,
    new: NewAgreement,
    packages: Sequence[Package],
    *,
    actor: str,
    now: datetime,
) -> SupportContract:
    """Record a contract that buys one of `packages`.

    S-7: concluding it accepts the rules, whose version is kept with it, as are the targets that
    its package has today.
    """
    number = new.number.strip()
    if not 0 < len(number) <= NUMBER_LENGTH_MAX:
        raise AgreementNumberError(limit=NUMBER_LENGTH_MAX)
    paid = {one.code: one for one in packages if one.code != FREE}
    if new.package not in paid:
        raise AgreementPackageError(package=new.package[:32], known=", ".join(paid))
    if new.valid_to < new.valid_from:
        raise AgreementDaysError
    if session.scalar(select(SupportContract.id).where(SupportContract.number == number)):
        raise AgreementExistsError(number=number)
    organisation = users.organisation(session, new.organisation)
    contract = SupportContract(
        number=number,
        organisation=organisation,
        package=new.package,
        agreed=agreed.written(paid[new.package]),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        rules_version=RULES_VERSION,
        named_engineer=named_engineers.checked(session, paid[new.package], new.named_engineer),
        created_at=now,
        sites=[_site(session, name, organisation.id) for name in new.sites],
        devices=[_device(session, serial, organisation.id) for serial in new.serials],
    )
    session.add(contract)
    session.flush()
    audit.record(
        session,
        actor,
        "support-contract.conclude",
        contract.subject,
        now,
        package=new.package,
        rules=RULES_VERSION,
    )
    return contract


def end(
    session: Session, number: str, last_day: date, *, actor: str, now: datetime
) -> SupportContract:
    """End a contract on a day; requests that came before keep what they were promised."""
    contract = get(session, number)
    if last_day < contract.valid_from:
        raise AgreementDaysError
    contract.valid_to = last_day
    audit.record(
        session, actor, "support-contract.end", contract.subject, now, on=last_day.isoformat()
    )
    return contract


def get(session: Session, number: str) -> SupportContract:
    """The contract of this number; raises UnknownAgreementError."""
    query = select(SupportContract).where(SupportContract.number == number.strip())
    found = session.scalar(query)
    if found is None:
        raise UnknownAgreementError(number=number[:NUMBER_LENGTH_MAX])
    return found


def every(session: Session) -> Sequence[SupportContract]:
    """All contracts, those that end first first."""
    query = select(SupportContract).order_by(SupportContract.valid_to, SupportContract.number)
    return session.scalars(query).all()


def add_contact(
    session: Session, address: str, organisation: str, *, actor: str, now: datetime
) -> SupportContact:
    """Let an address, or a domain, write for an organisation; doing it twice changes nothing."""
    plain = address.strip().lower()
    whole = f"anyone{plain}" if plain.startswith("@") else plain
    if bare_address(whole) != whole:
        raise ContactAddressError
    owner = users.organisation(session, organisation)
    known = session.get(SupportContact, plain)
    if known is not None:
        if known.organisation_id != owner.id:
            raise ContactTakenError(address=plain)
        return known
    made = SupportContact(address=plain, organisation_id=owner.id, added_by=actor, added_at=now)
    session.add(made)
    session.flush()
    audit.record(session, actor, "support-contact.add", f"organisation:{owner.id}", now)
    return made


def remove_contact(session: Session, address: str, *, actor: str, now: datetime) -> None:
    """Let an address write for nobody any more; doing it twice changes nothing."""
    known = session.get(SupportContact, address.strip().lower())
    if known is not None:
        owner = known.organisation_id
        session.delete(known)
        audit.record(session, actor, "support-contact.remove", f"organisation:{owner}", now)


def contacts(session: Session) -> Sequence[SupportContact]:
    """Everybody who writes for an organisation."""
    return session.scalars(select(SupportContact).order_by(SupportContact.address)).all()


def addresses_of(session: Session, organisation_id: int) -> Sequence[str]:
    """The e-mail addresses of an organisation's people; a whole domain is no address."""
    query = select(SupportContact.address).where(
        SupportContact.organisation_id == organisation_id, ~SupportContact.address.startswith("@")
    )
    return session.scalars(query.order_by(SupportContact.address)).all()


def organisation_of(session: Session, address: str) -> int | None:
    """For which organisation an address writes: the address itself, else its domain."""
    plain = bare_address(address)
    for key in (plain, f"@{plain.rpartition('@')[2]}"):
        found = session.get(SupportContact, key) if plain else None
        if found is not None:
            return found.organisation_id
    return None


def tier_for(
    session: Session,
    serials: Iterable[str],
    organisation_id: int | None,
    policy: TermPolicy,
    packages: Sequence[Package],
    now: datetime,
    running: str | None = None,
) -> Tier:
    """The tier of a request about these phones, on the day of `now` in Moscow.

    `packages` are today's, the weakest first; `running` is the contract that the request has.
    """
    today = moscow_date(now)
    devices = [_asked(session, serial, today, policy) for serial in serials]
    return tier_of(
        Asked(organisation_id, devices, running),
        [agreed.agreement_of(contract) for contract in every(session)],
        [one.code for one in packages],
        today,
    )


def _asked(session: Session, serial: str, today: date, policy: TermPolicy) -> AskedDevice:
    try:
        device = device_by_serial(session, serial)
    except RefusedError:
        return AskedDevice(serial)
    return AskedDevice(
        serial=device.serial or serial,
        organisation_id=device.organisation_id,
        site_id=_site_id(session, device.mac),
        is_ours=device.own_product,
        verdict=_verdict(session, device, today, policy),
    )


def _verdict(session: Session, device: DeviceSummary, today: date, policy: TermPolicy) -> Verdict:
    try:
        return coverage_of(session, device, today, policy).verdict
    except RefusedError:
        # Papers that contradict each other are for staff to settle; nobody is turned away for it.
        return Verdict.NOT_ESTABLISHED


def _site_id(session: Session, mac: str) -> int | None:
    return session.scalar(select(Device.site_id).where(Device.mac == mac))


def _site(session: Session, name: str, organisation_id: int) -> Site:
    query = select(Site).where(Site.name == name.strip(), Site.organisation_id == organisation_id)
    found = session.scalar(query)
    if found is None:
        raise ForeignPartError(part=name.strip()[:64])
    return found


def _device(session: Session, serial: str, organisation_id: int) -> Device:
    try:
        found = registry.by_serial(session, SerialNumber.parse(serial))
    except BadSerialError:
        found = None
    if found is None or found.organisation_id != organisation_id:
        raise ForeignPartError(part=serial.strip()[:64])
    return found
