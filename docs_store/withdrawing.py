"""Withdrawing an edition: it is offered to nobody any more, and everyone sees why.

Its bytes stay reachable by hash, and its number is never given to another file.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import repository, targets
from catalogue.keys import KeyRing
from docs_store import editions, library
from docs_store.editions import PublishedEdition
from docs_store.models import Document, Edition
from docs_store.naming import shown
from docs_store.publishing import subject
from storage.refusals import ConflictError, RefusedError


class ReasonNeededError(RefusedError):
    code = "withdrawal-reason-needed"
    field = "reason"
    ru = "Укажите причину отзыва, до {most} знаков: её увидят все."
    en = "Give the reason for the withdrawal, {most} characters at most: everyone will see it."


class AlreadyWithdrawnError(ConflictError):
    code = "edition-already-withdrawn"
    ru = "Издание {version} ({language}) документа «{slug}» уже отозвано."
    en = "The edition {version} ({language}) of “{slug}” is already withdrawn."


MAX_REASON = 500  # characters


def withdraw(
    session: Session,
    slug: str,
    language: str,
    version: str,
    keys: KeyRing,
    *,
    reason: str,
    actor: str,
    now: datetime,
) -> PublishedEdition:
    """Stop offering an edition.

    Raises ReasonNeededError, AlreadyWithdrawnError, UnknownDocumentError, UnknownEditionError.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise ReasonNeededError(most=MAX_REASON)
    document = library.get(session, slug)
    edition = _edition(document, language, version)
    if edition.withdrawn_at is not None:
        raise AlreadyWithdrawnError(slug=slug, version=version, language=language)
    edition.withdrawn_at = now
    edition.withdrawn_reason = reason
    withdrawn = library.as_published(document, edition)
    targets.withdraw(session, withdrawn.path, now)
    session.flush()
    repository.publish(session, keys, [withdrawn.path], now)
    _name_again(document, edition)
    audit.record(session, actor, "document.withdraw", subject(withdrawn), now, reason=reason)
    return withdrawn


def _edition(document: Document, language: str, version: str) -> Edition:
    for edition in document.editions:
        if (edition.language, edition.version) == (language, version):
            return edition
    raise library.UnknownEditionError(
        slug=document.slug, version=shown(version), language=shown(language)
    )


def _name_again(document: Document, withdrawn: Edition) -> None:
    """The newest edition that is left names the document; the last one leaves it its name."""
    left = editions.latest(library.published(document), withdrawn.language)
    if left is not None:
        document.set_title(left.language, left.title)
    document.searched = library.searched(document)
