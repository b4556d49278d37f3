"""What the texts of documents answer to a query: in which manual, on which page, in which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from docs_store import editions, full_text, library, search, snippets, words
from docs_store.content import PDF
from docs_store.editions import EditionOffer, PublishedEdition
from docs_store.full_text import Hit
from docs_store.kinds import Kind
from docs_store.models import Document, EditionPage
from docs_store.search import DocumentQuery, ProductName
from docs_store.snippets import Piece
from docs_store.words import Phrase

MAX_DOCUMENTS = 10
MAX_PAGES = 3  # of one document; the reader has its file then
_MAX_HITS = 300


@dataclass(frozen=True)
class Passage:
    """A place in an edition: `page` from 1, None in a file without pages; `url` opens it there."""

    page: int | None
    url: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class FoundText:
    """A document whose text answers: the edition that is shown, and its best passages.

    `more` is how many other pages of that edition fit.
    """

    slug: str
    kind: Kind
    title: str
    products: tuple[ProductName, ...]
    offer: EditionOffer
    passages: tuple[Passage, ...]
    more: int


def find(session: Session, query: DocumentQuery) -> list[FoundText]:
    """The documents whose pages hold all words of the query, in any of their forms, best first."""
    phrases = words.phrases(query.text[: search.MAX_QUERY])
    hits = full_text.hits(session, phrases, search.narrowed(query), _MAX_HITS)
    by_document: dict[int, list[Hit]] = {}
    for hit in hits:
        by_document.setdefault(hit.document_id, []).append(hit)
    best = dict(list(by_document.items())[:MAX_DOCUMENTS])
    rows = session.scalars(select(Document).where(Document.id.in_(best)))
    documents = {document.id: document for document in rows}
    chosen = [_chosen(documents[key], found, query.language) for key, found in best.items()]
    shown = [hit.page_id for one in chosen for hit in one.hits[:MAX_PAGES]]
    pages = session.scalars(select(EditionPage).where(EditionPage.id.in_(shown)))
    texts = {page.id: page.text for page in pages}
    return [_found(one, texts, phrases, query.language) for one in chosen]


@dataclass(frozen=True)
class _Chosen:
    """The edition of a document that this reader is shown, and its pages, the best first."""

    document: Document
    offer: EditionOffer
    hits: Sequence[Hit]


def _chosen(document: Document, hits: Sequence[Hit], language: str) -> _Chosen:
    """Of the editions that answer, the one that this reader would be offered first."""
    ids = {hit.edition_id for hit in hits}
    found = {
        library.as_published(document, row): row.id for row in document.editions if row.id in ids
    }
    offered = editions.offer(found, None, language)
    assert offered is not None, "a hit belongs to an edition of its document"
    edition_id = found[offered.edition]
    return _Chosen(document, offered, [hit for hit in hits if hit.edition_id == edition_id])


def _found(
    chosen: _Chosen, texts: Mapping[int, str], phrases: Sequence[Phrase], language: str
) -> FoundText:
    document, offered = chosen.document, chosen.offer
    return FoundText(
        slug=document.slug,
        kind=Kind(document.kind),
        title=offered.edition.title,
        products=search.product_names(document, language),
        offer=offered,
        passages=tuple(
            _passage(offered.edition, hit.number, texts[hit.page_id], phrases)
            for hit in chosen.hits[:MAX_PAGES]
        ),
        more=len(chosen.hits[MAX_PAGES:]),
    )


def _passage(
    edition: PublishedEdition, number: int, text: str, phrases: Sequence[Phrase]
) -> Passage:
    paged = edition.content_type == PDF
    return Passage(
        page=number if paged else None,
        url=f"{edition.url}#page={number}" if paged else edition.url,
        pieces=snippets.snippet(text, phrases),
    )
