"""What a wrong proof shows of its reason: kept for staff, never told to the caller."""

import secrets
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import select

from portal import health
from portal.app import Plane, create_app
from portal.settings import Settings
from provision import folding
from provision.device_story.hints import Hint, hint
from provision.models import CheckIn
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, UNKNOWN, Estate
from tests.provision.phone_plane import ask, served


@pytest.mark.parametrize(
    ("token", "has_certificate", "shown"),
    [
        ("abcdefghijklmnopqrstuvwxyz012345678901234567", False, Hint.LETTER_CASE),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345678901234567", False, Hint.LETTER_CASE),
        ("AbcdefghijklmnopqrstuvwxyZ012345678901234567", False, None),
        ("0123456789012345678901234567890123456789", False, None),
        (None, True, Hint.CERTIFICATE),
        (None, False, None),
    ],
)
def test_a_hint_is_what_a_call_shows(
    token: str | None, has_certificate: bool, shown: Hint | None
) -> None:
    assert hint(token, has_certificate=has_certificate) is shown


def test_a_token_of_ours_is_never_taken_for_one_of_one_case() -> None:
    tokens = (secrets.token_urlsafe(32) for _ in range(20_000))
    assert not any(hint(token, has_certificate=False) for token in tokens)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def hints(estate: Estate) -> list[tuple[str | None, str | None]]:
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.reading() as session:
        rows = session.scalars(select(CheckIn).order_by(CheckIn.id)).all()
        return [(one.mac, one.hint) for one in rows]


def test_a_token_typed_in_small_letters_is_refused_like_any_other_and_hinted(
    estate: Estate, phones: Flask
) -> None:
    with served(phones) as port:
        small = ask(port, f"/p/{estate.token.lower()}/{MAC}.cfg")
        other = ask(port, f"/p/{secrets.token_urlsafe(32)}/{MAC}.cfg")
        unknown = ask(port, f"/p/{estate.token.lower()}/{UNKNOWN}.cfg")
    assert small.status == other.status == unknown.status == 404
    assert small.body == other.body == unknown.body
    assert hints(estate) == [(MAC, "letter-case"), (MAC, None), (UNKNOWN, "letter-case")]


def test_a_certificate_that_the_proxy_found_wrong_is_hinted_with_the_bootstrap(
    estate: Estate, settings: Settings
) -> None:
    behind = settings.model_copy(update={"trusted_proxies": (ip_network("127.0.0.0/8"),)})
    app = create_app(estate.installation, behind, {Plane.PHONES})
    health.started(app).set()
    verdict = "X-Client-Verify: FAILED:certificate has expired"
    with served(app) as port:
        plain, shown = ask(port, f"/p/{MAC}.cfg"), ask(port, f"/p/{MAC}.cfg", verdict)
    assert plain.body == shown.body
    assert hints(estate) == [(MAC, None), (MAC, "certificate")]
