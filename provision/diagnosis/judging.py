"""All rules on one situation: what is found, in the order in which to look at it (pure)."""

from collections.abc import Callable, Iterator

from provision.diagnosis import (
    firmware_findings,
    network_findings,
    presence_findings,
    settings_findings,
)
from provision.diagnosis.findings import Conclusion, Finding, Sureness, UpdateFirst, Weight
from provision.diagnosis.situation import Situation

RULES: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    presence_findings.answers,
    presence_findings.restarts,
    network_findings.power,
    network_findings.link,
    network_findings.vlan,
    presence_findings.clock,
    settings_findings.silence,
    settings_findings.taken,
    settings_findings.registration,
    settings_findings.certificate,
    network_findings.quality,
    firmware_findings.firmware,
    firmware_findings.downloads,
)
_WEIGHTS, _SURENESS = tuple(Weight), tuple(Sureness)


def conclude(situation: Situation) -> Conclusion:
    """The findings, the gravest first; of equal ones those that can cause others come first.

    Where the release that is due is known to mend what was found, it says so: updating costs
    less than any search.
    """
    found = [finding for rule in RULES for finding in rule(situation)]
    found.sort(key=lambda one: (_WEIGHTS.index(one.weight), _SURENESS.index(one.sureness)))
    return Conclusion(tuple(found), _update_first(situation, found))


def _update_first(situation: Situation, found: list[Finding]) -> UpdateFirst | None:
    due, fixes = situation.firmware.due, situation.firmware.fixes
    mends = {one.code: fixes[one.code] for one in found if one.code in fixes}
    return UpdateFirst(due, mends) if due is not None and mends else None
