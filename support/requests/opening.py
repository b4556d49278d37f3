"""The form by which a person opens a request, read once into a NewRequest."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from accounts.access import Actor
from support.attachments.content import Accepted
from support.packages.package import Priority
from support.requests.new_request import PHONE_MAX, Contact, NewRequest
from support.requests.vocabulary import Channel, Symptom
from support.scope import NOBODY, Scope

Word = TypeVar("Word", bound=StrEnum)
_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)


@dataclass(frozen=True)
class Sender:
    """Where a form came from and in which language it was read; `actor` if somebody signed in.

    A partner's people may write for their customers: `scope` is for whom.
    """

    address: str
    language: str
    actor: Actor | None
    scope: Scope = NOBODY


def new_key() -> str:
    """What makes a form that is sent twice one request; nobody else can name it."""
    return secrets.token_urlsafe(24)


def key_of(form: Mapping[str, str]) -> str:
    """The form's own key; one not of our making could be another person's and is dropped."""
    typed = form.get("form_key", "")
    return typed if _KEY.fullmatch(typed) else new_key()


def word(kind: type[Word], typed: str, default: Word) -> Word:
    """The word of a vocabulary that a form names, else the default."""
    return next((one for one in kind if one == typed), default)


def new_request(
    form: Mapping[str, str], files: Sequence[Accepted], sender: Sender, now: datetime
) -> NewRequest:
    """The request in a form. Of somebody signed in, the organisation is known and not typed."""
    actor = sender.actor
    customer = actor if actor and not actor.is_staff else None
    return NewRequest(
        channel=Channel.PORTAL if customer else Channel.FORM,
        subject=form.get("subject", "").strip(),
        text=form.get("text", ""),
        contact=Contact(
            name=form.get("name", "").strip(),
            email=form.get("email", "").strip(),
            phone=form.get("phone", "").strip()[:PHONE_MAX],
            language=sender.language,
        ),
        intake_key=f"form:{key_of(form)}",
        came_at=now,
        serials=[form.get("serials", "")[:4000]],
        symptom=word(Symptom, form.get("symptom", ""), Symptom.OTHER),
        priority=word(Priority, form.get("priority", ""), Priority.P3),
        product=form.get("product", ""),
        firmware=form.get("firmware", ""),
        attested=bool(form.get("read_rules")),
        source=sender.address,
        user_id=customer.user_id if customer else None,
        organisation_id=sender.scope.chosen(form.get("behalf", "")) if customer else None,
        files=tuple(files),
    )
