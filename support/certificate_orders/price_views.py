"""Staff page: what certificates cost, from which day on."""

from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from catalogue import products
from storage import clock
from storage.answer_language import answer_language
from storage.clock import moscow_date
from storage.phrases import Phrase
from storage.refusals import RefusedError
from storage.request import reading, status_of, writing
from support.certificate_orders import prices
from support.certificate_orders.prices import (
    NewPrice,
    PriceAmountError,
    PriceDayError,
    PriceMonthsError,
)
from support.repairs import quoting
from support.repairs.refused import QuoteAmountError
from support.warranty_certificates import certificates
from support.warranty_terms.entitlements import EntitlementKind

#: Who sets prices.
PRICERS = roles()

#: The kinds in words that fit a choice.
_SHORT = {
    EntitlementKind.EXTENDED: Phrase("Увеличенный срок", "Extended warranty"),
    EntitlementKind.LOANER: Phrase("Подменный фонд", "Loaner service"),
}

staff = Blueprint(
    "certificate_prices",
    __name__,
    url_prefix="/staff/certificate-prices",
    template_folder="templates",
)


@staff.get("/")
@staff_rule
def prices_page() -> Answer:
    """The prices that hold, and every price ever set."""
    return _page()


@staff.post("/")
@PRICERS
def add_price() -> Answer:
    """Set a price from a day on."""
    try:
        with writing() as session:
            prices.add(session, _typed(), actor=acting().login, now=clock.now())
    except RefusedError as error:
        return _page(error)
    flash(_("The price is set. Orders of before keep theirs."))
    return redirect(url_for(".prices_page"))


@staff.post("/<int:price_id>/remove")
@PRICERS
def remove_price(price_id: int) -> Answer:
    """Take back a price whose day has not come."""
    try:
        with writing() as session:
            prices.remove(session, price_id, actor=acting().login, now=clock.now())
    except RefusedError as error:
        return _page(error)
    flash(_("The price was removed."))
    return redirect(url_for(".prices_page"))


def _typed() -> NewPrice:
    form = request.form
    kind = next((one for one in certificates.KINDS if one == form.get("kind")), None)
    if kind is None:
        raise certificates.CertificateKindError
    months = form.get("months", "")
    if months not in {str(one) for one in prices.MONTHS}:
        raise PriceMonthsError
    try:
        price = quoting.amount(form.get("price", "")[:40])
    except QuoteAmountError as error:
        raise PriceAmountError from error
    try:
        day = date.fromisoformat(form.get("valid_from", "").strip())
    except ValueError as error:
        raise PriceDayError from error
    return NewPrice(kind, int(months), price, day, form.get("product", "")[:64])


def _page(error: RefusedError | None = None) -> Answer:
    said, today = answer_language(), moscow_date(clock.now())
    with reading() as session:
        page = render_template(
            "certificate_orders/prices.html",
            current=prices.current(session, today),
            every=prices.every(session),
            kinds=[(one, _SHORT[one].text(said)) for one in certificates.KINDS],
            months=[(str(one), str(one)) for one in prices.MONTHS],
            products=[
                ("", _("every product without a price of its own")),
                *((one.code, one.code) for one in products.every(session) if one.own_product),
            ],
            today=today,
            may_change=PRICERS.allows(acting()),
            typed=request.form,
            error=error,
        )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")
