"""The feeds: what was published and withdrawn, of one product or of everything with documents.

The language is that of the address alone (`/feed.atom` Russian, `/en/feed.atom` English), so that
one address is one sequence of bytes for every cache on the way.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Blueprint, Response, request
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from accounts.access import anyone
from catalogue import products
from catalogue.download_api import send_bytes
from catalogue.models import Product
from docs_store import library
from docs_store.editions import PublishedEdition
from docs_store.models import Document
from firmware import offering, releases
from firmware.models import Channel, Release
from portal.feeds.atom import CONTENT_TYPE, Enclosure, Entry, Feed, rendered
from storage.request import installation, reading
from storage.serving import Cache

ENTRIES = 100
MAX_AGE_S = 300
_TAG = "tag:flat-pro.ru,2026"
#: When nothing was published yet; Atom wants an instant that does not move.
_BEFORE_ALL = datetime(2026, 1, 1, tzinfo=UTC)

blueprint = Blueprint("feeds", __name__)


@blueprint.get("/feed.atom")
@anyone
def everything() -> Response:
    """Firmware and documents of all products, published and withdrawn."""
    language = _language()
    with reading() as session, force_locale(language):
        entries = [
            entry
            for product in products.every(session)
            for entry in _of_product(session, product, language)
        ]
        entries += _of_documents(session, language)
        title = str(_("FLAT-PRO: firmware and documents"))
    return _answer(entries, "all", title, language, "/feed.atom", "/downloads/")


@blueprint.get("/firmware/<product>/feed.atom")
@anyone
def of_product(product: str) -> Response:
    """The firmware of one product, published and withdrawn."""
    language = _language()
    with reading() as session, force_locale(language):
        found = products.get(session, product)
        entries = list(_of_product(session, found, language))
        title = str(_("Firmware for %(name)s", name=found.name(language)))
    page = f"/downloads/{found.code}/"
    return _answer(entries, found.code, title, language, f"/firmware/{found.code}/feed.atom", page)


def _answer(
    entries: list[Entry], name: str, title: str, language: str, path: str, page: str
) -> Response:
    newest = sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)[:ENTRIES]
    updated = newest[0].updated if newest else _BEFORE_ALL
    feed = Feed(
        id=f"{_TAG}:feed:{name}:{language}",
        title=title,
        language=language,
        url=_absolute(path, language),
        page=_absolute(page, language),
        author="FLAT-PRO",
        updated=updated,
        entries=newest,
    )
    cache = Cache.revalidate(MAX_AGE_S)
    return send_bytes(rendered(feed), "feed.atom", CONTENT_TYPE, updated, cache)


def _of_product(session: Session, product: Product, language: str) -> Iterator[Entry]:
    for release in releases.of_product(session, product.id):
        yield _published(product, release, language)
        if release.is_withdrawn:
            yield _withdrawn(product, release, language)


def _published(product: Product, release: Release, language: str) -> Entry:
    name = f"{product.name(language)} {release.version}"
    if Channel.STABLE not in release.channel_names:
        name = str(_("%(name)s, for testing", name=name))
    offer = offering.offered(release)
    notes = release.notes(language)
    return Entry(
        id=f"{_TAG}:release:{product.code}/{release.version}",
        title=str(_("%(name)s (withdrawn)", name=name)) if release.is_withdrawn else name,
        url=_absolute(f"/downloads/{product.code}/", language),
        updated=release.published_at,
        summary=f"{notes}\n\nSHA-256 {offer.sha256}".strip(),
        category=product.code,
        # The address of a withdrawn file answers 410.
        enclosure=None
        if release.is_withdrawn
        else Enclosure(
            installation().public_url + offer.path, "application/octet-stream", offer.size
        ),
    )


def _withdrawn(product: Product, release: Release, language: str) -> Entry:
    reason = str(_("Reason: %(reason)s", reason=release.withdrawn_reason))
    if release.replacement:
        reason += "\n" + str(_("Take %(version)s instead.", version=release.replacement))
    name = f"{product.name(language)} {release.version}"
    return Entry(
        id=f"{_TAG}:release:{product.code}/{release.version}:withdrawn",
        title=str(_("Withdrawn: %(name)s", name=name)),
        url=_absolute(f"/downloads/{product.code}/", language),
        updated=release.withdrawn_at or release.published_at,
        summary=reason,
        category=product.code,
    )


def _of_documents(session: Session, language: str) -> Iterator[Entry]:
    for document in library.every(session):
        for edition in library.ever_published(document):
            if edition.withdrawn_at is None:
                yield _edition(document, edition, language)
            else:
                yield _withdrawn_edition(document, edition, language)


def _edition(document: Document, edition: PublishedEdition, language: str) -> Entry:
    about = ", ".join((*document.product_codes, edition.language.upper()))
    return Entry(
        id=_edition_id(edition),
        title=f"{edition.title} {edition.version}",
        url=_absolute(f"/docs/{quote(edition.slug)}/", language),
        updated=edition.published_at,
        summary=f"{about}\n\nSHA-256 {edition.sha256}",
        category=edition.slug,
        enclosure=Enclosure(
            installation().public_url + edition.url, edition.content_type, edition.size
        ),
    )


def _withdrawn_edition(document: Document, edition: PublishedEdition, language: str) -> Entry:
    return Entry(
        id=f"{_edition_id(edition)}:withdrawn",
        title=str(_("Withdrawn: %(name)s", name=f"{edition.title} {edition.version}")),
        url=_absolute(f"/docs/{quote(document.slug)}/", language),
        updated=edition.withdrawn_at or edition.published_at,
        summary=str(_("Reason: %(reason)s", reason=edition.withdrawn_reason)),
        category=edition.slug,
    )


def _edition_id(edition: PublishedEdition) -> str:
    return f"{_TAG}:edition:{edition.slug}/{edition.language}/{quote(edition.version)}"


def _absolute(path: str, language: str) -> str:
    """Never from the Host header; English pages and feeds have their prefix."""
    prefix = "/en" if language == "en" else ""
    return f"{installation().public_url}{prefix}{path}"


def _language() -> str:
    return "en" if request.environ.get("flatpro.language") == "en" else "ru"
