"""Consents that nobody withdraws: they end by the term of their class, and staff see it coming."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from portal.personal_data import consent_ends, expiring
from portal.personal_data.consent_ends import Standing
from storage import clock
from support.cases.models import FaultReport
from support.personal_data import consents, terms
from support.personal_data.models import Consent
from support.requests import records
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.portal.personal_data.story import EMAIL, WHO, Story
from tests.support.repairs.workshop import moscow

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
HOME = "/staff/personal-data/"


def expire(story: Story, at: str) -> None:
    expiring.run(story.installation, moscow(at), clock.now())


def consent(story: Story) -> Consent:
    with story.installation.database.reading() as session:
        return session.scalars(select(Consent)).one()


def ending(story: Story, until: str) -> list[Standing]:
    with story.installation.database.reading() as session:
        return list(consent_ends.ending(session, moscow(until)))


def set_term(story: Story, days: str) -> None:
    with story.installation.database.writing() as session:
        at = moscow("2026-12-01T10:00")
        terms.change(session, "request", days, actor="admin", now=at)


@BOTH
def test_a_consent_ends_with_the_term_of_its_closed_request_and_its_proof_later(
    story: Story,
) -> None:
    number = story.asks()
    expire(story, "2026-12-01T10:00")
    assert ending(story, "2040-01-01T10:00") == []
    story.ends(number, "2026-11-30T10:00")
    assert ending(story, "2029-11-29T09:59") == []
    [one] = ending(story, "2029-11-29T10:00")
    assert one.term.ends_at == moscow("2029-11-29T10:00")
    expire(story, "2029-11-29T09:59")
    assert consent(story).expired_at is None
    expire(story, "2029-11-30T10:00")
    assert consent(story).expired_at == moscow("2029-11-29T10:00")
    assert consent(story).email == EMAIL
    expire(story, "2032-11-28T10:01")
    assert consent(story).email == ""


def test_the_consent_to_a_repair_ends_when_the_law_lets_its_papers_go(story: Story) -> None:
    unit_id = story.sends_a_phone()
    with story.installation.database.writing() as session:
        given = consents.give(
            session, EMAIL, source="x", channel="form", now=moscow("2026-12-01T10:00"),
            purpose=consents.REPAIR,
        )  # fmt: skip
        session.scalars(select(FaultReport)).one().consent_id = given.id
    assert ending(story, "2040-01-01T10:00") == []
    story.has_it_back(unit_id)
    [one] = ending(story, "2032-01-02T00:00")
    assert one.term.ends_on == date(2032, 1, 2)
    assert ending(story, "2032-01-01T23:59") == []


def test_a_consent_whose_case_never_came_about_counts_from_its_day(story: Story) -> None:
    with story.installation.database.writing() as session:
        at = moscow("2026-12-01T10:00")
        consents.give(session, EMAIL, source="x", channel="form", now=at)
    [one] = ending(story, "2029-11-30T10:00")
    assert one.term.ends_at == moscow("2026-12-01T10:00") + timedelta(days=1095)


def test_a_longer_term_of_the_class_prolongs_no_consent_and_what_is_left_is_shown(
    story: Story,
) -> None:
    story.ends(story.asks(), "2026-11-30T10:00")
    set_term(story, "4000")
    expire(story, "2029-12-01T10:00")
    with story.installation.database.reading() as session:
        [left] = consent_ends.left_over(session)
    assert (left.consent.email, left.erase_by) == (EMAIL, date(2029, 12, 29))
    story.erases("2029-12-02T10:00")
    with story.installation.database.reading() as session:
        assert consent_ends.left_over(session) == []


def test_a_shorter_term_of_the_class_ends_a_consent_sooner(story: Story) -> None:
    story.ends(story.asks(), "2026-11-30T10:00")
    set_term(story, "100")
    [one] = ending(story, "2027-03-11T10:00")
    assert one.term.ends_on == date(2027, 3, 10)


def test_more_consents_than_one_round_takes_end_in_one_night_the_short_terms_too(
    story: Story,
) -> None:
    given = moscow("2026-12-01T10:00")
    count = consent_ends.AT_ONCE + 20
    with story.installation.database.writing() as session:
        for term in (5000, 1095):
            session.add_all(
                Consent(
                    email=f"p{number}-{term}@x.example", purpose=consents.SUPPORT, given_at=given,
                    text_version="v", text_sha256="s", source="", channel="form", term_days=term,
                )
                for number in range(count)
            )  # fmt: skip
    set_term(story, "5000")
    expire(story, "2030-01-01T10:00")
    with story.installation.database.reading() as session:
        ended = session.scalars(
            select(Consent.term_days).where(Consent.expired_at.is_not(None))
        ).all()
    assert ended == [1095] * count


def test_the_text_names_the_term_and_is_kept_as_it_was_read(story: Story) -> None:
    with story.installation.database.writing() as session:
        at = moscow("2026-12-01T10:00")
        before = consents.give(session, EMAIL, source="x", channel="form", now=at).text_sha256
        assert "1095\u00a0дней" in consents.text_now(session, consents.SUPPORT).ru
        assert "5\u00a0лет (1827\u00a0дней)" in consents.text_now(session, consents.REPAIR).ru
    set_term(story, "400")
    with story.installation.database.writing() as session:
        after = consents.give(session, EMAIL, source="x", channel="form", now=at)
    assert (after.text_sha256 != before, after.term_days) == (True, 400)


def test_pages_say_until_when_a_consent_holds(client: FlaskClient, story: Story) -> None:
    with story.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, clock.now())
    number = story.asks()
    with story.installation.database.reading() as session:
        request = records.get(session, number)
        own = records.address_of(story.installation, request)
    own = own.removeprefix(story.installation.public_url)
    assert "Согласие действует до закрытия обращения" in client.get(own).get_data(as_text=True)
    story.ends(number, "2026-11-30T10:00")
    assert "Согласие действует до 29.11.2029." in client.get(own).get_data(as_text=True)
    assert "1095\u00a0дней" in client.get("/support/new").get_data(as_text=True)
    log_in(client)
    page = post(client, f"{HOME}person", {"email": EMAIL}, HOME).get_data(as_text=True)
    assert "Согласие действует до 29.11.2029." in page
    set_term(story, "1")
    expire(story, "2026-12-02T10:00")
    with story.installation.database.reading() as session:
        assert [one.consent.expired_at for one in consent_ends.of_person(session, WHO)] != [None]
    page = post(client, f"{HOME}person", {"email": EMAIL}, HOME).get_data(as_text=True)
    assert "срок истёк" in page
    assert "Срок вашего согласия истёк" in client.get(own).get_data(as_text=True)


def test_consents_that_end_soon_wait_on_the_first_page_of_who_answers_for_them(
    client: FlaskClient, story: Story
) -> None:
    with story.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, clock.now())
        given = clock.now() - timedelta(days=1080)
        consents.give(session, EMAIL, source="x", channel="form", now=given)
    log_in(client)
    assert "Согласия, срок которых кончается за 30 дней: 1" in client.get("/staff/").get_data(
        as_text=True
    )
    page = client.get(HOME).get_data(as_text=True)
    assert EMAIL in page
    assert "кончается в течение 30 дней" in page
