"""People, tokens, passwords and the audit trail, on both databases."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from accounts import audit, passwords, sessions, tokens, users
from accounts.models import LoginSession, OrganisationKind, Role, User
from storage.installation import Installation

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PASSWORD = "correct horse 42"


def add(installation: Installation, login: str = "anna", role: Role = Role.ENGINEER) -> None:
    new = users.NewUser(login, "Анна", role, PASSWORD)
    with installation.database.writing() as session:
        users.add(session, new, actor="test", now=NOW)


def test_the_first_admin_is_made_once_with_a_generated_password(installation: Installation) -> None:
    with installation.database.writing() as session:
        first = users.ensure_admin(session, None, NOW)
        second = users.ensure_admin(session, None, NOW)
    assert first is not None
    assert len(first) >= 20
    assert second is None


def test_a_password_costs_an_attacker_what_rfc_9106_asks() -> None:
    # In a process of its own: this one hashes cheaply.
    asked = "from accounts import passwords; print(passwords.hash_password('long-enough-1'))"
    run = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert run.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_generated_passwords_differ() -> None:
    assert len({passwords.generate() for _ in range(100)}) == 100


def test_a_right_password_is_known_and_a_wrong_or_unknown_one_is_not(
    installation: Installation,
) -> None:
    add(installation)
    with installation.database.reading() as session:
        found = sessions.verified_user(session, "anna", PASSWORD, source="::1", now=NOW)
        assert found.login == "anna"
        for login, password in (("anna", "wrong password 1"), ("boris", PASSWORD), ("anna", "")):
            with pytest.raises(sessions.WrongPasswordError):
                sessions.verified_user(session, login, password, source="::1", now=NOW)


def test_a_short_password_is_refused(installation: Installation) -> None:
    with pytest.raises(passwords.WeakPasswordError), installation.database.writing() as session:
        users.add(session, users.NewUser("a", "a", Role.AGENT, "short"), actor="t", now=NOW)


def test_a_taken_login_is_refused(installation: Installation) -> None:
    add(installation)
    with pytest.raises(users.LoginTakenError):
        add(installation)


def test_a_customer_needs_an_organisation_that_exists(installation: Installation) -> None:
    with pytest.raises(users.OrganisationNeededError):
        add(installation, role=Role.CUSTOMER)
    new = users.NewUser("c", "c", Role.CUSTOMER, PASSWORD, "ООО «Нет такой»")
    with pytest.raises(users.UnknownOrganisationError), installation.database.writing() as session:
        users.add(session, new, actor="t", now=NOW)


def test_ten_wrong_passwords_from_one_source_do_not_lock_out_another(
    installation: Installation,
) -> None:
    add(installation)
    with installation.database.writing() as session:
        for _ in range(sessions.MAX_FAILURES):
            sessions.record_failure(session, "192.0.2.66", "anna", NOW)
    with installation.database.reading() as session:
        with pytest.raises(sessions.TooManyFailuresError):
            sessions.verified_user(session, "anna", PASSWORD, source="192.0.2.66", now=NOW)
        assert sessions.verified_user(session, "anna", PASSWORD, source="192.0.2.7", now=NOW)


def test_failures_are_forgotten_after_five_minutes(installation: Installation) -> None:
    with installation.database.writing() as session:
        sessions.record_failure(session, "a", "anna", NOW)
        sessions.record_failure(session, "a", "anna", NOW + timedelta(minutes=6))
        assert sessions.failures(session, "a", "anna", NOW + timedelta(minutes=6)) == 1


def test_a_session_ends_at_logout_at_its_time_and_with_its_user(installation: Installation) -> None:
    add(installation)
    with installation.database.writing() as session:
        user = users.get(session, "anna")
        ended = sessions.begin(session, user, source="::1", now=NOW)
        kept = sessions.begin(session, user, source="::1", now=NOW)
        sessions.end(session, ended)
        assert sessions.user_of(session, ended, NOW) is None
        assert sessions.user_of(session, kept, NOW) is not None
        assert sessions.user_of(session, kept, NOW + sessions.LIFETIME) is None
        users.disable(session, "anna", actor="t", now=NOW)
        assert sessions.user_of(session, kept, NOW) is None


def test_the_session_name_itself_is_not_stored(installation: Installation) -> None:
    add(installation)
    with installation.database.writing() as session:
        name = sessions.begin(session, users.get(session, "anna"), source="::1", now=NOW)
        stored = session.scalar(select(LoginSession.name_sha256))
    assert name != stored
    assert len(str(stored)) == 64


def test_a_token_works_until_it_is_revoked_expired_or_its_user_disabled(
    installation: Installation,
) -> None:
    add(installation)
    soon = NOW + timedelta(days=1)
    with installation.database.writing() as session:
        anna = users.get(session, "anna")
        token = tokens.issue(session, anna, "ci", actor="t", now=NOW)
        brief = tokens.issue(session, anna, "brief", actor="t", now=NOW, expires_at=soon)
        assert tokens.user_of(session, token, NOW)
        assert tokens.user_of(session, brief, NOW)
        assert tokens.user_of(session, brief, soon) is None
        assert tokens.user_of(session, token + "x", NOW) is None
        tokens.revoke(session, 1, actor="t", now=NOW)
        assert tokens.user_of(session, token, NOW) is None
        anna.disabled_at = NOW
        assert tokens.user_of(session, brief, NOW) is None
        with pytest.raises(tokens.UnknownTokenError):
            tokens.revoke(session, 99, actor="t", now=NOW)


def test_every_change_leaves_an_audit_entry_in_its_own_transaction(
    installation: Installation,
) -> None:
    add(installation)
    with installation.database.reading() as session:
        entries = audit.latest(session, 10)
    assert [(e.actor, e.action, e.subject) for e in entries] == [("test", "user.add", "user:anna")]
    with pytest.raises(RuntimeError), installation.database.writing() as session:
        audit.record(session, "t", "x", "y", NOW)
        raise RuntimeError
    with installation.database.reading() as session:
        assert len(audit.latest(session, 10)) == 1
        assert audit.latest(session, 10, before_id=entries[0].id) == []


def test_no_password_or_token_stands_in_the_audit_trail(installation: Installation) -> None:
    add(installation)
    with installation.database.writing() as session:
        token = tokens.issue(session, users.get(session, "anna"), "ci", actor="t", now=NOW)
        told = " ".join(f"{e.subject} {e.details}" for e in audit.latest(session, 10))
    assert PASSWORD not in told
    assert token not in told


def test_sites_and_organisations_are_found_by_name(installation: Installation) -> None:
    with installation.database.writing() as session:
        partner = users.add_organisation(session, "Связь", OrganisationKind.PARTNER)
        owner = users.add_organisation(session, "Ветер", OrganisationKind.CUSTOMER, partner)
        assert owner.partner_id == partner.id
        assert users.organisation(session, "Ветер").id == owner.id
        with pytest.raises(users.UnknownSiteError):
            users.site(session, "Нигде")
        assert session.scalar(select(func.count()).select_from(User)) == 0
        with pytest.raises(users.UnknownUserError):
            users.get(session, "nobody")
