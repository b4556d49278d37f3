"""The share of phones that get a release: raised and lowered as data that the manifests carry."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from catalogue.keys import KeyRing
from firmware import manifests, releases
from firmware.models import Release
from firmware.offers import BadPercentError, checked
from storage.refusals import ConflictError


class NotOfferedError(ConflictError):
    code = "not-offered"
    ru = "Выпуск {version} никому не предлагается: долю задать нельзя."
    en = "Release {version} is offered to nobody: it has no share to set."


def percent_from(text: str) -> float:
    """The share that a person typed, with a comma or a point; raises BadPercentError."""
    typed = text.strip().removesuffix("%").strip().replace(",", ".")
    try:
        return checked(float(typed))
    except ValueError:
        raise BadPercentError(percent=text.strip()[:32]) from None


def set_percent(
    session: Session,
    product_code: str,
    version: str,
    percent: float,
    keys: KeyRing,
    *,
    actor: str,
    now: datetime,
) -> Release:
    """Give a release to this share of phones and sign the manifests anew; twice is once.

    The salt stays, so a phone that is in stays in while the share rises; 0 halts the release.
    Raises BadPercentError or NotOfferedError.
    """
    checked(percent)
    release = releases.get(session, products.get(session, product_code), version)
    if release.is_withdrawn or release.is_awaiting:
        raise NotOfferedError(version=release.version)
    before = release.percent
    if percent == before:
        return release
    release.percent = percent
    session.flush()
    subject = f"release:{release.product.code}/{release.version}"
    audit.record(session, actor, "release.rollout", subject, now, before=before, percent=percent)
    manifests.refresh(session, release.product, keys, now)
    return release
