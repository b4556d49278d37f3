"""S19: the API's own description makes cases by the thousand; none of them is a fault of ours."""

from collections import Counter

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings

from accounts import tokens, users
from storage.clock import now
from storage.installation import Installation
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates

DESCRIPTION = "/api/v1/openapi.json"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def token(installation: Installation) -> str:
    """An administrator's: strangers would not get past the door."""
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        made = tokens.issue(session, users.get(session, "admin"), "t", actor="t", now=now())
    estates.build(installation)
    return made


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("cases", [50, pytest.param(10_000, marks=pytest.mark.prove)])
def test_proof_s19_no_case_of_the_api_s_description_is_a_fault(
    app: Flask, token: str, cases: int
) -> None:
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, app)
    operations = [found.ok() for found in schema.get_all_operations()]
    each = cases // len(operations) + 1
    statuses: Counter[int] = Counter()
    for operation in operations:

        @settings(
            max_examples=each,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {token}"})
            statuses[answer.status_code] += 1
            assert answer.status_code < 500, (case.method, case.path, answer.text[:300])

        ask()
    print(  # noqa: T201
        f"S19: {statuses.total()} cases of {len(operations)} operations: "
        f"{dict(sorted(statuses.items()))}"
    )
    assert statuses.total() >= cases * 0.9
