"""S19: the API's own description makes cases by the thousand; none of them is a fault of ours."""

from collections import Counter
from collections.abc import Mapping

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from accounts import tokens, users
from accounts.models import OrganisationKind, Role, Site, User
from provision.collectors import keeping as collectors
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates

DESCRIPTION = "/api/v1/openapi.json"
WITHIN = {Role.CUSTOMER, Role.PARTNER}
#: What is really there: a case of random names alone seldom comes past "there is no such thing".
KNOWN = {"code": "FP-B2", "mac": estates.MAC, "version": "1.1.0", "number": 1}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def callers(installation: Installation) -> Mapping[str, str]:
    """A token of each role, of a site's collector, and one that is nobody's."""
    estates.build(installation)
    estates.publish(installation, "1.1.0")
    found = {"nobody": "no-token"}
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        owner = users.add_organisation(session, "Ветер", OrganisationKind.CUSTOMER)
        for role in Role:
            person = User(login=f"a-{role.value}", name="x", role=role, password_hash="none")
            person.created_at = now()
            person.organisation_id = owner.id if role in WITHIN else None
            session.add(person)
            session.flush()
            found[role.value] = tokens.issue(session, person, "t", actor="t", now=now())
        site = Site(organisation_id=owner.id, name="Цех")
        session.add(site)
        session.flush()
        found["collector"] = collectors.add(session, site, actor="t", now=now())
    return found


def drawn(operation: APIOperation) -> st.SearchStrategy[schemathesis.Case]:
    """Cases as described and cases against it, of any names and of those that are there."""
    named = {one.name for one in operation.path_parameters}
    known = {name: value for name, value in KNOWN.items() if name in named}
    return st.one_of(
        operation.as_strategy(),
        operation.as_strategy(path_parameters=known),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known),
    )


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("cases", [50, pytest.param(10_000, marks=pytest.mark.prove)])
def test_proof_s19_no_case_of_the_api_s_description_is_a_fault(
    app: Flask, callers: Mapping[str, str], cases: int
) -> None:
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, app)
    operations = [found.ok() for found in schema.get_all_operations()]
    each = cases // len(operations) + 1
    statuses: Counter[int] = Counter()
    # Every second one by whom no door stops.
    asking = st.just("admin") | st.sampled_from(sorted(callers))
    for operation in operations:

        @settings(
            max_examples=each,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=drawn(operation), caller=asking)
        def ask(case: schemathesis.Case, caller: str) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {callers[caller]}"})
            statuses[answer.status_code] += 1
            assert answer.status_code < 500, (caller, case.method, case.path, answer.text[:300])

        ask()
    print(  # noqa: T201
        f"S19: {statuses.total()} cases of {len(operations)} operations by {len(callers)} callers: "
        f"{dict(sorted(statuses.items()))}"
    )
    assert statuses.total() >= cases * 0.9
