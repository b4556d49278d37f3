"""Pages: ordering a certificate, following the order, and for staff what was paid."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, anyone, current_actor, roles
from accounts.access import staff as staff_rule
from accounts.models import Organisation, Role
from storage import clock
from storage.answer_language import answer_language
from storage.clock import moscow_date
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.certificate_orders import ordering, prices
from support.certificate_orders.lines import Checked, checked, typed_lines
from support.certificate_orders.ordering import NewOrder
from support.certificate_orders.refused import OrderMonthsError, PaidDayError
from support.public_checks.attempts import Attempts
from support.requests import opening
from support.warranty_certificates import certificates
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy

TEXT_MAX = 8000
#: Phones of an order that are told to be left out, each with its reason.
TOLD_MAX = 3
REGISTRARS = roles(Role.AGENT, Role.ENGINEER)

public = Blueprint(
    "certificate_orders", __name__, url_prefix="/warranty/certificate", template_folder="templates"
)
staff = Blueprint(
    "certificate_desk",
    __name__,
    url_prefix="/staff/certificate-orders",
    template_folder="templates",
)


@public.get("")
@anyone
def order_form() -> Answer:
    """The form; a serial number in the address is filled in."""
    return _form({"lines": request.args.get("serial", "")[:64], **_known()})


@public.post("")
@anyone
def order() -> Answer:
    """«look» shows which phones can have it and until when; otherwise it is ordered."""
    typed = {name: request.form[name][:TEXT_MAX] for name in request.form}
    lines: Sequence[Checked] = ()
    try:
        at = clock.now()
        kind = _kind(typed)
        with reading() as session:
            lines = _checked(session, typed, kind, at)
        if typed.get("step") == "look":
            return _form(typed, lines)
        new = _new(typed, kind)
        try:
            address = _placed(new, lines, _who(typed), at)
        except IntegrityError:
            # The same form came twice at once, and the other one was first: now it is found.
            address = _placed(new, lines, _who(typed), at)
    except RefusedError as error:
        return _form(typed, lines, error)
    _say_left_out(lines)
    return redirect(address.removeprefix(installation().public_url))


@public.get("/<token>")
@anyone
def follow(token: str) -> Answer:
    """Where the order stands, and until when it may be paid."""
    with reading() as session:
        page = render_template(
            "certificate_orders/order.html",
            order=ordering.by_token(session, token),
            today=moscow_date(clock.now()),
        )
    return _private(page)


@staff.get("/")
@staff_rule
def orders() -> Response:
    """All orders, the latest first."""
    return _orders_page()


@staff.post("/<int:order_id>/paid")
@REGISTRARS
def paid(order_id: int) -> Answer:
    """The money came: the certificate is issued."""

    def write(session: Session, actor: str, now: datetime) -> None:
        sold = ordering.paid(
            session, installation(), order_id, _day(), request.form.get("override", "")[:500],
            actor=actor, now=now,
        )  # fmt: skip
        flash(_("The certificate %(number)s was issued.", number=sold.number))
        for refusal in sold.refused:
            flash(refusal.text(answer_language()), "attention")

    return _change(write)


@staff.post("/<int:order_id>/cancel")
@REGISTRARS
def cancel(order_id: int) -> Answer:
    """Nobody will pay it."""

    def write(session: Session, actor: str, now: datetime) -> None:
        ordering.cancel(session, order_id, actor=actor, now=now)
        flash(_("The order %(number)s is cancelled.", number=order_id))

    return _change(write)


def _say_left_out(lines: Sequence[Checked]) -> None:
    """C-4: which phones the order goes without. The cookie that carries it holds a few."""
    refused = [(line.serial, line.refusal) for line in lines if line.refusal is not None]
    for serial, refusal in refused[:TOLD_MAX]:
        said = refusal.text(answer_language())
        flash(_("%(serial)s was left out: %(why)s", serial=serial[:32], why=said), "attention")
    if len(refused) > TOLD_MAX:
        flash(_("Left out besides: %(count)s.", count=len(refused) - TOLD_MAX), "attention")


def _placed(new: NewOrder, lines: Sequence[Checked], actor: str, at: datetime) -> str:
    with writing() as session:
        placed = ordering.place(session, installation(), new, lines, actor=actor, now=at)
        return ordering.address_of(installation(), placed)


def _checked(
    session: Session, typed: dict[str, str], kind: EntitlementKind, at: datetime
) -> list[Checked]:
    attempts = Attempts(installation().database, "certificate")
    source = request.remote_addr or "unknown"

    def count() -> Callable[[], None]:
        # Counting takes a connection of its own: nobody may wait for it while holding this one.
        session.rollback()
        attempts.begin(source, at)
        return right

    def right() -> None:
        session.rollback()
        attempts.succeeded(source, at)

    policy, today = installation().option(TermPolicy), moscow_date(at)
    return [
        checked(session, line, kind, current_actor(), today, policy, count)
        for line in typed_lines(typed.get("lines", ""))
    ]


def _new(typed: dict[str, str], kind: EntitlementKind) -> NewOrder:
    months = typed.get("months", "")
    if months not in {str(one) for one in prices.MONTHS}:
        raise OrderMonthsError
    return NewOrder(
        kind=kind,
        months=int(months),
        buyer=typed.get("buyer", ""),
        email=typed.get("email", ""),
        form_key=opening.key_of(typed),
        source=request.remote_addr or "unknown",
        language=answer_language(),
    )


def _kind(typed: dict[str, str]) -> EntitlementKind:
    found = next((one for one in certificates.KINDS if one == typed.get("kind")), None)
    if found is None:
        raise certificates.CertificateKindError
    return found


def _known() -> dict[str, str]:
    """What is known of whoever is signed in."""
    actor = current_actor()
    if actor is None or actor.organisation_id is None:
        return {}
    with reading() as session:
        return {"buyer": session.get_one(Organisation, actor.organisation_id).name}


def _who(typed: dict[str, str]) -> str:
    actor = current_actor()
    return actor.login if actor else typed.get("buyer", "")[:80]


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("paid_on", "").strip())
    except ValueError as error:
        raise PaidDayError from error


def _change(write: Callable[[Session, str, datetime], None]) -> Answer:
    try:
        with writing() as session:
            write(session, acting().login, clock.now())
    except RefusedError as error:
        return _orders_page(error)
    return redirect(url_for(".orders"))


def _orders_page(error: RefusedError | None = None) -> Response:
    with reading() as session:
        page = render_template(
            "certificate_orders/orders.html",
            orders=ordering.every(session),
            today=moscow_date(clock.now()),
            may_change=acting().role in {Role.AGENT, Role.ENGINEER, Role.ADMIN},
            typed=request.form,
            error=error,
        )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def _form(
    typed: dict[str, str], lines: Sequence[Checked] = (), error: RefusedError | None = None
) -> Answer:
    said, at = answer_language(), clock.now()
    with reading() as session:
        price_list = prices.current(session, moscow_date(at))
        costs = _costs(session, typed, lines, at)
    page = render_template(
        "certificate_orders/new.html",
        typed=typed,
        lines=lines,
        error=error,
        form_key=opening.key_of(typed),
        kinds=[(one, one.phrase.text(said)) for one in certificates.KINDS],
        months=[(str(one), str(one)) for one in prices.MONTHS],
        price_list=price_list,
        costs=costs,
        signed_in=current_actor() is not None,
    )
    return _private(page, status_of(error) if error else 200)


def _costs(
    session: Session, typed: dict[str, str], lines: Sequence[Checked], at: datetime
) -> dict[str, Decimal | None]:
    """What each phone that can have the certificate would cost, for the length that is chosen."""
    months, kind = typed.get("months", ""), typed.get("kind", "")
    if months not in {str(one) for one in prices.MONTHS} or kind not in set(certificates.KINDS):
        return {}
    return {
        line.serial: ordering.price_of(session, line.serial, EntitlementKind(kind), int(months), at)
        for line in lines
        if line.until is not None
    }


def _private(page: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status, headers, mimetype="text/html")
