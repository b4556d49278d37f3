"""Pages for everyone: the library with its search, one document, its files."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import anyone
from catalogue.download_api import send_blob
from docs_store import asking, editions, library, passages, reading_state, search
from docs_store.content import PDF
from docs_store.editions import EditionOffer, PublishedEdition
from docs_store.kinds import Kind
from docs_store.naming import Language, shown
from docs_store.staff_views import staff
from storage.answer_language import answer_language
from storage.blobs import BlobMissingError
from storage.request import installation, reading
from storage.serving import Cache, Representation

_FILE_CACHE = Cache.revalidate(max_age_s=3600)
#: A browser shows a PDF in a page of its own, which inherits this; some need its style and object.
_PDF_POLICY = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
_SAVED_POLICY = "default-src 'none'; sandbox"

public = Blueprint("docs_store", __name__, template_folder="templates")

__all__ = ["public", "staff"]


@public.get("/docs/search", endpoint="results")
@public.get("/docs/", endpoint="search")
@anyone
def search_page() -> str:
    """The library: everything, or what the query in the address names."""
    query, page = asking.query(), asking.page()
    with reading() as session:
        return render_template(
            "docs_store/search.html",
            query=query,
            listed=search.listed(session, query, page),
            page=page,
            page_size=search.PAGE,
            texts=passages.find(session, query) if page == 1 else [],
            **asking.options(session),
        )


@public.get("/docs/<slug>/")
@anyone
def document(slug: str) -> str:
    """One document: which edition to take, and all the others."""
    wanted = request.args.get("lang", "")
    language = wanted if wanted in set(Language) else answer_language()
    with reading() as session:
        found = library.get(session, slug)
        offered = editions.offer(library.published(found), None, language)
        text = reading_state.of(session, slug, offered.edition) if offered else None
    every = library.ever_published(found)
    if not every:
        raise library.UnknownDocumentError(slug=slug)
    return render_template(
        "docs_store/document.html",
        document=found,
        kind=Kind(found.kind),
        editions=every,
        offer=offered,
        text=text,
        latest_link=f"{installation().public_url}/docs/{slug}/{_latest_of(offered)}/latest",
    )


@public.get("/docs/<slug>/<language>/latest")
@anyone
def latest_edition(slug: str, language: str) -> AnyResponse:
    """The way to the newest edition; without one in this language, to the page that says so."""
    with reading() as session:
        newest = library.latest(session, slug, language)
    if newest is None and language not in set(Language):
        raise library.UnknownEditionError(slug=slug, version="latest", language=shown(language))
    response = redirect(newest.url if newest else url_for(".document", slug=slug, lang=language))
    response.headers["Cache-Control"] = "no-cache"
    return response


@public.get("/docs/<slug>/<language>/<version>/<file_name>")
@anyone
def edition_file(slug: str, language: str, version: str, file_name: str) -> Response:
    """The bytes of an edition: a PDF opens in the browser, anything else is saved.

    410 with the reason once it is withdrawn.
    """
    with reading() as session:
        found = library.edition_file(session, slug, language, version, file_name)
    if found.withdrawn_at is not None:
        return _gone(found)
    response = send_blob(_representation(found))
    response.headers["Content-Language"] = found.language
    response.headers["Content-Security-Policy"] = _PDF_POLICY if _opens(found) else _SAVED_POLICY
    return response


@public.get("/docs/thumbnails/<sha256>.png")
@anyone
def thumbnail(sha256: str) -> Response:
    """The picture of a file's first page, by its hash."""
    with reading() as session:
        picture = reading_state.thumbnail(session, sha256)
    if picture is None:
        raise BlobMissingError(sha256=shown(sha256))
    return send_blob(
        Representation(
            sha256=picture.sha256,
            size=picture.size,
            content_type="image/png",
            file_name=f"{sha256[:12]}.png",
            last_modified=picture.stored_at,
            cache=Cache.immutable(),
            inline=True,
        )
    )


def _gone(edition: PublishedEdition) -> Response:
    page = render_template("docs_store/withdrawn.html", edition=edition)
    response = Response(page, 410)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _latest_of(offered: EditionOffer | None) -> str:
    return offered.edition.language if offered else answer_language()


def _representation(edition: PublishedEdition) -> Representation:
    return Representation(
        sha256=edition.sha256,
        size=edition.size,
        content_type=edition.content_type,
        file_name=edition.file_name,
        last_modified=edition.published_at,
        cache=_FILE_CACHE,
        inline=_opens(edition),
    )


def _opens(edition: PublishedEdition) -> bool:
    return edition.content_type == PDF
