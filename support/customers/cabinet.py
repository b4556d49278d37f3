"""The cabinet «Мой кабинет»: the line of its pages, some for partners alone, and its scope."""

from collections.abc import Sequence

from flask import Blueprint, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from accounts.access import acting, current_actor
from accounts.models import Role
from support.scope import Scope, scope_of

public = Blueprint("customers", __name__, url_prefix="/my", template_folder="templates")


def my_scope(session: Session) -> Scope:
    """Whose things the person who asks may see."""
    return scope_of(session, acting())


@public.context_processor
def places() -> dict[str, Sequence[tuple[str, str]]]:
    """What templates see as `cabinet`."""
    own = [
        (_("Overview"), url_for("customers.home")),
        (_("My phones"), url_for("customers.devices")),
        (_("Requests"), url_for("customers.requests_list")),
        (_("Repairs"), url_for("customers.repairs_list")),
        (_("Certificates"), url_for("customers.certificates")),
        (_("Downloads"), url_for("customers.downloads")),
        (_("In numbers"), url_for("customers.repairs_report")),
    ]
    # What is refused before anybody is looked up has its page too.
    actor = current_actor()
    if actor is not None and actor.role == Role.PARTNER:
        own.insert(1, (_("My customers"), url_for("customers.clients")))
        own.append((_("My server"), url_for("partner_claims.claims_page")))
    return {"cabinet": own}
