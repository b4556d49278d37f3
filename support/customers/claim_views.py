"""Page «Мой сервер»: a partner has phones served by its own server, by the codes in the boxes."""

from collections.abc import Mapping

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting
from provision.redirects import filing, listing, words
from provision.redirects.api import PARTNERS
from provision.redirects.filing import NewClaim, NotClaimableError
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.customers import cabinet

public = Blueprint("partner_claims", __name__, url_prefix="/my/claims", template_folder="templates")
public.context_processor(cabinet.places)


@public.get("/")
@PARTNERS
def claims_page() -> Response:
    """What I claimed and how it stands."""
    return _page({}, None)


@public.post("/")
@PARTNERS
def file() -> Redirect:
    """Claim one phone."""
    typed, at = request.form, now()
    new = NewClaim(typed.get("unit", ""), typed.get("code", ""), typed.get("url", ""))
    try:
        with writing() as session:
            filing.file(session, installation(), new, acting(), at)
    except NotClaimableError as error:
        with writing() as session:
            filing.note_wrong_try(session, acting(), at)
        return _page(typed, error)
    except RefusedError as error:
        return _page(typed, error)
    flash(_("The claim is filed. Support decides within 14 days; the decision is shown here."))
    return redirect(address_of(".claims_page"))


@public.post("/<int:number>/withdraw")
@PARTNERS
def withdraw(number: int) -> Redirect:
    """Take a claim back, or let a phone go."""
    with writing() as session:
        filing.withdraw(session, number, acting(), now())
    flash(_("Noted: the phone's next first contact leads to the vendor's server."))
    return redirect(address_of(".claims_page"))


def _page(typed: Mapping[str, str], error: RefusedError | None) -> Response:
    with reading() as session:
        found = listing.of_partner(session, acting().organisation_id or 0, now())
    page = render_template(
        "customers/claims.html",
        claims=found,
        states=words.states(),
        typed=typed,
        error=error,
        language="en" if str(get_locale()) == "en" else "ru",
    )
    return make_response(page, status_of(error) if error else 200)
