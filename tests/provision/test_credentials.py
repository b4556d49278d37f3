"""Credentials of devices: unguessable, checked with the MAC, rotated without locking out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models import AuditEntry
from provision import credentials
from provision.credentials import CredentialSummary
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.models import CredentialKind, DeviceCredential
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, UNKNOWN, Estate

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def verified(estate: Estate, token: str, mac: str | None = MAC) -> bool:
    with estate.installation.database.reading() as session:
        named = MacAddress(mac) if mac else None
        return credentials.verify_token(session, token, named, LATER) is not None


def issue(estate: Estate) -> str:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        return credentials.issue_token(session, phone, actor="engineer", now=LATER)


def use(estate: Estate, token: str) -> None:
    with estate.installation.database.writing() as session:
        holder = credentials.verify_token(session, token, None, LATER)
        assert holder is not None
        credentials.note_use(session, holder.credential_id, LATER)


def shown(estate: Estate) -> list[CredentialSummary]:
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        return list(credentials.summaries(session, phone, LATER + timedelta(seconds=1)))


def test_a_token_is_long_enough_and_only_its_hash_is_kept(estate: Estate) -> None:
    assert len(estate.token) * 6 >= 256
    with estate.installation.database.reading() as session:
        rows = session.scalars(select(DeviceCredential)).all()
        audit = session.scalars(select(AuditEntry)).all()
    held = repr([vars(row) for row in (*rows, *audit)])
    assert estate.token not in held
    assert estate.password not in held
    assert credentials.digest(estate.token) in held


def test_a_token_opens_for_its_own_mac_only(estate: Estate) -> None:
    assert verified(estate, estate.token)
    assert verified(estate, estate.token, None)
    assert not verified(estate, estate.token, UNKNOWN)
    assert not verified(estate, estate.token[:-1])
    assert not verified(estate, "")


def test_the_old_token_ends_with_the_first_use_of_the_new_one(estate: Estate) -> None:
    use(estate, estate.token)
    newer = issue(estate)
    assert verified(estate, estate.token)
    assert verified(estate, newer)
    use(estate, newer)
    assert not verified(estate, estate.token)
    assert verified(estate, newer)


def test_the_use_of_the_old_token_does_not_end_the_new_one(estate: Estate) -> None:
    use(estate, estate.token)
    newer = issue(estate)
    use(estate, estate.token)
    assert verified(estate, newer)


def test_a_token_that_was_never_used_gives_way_to_a_newer_one(estate: Estate) -> None:
    newer = issue(estate)
    assert not verified(estate, estate.token)
    assert verified(estate, newer)


def test_revoking_ends_everything_at_once(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        assert credentials.revoke(session, phone, actor="engineer", now=LATER) == 2
    assert not verified(estate, estate.token)
    with estate.installation.database.reading() as session:
        seal = estate.installation.seal
        assert not credentials.passwords_of(session, MacAddress(MAC), seal, LATER)
    assert [one.is_live for one in shown(estate)] == [False, False]


def test_one_kind_can_be_revoked_alone(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        kind = CredentialKind.PASSWORD
        assert credentials.revoke(session, phone, actor="engineer", now=LATER, kind=kind) == 1
    assert verified(estate, estate.token)


def test_passwords_open_with_the_installations_key_and_for_their_mac(estate: Estate) -> None:
    seal = estate.installation.seal
    with estate.installation.database.reading() as session:
        (known,) = credentials.passwords_of(session, MacAddress(MAC), seal, LATER)
        assert known.text == estate.password
        assert estate.password not in repr(known)
        assert not credentials.passwords_of(session, MacAddress(UNKNOWN), seal, LATER)


def test_a_password_from_the_label_is_taken_as_it_is(estate: Estate) -> None:
    seal = estate.installation.seal
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        credentials.issue_password(
            session, phone, seal, actor="factory", now=LATER, text="label-4711"
        )
        (known,) = credentials.passwords_of(session, MacAddress(MAC), seal, LATER)
    assert known.text == "label-4711"


def test_staff_see_everything_but_the_secret(estate: Estate) -> None:
    use(estate, estate.token)
    by_kind = {one.kind: one for one in shown(estate)}
    assert by_kind[CredentialKind.TOKEN].first_used_at == LATER
    assert by_kind[CredentialKind.PASSWORD].first_used_at is None
    assert all(one.is_live and one.valid_from == NOW for one in by_kind.values())
