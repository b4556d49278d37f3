"""S7: how long an answer takes tells neither whether a login exists nor how a token begins."""

import statistics
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from accounts import tokens, users
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token
from tests.conftest import ADMIN_PASSWORD

DIFFERENCE, WELCH_T = 0.05, 4.5
Answer = Callable[[int], float]


@pytest.fixture
def backend() -> str:
    return "sqlite"


def spent(client: FlaskClient, number: int, address: str, **more: object) -> float:
    """Processor time of one answer to somebody who has asked nothing before."""
    source = {"REMOTE_ADDR": f"198.18.{number >> 8 & 255}.{number & 255}"}
    began = time.thread_time()
    client.open(address, environ_overrides=source, **more)
    return time.thread_time() - began


def apart(one: Answer, other: Answer, pairs: int) -> tuple[float, float]:
    """By which share the medians lie apart, and Welch's t, of as many asked in turn."""
    found = [(one(2 * number), other(2 * number + 1)) for number in range(pairs)]
    first, second = (sorted(times) for times in zip(*found, strict=True))
    medians = statistics.median(first), statistics.median(second)
    # The slowest tenth is the machine's, not the answer's.
    kept = [times[: pairs * 9 // 10] for times in (first, second)]
    means = [statistics.fmean(times) for times in kept]
    error = sum(statistics.variance(times) / len(times) for times in kept) ** 0.5
    return abs(medians[0] - medians[1]) / min(medians), abs(means[0] - means[1]) / error


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pairs", [1000])
def test_proof_s7_a_whole_answer_takes_as_long_for_who_exists_as_for_who_does_not(
    installation: Installation, client: FlaskClient, pairs: int
) -> None:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        token = tokens.issue(session, users.get(session, "admin"), "t", actor="t", now=now())
    page = form_token(client, "/login")

    def login(name: str) -> Answer:
        form = {"login": name, "password": "not-the-Password-1", "csrf_token": page}
        return lambda number: spent(client, number, "/login", method="POST", data=form)

    def api(given: str) -> Answer:
        headers = {"Authorization": f"Bearer {given}"}
        return lambda number: spent(client, number, "/api/v1/devices", headers=headers)

    by_login = apart(login("admin"), login("nobody"), pairs)
    by_token = apart(api(token[:-1] + "x"), api("x" * len(token)), pairs)
    print(  # noqa: T201
        f"S7: {pairs} pairs of whole answers: an unknown login differs by {by_login[0]:.1%} "
        f"(t {by_login[1]:.1f}), a nearly right token by {by_token[0]:.1%} (t {by_token[1]:.1f})"
    )
    assert max(by_login[0], by_token[0]) < DIFFERENCE
    assert max(by_login[1], by_token[1]) < WELCH_T
