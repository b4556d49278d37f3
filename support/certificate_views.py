"""Staff pages: selling a certificate for one phone, and all certificates."""

import re
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, writing
from support.handover import HandoverDayError
from support.views import REGISTRARS, device_page
from support.warranty_certificates import certificates
from support.warranty_certificates.certificate_terms import MONTHS_MAX, CertificateMonthsError
from support.warranty_certificates.certificates import NewCertificate
from support.warranty_terms.terms import TermPolicy

staff = Blueprint(
    "support_certificates", __name__, url_prefix="/staff/certificates", template_folder="templates"
)
_MONTHS = re.compile(r"[0-9]{1,4}", re.ASCII)


@staff.get("/")
@staff_rule
def certificate_list() -> str:
    """All certificates, the latest first."""
    return _list_page()


@staff.post("/for/<path:serial>")
@roles(*REGISTRARS)
def sell(serial: str) -> Response | tuple[str, int]:
    """Record a certificate sold for one phone."""
    try:
        new = _from_form(serial)
        policy = installation().option(TermPolicy)
        with writing() as session:
            sold = certificates.sell(session, new, policy, actor=acting().login, now=now())
    except NotFoundError:
        raise
    except RefusedError as error:
        return device_page(serial, request.form, error), 422
    flash(_("The certificate %(number)s was recorded.", number=sold.number))
    return redirect(url_for("support_staff.device_warranty", serial=serial))


@staff.post("/<path:number>/void")
@roles(*REGISTRARS)
def void(number: str) -> Response | tuple[str, int]:
    """Take a certificate back."""
    reason = request.form.get("reason", "")
    try:
        with writing() as session:
            certificates.void(session, number, reason, actor=acting().login, now=now())
    except NotFoundError:
        raise
    except RefusedError as error:
        return _list_page(error), 422
    flash(_("The certificate %(number)s is void.", number=number))
    return redirect(url_for(".certificate_list"))


def _list_page(error: RefusedError | None = None) -> str:
    with reading() as session:
        found = certificates.every(session)
    return render_template(
        "support/certificates.html",
        certificates=found,
        may_void=acting().role in {*REGISTRARS, Role.ADMIN},
        error=error,
    )


def _from_form(serial: str) -> NewCertificate:
    kind = next((k for k in certificates.KINDS if k == request.form.get("certificate_kind")), None)
    if kind is None:
        raise certificates.CertificateKindError
    months = request.form.get("months", "").strip()
    if not _MONTHS.fullmatch(months):
        raise CertificateMonthsError(limit=MONTHS_MAX, months=months[:20] or "—")
    return NewCertificate(
        number=request.form.get("number", ""),
        serials=(serial,),
        months=int(months),
        purchased_on=_day(request.form.get("purchased_on", "")),
        kind=kind,
        override=request.form.get("override", ""),
    )


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        raise PurchaseDayError from error


class PurchaseDayError(HandoverDayError):
    code = "purchase-day"
    field = "purchased_on"
    ru = "Укажите день покупки, например 2026-11-22."
    en = "Give the day of purchase, for example 2026-11-22."
