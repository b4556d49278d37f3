"""What a contract promises: its package as it was when it was concluded (S-7)."""

from datetime import timedelta
from typing import Any

from support.agreements.models import SupportContract
from support.agreements.tiers import Agreement
from support.packages.loading import shipped
from support.packages.package import Package, Priority, Promise, Target
from support.phrases import Phrase

#: Beside the priorities: what the package gives besides times.
_SERVICES = "services"
_LOANER, _ENGINEER = "loaner", "named-engineer"


def written(package: Package) -> dict[str, Any]:
    """The package as it is kept with a contract: targets by priority and promise, in seconds."""
    found: dict[str, Any] = {_SERVICES: _services(package)}
    for (priority, promise), target in package.targets.items():
        kept: list[object] = [int(target.within.total_seconds()), target.around_the_clock]
        found.setdefault(priority.value, {})[promise.value] = kept
    return found


def package_of(contract: SupportContract) -> Package:
    """The package that the contract bought, whatever the table says of that code today."""
    services = contract.agreed.get(_SERVICES)
    if services is None:  # concluded before services were kept: what the program brought then
        services = next((_services(one) for one in shipped() if one.code == contract.package), [])
    return Package(
        code=contract.package,
        name=Phrase(contract.package, contract.package),
        targets={
            (Priority(priority), Promise(promise)): Target(timedelta(seconds=seconds), clock)
            for priority, promised in contract.agreed.items()
            if priority != _SERVICES
            for promise, (seconds, clock) in promised.items()
        },
        loaner=_LOANER in services,
        named_engineer=_ENGINEER in services,
    )


def differs(contract: SupportContract, today: Package | None) -> bool:
    """Whether today's table promises something else under the contract's code, or nothing."""
    return today is None or written(package_of(contract)) != written(today)


def agreement_of(contract: SupportContract) -> Agreement:
    """The contract as the decision of a tier takes it."""
    return Agreement(
        number=contract.number,
        package=contract.package,
        valid_from=contract.valid_from,
        valid_to=contract.valid_to,
        organisation_id=contract.organisation_id,
        site_ids=frozenset(site.id for site in contract.sites),
        serials=frozenset(device.serial for device in contract.devices if device.serial),
    )


def _services(package: Package) -> list[str]:
    given = {_LOANER: package.loaner, _ENGINEER: package.named_engineer}
    return [name for name, is_given in given.items() if is_given]
