"""A new secret never locks a phone out: the old one works until the phone comes with the new."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import credentials
from provision.devices import registry
from simulator.identity import PhoneIdentity
from simulator.phone import SimulatedPhone
from simulator.provisioning import Credential, PasswordCredential, TokenCredential
from simulator.story import Outcome
from simulator.trust import Trust
from storage.clock import now
from storage.installation import Installation
from tests.ports import free_port
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL, Estate
from tests.provision.phone_plane import served


@dataclass
class Site:
    estate: Estate
    url: str

    def visit(self, credential: Credential) -> bool:
        """Whether a phone with this secret gets its configuration."""
        identity = PhoneIdentity(MAC, SERIAL, "FP-B2", "A", "2.3.1")
        phone = SimulatedPhone(identity, credential, self.url, Trust.of([], []))
        return asyncio.run(phone.run_once()).outcome is Outcome.SETTLED

    def new_token(self) -> Credential:
        with self.estate.installation.database.writing() as session:
            phone = registry.get(session, MAC)
            return TokenCredential(credentials.issue_token(session, phone, actor="test", now=now()))

    def new_password(self) -> Credential:
        with self.estate.installation.database.writing() as session:
            phone, seal = registry.get(session, MAC), self.estate.installation.seal
            return PasswordCredential(
                credentials.issue_password(session, phone, seal, actor="test", now=now())
            )

    def revoke(self) -> None:
        with self.estate.installation.database.writing() as session:
            credentials.revoke(session, registry.get(session, MAC), actor="test", now=now())


@pytest.fixture
def site(installation: Installation, settings: Settings) -> Iterator[Site]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    place = replace(installation, phone_url=url)
    estate = estates.build(place)
    app = create_app(place, settings, {Plane.PHONES})
    health.started(app).set()
    with served(app, port):
        yield Site(estate, url)


def test_old_and_new_token_work_until_the_phone_comes_with_the_new_one(site: Site) -> None:
    old = TokenCredential(site.estate.token)
    assert site.visit(old)
    new = site.new_token()
    assert site.visit(old)
    assert site.visit(new)
    assert not site.visit(old)
    assert site.visit(new)


def test_old_and_new_password_work_until_the_phone_comes_with_the_new_one(site: Site) -> None:
    old = PasswordCredential(site.estate.password)
    assert site.visit(old)
    new = site.new_password()
    assert site.visit(old)
    assert site.visit(new)
    assert not site.visit(old)


def test_a_token_that_was_never_used_gives_way_to_the_next(site: Site) -> None:
    assert site.visit(TokenCredential(site.estate.token))
    lost, new = site.new_token(), site.new_token()
    assert not site.visit(lost)
    assert site.visit(TokenCredential(site.estate.token))
    assert site.visit(new)


def test_what_is_revoked_opens_nothing_at_once(site: Site) -> None:
    token, password = TokenCredential(site.estate.token), PasswordCredential(site.estate.password)
    assert site.visit(token)
    assert site.visit(password)
    site.revoke()
    assert not site.visit(token)
    assert not site.visit(password)
    assert site.visit(site.new_token())
