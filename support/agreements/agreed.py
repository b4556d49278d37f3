"""What a contract promises: its package's targets as they were when it was concluded (S-7)."""

from datetime import timedelta
from typing import Any

from support.agreements.models import SupportContract
from support.agreements.tiers import Agreement
from support.packages.package import Package, Priority, Promise, Target
from support.phrases import Phrase


def written(package: Package) -> dict[str, Any]:
    """The targets as they are kept with a contract: by priority and promise, in seconds."""
    found: dict[str, dict[str, list[object]]] = {}
    for (priority, promise), target in package.targets.items():
        kept: list[object] = [int(target.within.total_seconds()), target.around_the_clock]
        found.setdefault(priority.value, {})[promise.value] = kept
    return found


def package_of(contract: SupportContract) -> Package:
    """The package that the contract bought, whatever the table says of that code today."""
    return Package(
        code=contract.package,
        name=Phrase(contract.package, contract.package),
        targets={
            (Priority(priority), Promise(promise)): Target(timedelta(seconds=seconds), clock)
            for priority, promised in contract.agreed.items()
            for promise, (seconds, clock) in promised.items()
        },
    )


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
