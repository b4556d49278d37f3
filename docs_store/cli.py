"""Commands: docs publish, list, show, search, withdraw."""

from pathlib import Path

import click

from catalogue import keys
from docs_store import library, passages, publishing, search, withdrawing
from docs_store.editions import PublishedEdition
from docs_store.kinds import Kind
from docs_store.naming import Language
from docs_store.passages import FoundText, Passage
from docs_store.publishing import NewEdition, UploadOptions
from docs_store.search import DocumentQuery, FoundDocument
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"

_LIST_COLUMNS = ("slug", "kind", "title", "products", "languages", "latest")
_SEARCH_COLUMNS = ("slug", "title", "latest", "page", "text")
_EDITION_COLUMNS = (
    *("language", "version", "title", "applies_from", "applies_to", "file", "size", "withdrawn"),
)


@click.group()
def docs() -> None:
    """Manuals and other documents, with their editions."""


@docs.command("publish")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--product", "products", multiple=True, help="Code; repeat it for several.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in Kind]))
@click.option(
    "--lang",
    "language",
    required=True,
    type=click.Choice([language.value for language in Language]),
)
@click.option("--version", required=True, help="The edition's number, e.g. 1.2.")
@click.option("--title", required=True, help="In the language of the edition.")
@click.option("--applies-from", metavar="V", help="The first firmware it is about.")
@click.option("--applies-to", metavar="V", help="The last firmware it is about, included.")
@json_option
@pass_installation
def publish(
    installation: Installation,
    slug: str,
    file: Path,
    products: tuple[str, ...],
    kind: str,
    language: str,
    version: str,
    title: str,
    applies_from: str | None,
    applies_to: str | None,
    as_json: bool,
) -> None:
    """Publish FILE as an edition of the document SLUG."""
    new = NewEdition(
        slug, kind, language, version, title, file.name, products, applies_from, applies_to
    )
    edition = _publish(installation, new, file)
    say(f"Edition {edition.version} ({edition.language}) of {edition.slug} is published.")
    if as_json:
        show_one(_edition_row(edition), as_json=True)


@docs.command("list")
@json_option
@pass_installation
def list_documents(installation: Installation, as_json: bool) -> None:
    """All documents."""
    _show_found(installation, DocumentQuery(), as_json=as_json)


@docs.command("search")
@click.argument("query")
@click.option("--product", default="", help="Only documents about this product.")
@json_option
@pass_installation
def search_documents(installation: Installation, query: str, product: str, as_json: bool) -> None:
    """Documents and pages that hold all words of QUERY: pages in any form of the words."""
    asked = DocumentQuery(query, product)
    with installation.database.reading() as session:
        found = search.search(session, asked)
        texts = passages.find(session, asked)
    rows = [_found_row(item) for item in found]
    rows += [_passage_row(item, passage) for item in texts for passage in item.passages]
    show_rows(rows, _SEARCH_COLUMNS, as_json=as_json)


@docs.command("withdraw")
@click.argument("slug")
@click.argument("language", type=click.Choice([language.value for language in Language]))
@click.argument("version")
@click.option("--reason", required=True, help="Everyone will see it.")
@pass_installation
def withdraw(
    installation: Installation, slug: str, language: str, version: str, reason: str
) -> None:
    """Stop offering an edition."""
    with installation.database.writing() as session:
        withdrawing.withdraw(
            session,
            slug,
            language,
            version,
            keys.of(installation),
            reason=reason,
            actor=ACTOR,
            now=now(),
        )
    say(f"Edition {version} ({language}) of {slug} is withdrawn.")


@docs.command("show")
@click.argument("slug")
@json_option
@pass_installation
def show_document(installation: Installation, slug: str, as_json: bool) -> None:
    """One document with all its editions."""
    with installation.database.reading() as session:
        document = library.get(session, slug)
        editions = [_edition_row(edition) for edition in library.ever_published(document)]
    about: dict[str, object] = {
        "slug": document.slug,
        "kind": document.kind,
        "title_ru": document.title_ru,
        "title_en": document.title_en,
        "products": document.product_codes,
    }
    if as_json:
        show_one({**about, "editions": editions}, as_json=True)
        return
    show_one(about, as_json=False)
    show_rows(editions, _EDITION_COLUMNS, as_json=False)


def _publish(installation: Installation, new: NewEdition, file: Path) -> PublishedEdition:
    with installation.database.reading() as session:
        publishing.check(session, new)
    with file.open("rb") as stream:
        blob = publishing.store_file(
            installation.blobs, stream, new.file_name, installation.option(UploadOptions)
        )
    with installation.database.writing() as session:
        return publishing.publish(session, new, blob, keys.of(installation), actor=ACTOR, now=now())


def _show_found(installation: Installation, query: DocumentQuery, *, as_json: bool) -> None:
    with installation.database.reading() as session:
        found = search.search(session, query)
    show_rows([_found_row(item) for item in found], _LIST_COLUMNS, as_json=as_json)


def _found_row(found: FoundDocument) -> dict[str, object]:
    return {
        "slug": found.slug,
        "kind": found.kind,
        "title": found.title,
        "products": [product.code for product in found.products],
        "languages": found.languages,
        "editions": found.edition_count,
        "latest": found.offer.edition.version,
        "url": found.offer.edition.url,
        "page": None,
        "text": None,
    }


def _passage_row(found: FoundText, passage: Passage) -> dict[str, object]:
    return {
        "slug": found.slug,
        "kind": found.kind,
        "title": found.title,
        "products": [product.code for product in found.products],
        "languages": (found.offer.edition.language,),
        "editions": None,
        "latest": found.offer.edition.version,
        "url": passage.url,
        "page": passage.page,
        "text": passage.text,
    }


def _edition_row(edition: PublishedEdition) -> dict[str, object]:
    return {
        "slug": edition.slug,
        "language": edition.language,
        "version": edition.version,
        "title": edition.title,
        "kind": edition.kind,
        "applies_from": edition.applies_from,
        "applies_to": edition.applies_to,
        "file": edition.file_name,
        "url": edition.url,
        "size": edition.size,
        "sha256": edition.sha256,
        "published_at": edition.published_at,
        "withdrawn": edition.withdrawn_reason or None,
    }


COMMANDS = (docs,)
