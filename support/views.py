"""Pages: the public warranty check, and the whole answer with its rules for staff."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, anyone, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from provision.devices import registry
from provision.dialects import families_of
from provision.verdicts import gathering, words
from provision.verdicts.unit import Verdict as IdentityVerdict
from storage.clock import moscow_date, now
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, writing
from support import answer_forms, handover
from support.coverage import coverage_of, device_by_serial
from support.handover import HandoverForm
from support.phrases import months_phrase
from support.public_checks.attempts import TooManyAttemptsError
from support.public_checks.check_limits import CheckLimits, LabelLockedError
from support.public_checks.public_check import PublicAnswer, TypedLabel, public_answer
from support.public_checks.puzzles import Puzzles
from support.warranty_certificates import certificates
from support.warranty_certificates.certificates import base_term_of
from support.warranty_terms.evidence import EvidenceKind
from support.warranty_terms.terms import TermPolicy

REGISTRARS = (Role.AGENT, Role.ENGINEER)

public = Blueprint("support", __name__, template_folder="templates")
staff = Blueprint(
    "support_staff", __name__, url_prefix="/staff/warranty", template_folder="templates"
)


@public.get("/warranty")
@anyone
def warranty_check() -> Response:
    """The form; a serial number in the address is filled in."""
    return _check_page(TypedLabel.of(request.args.get("serial", "")))


@public.post("/warranty")
@anyone
def answer_check() -> Response:
    """The answer for a label, or one refusal for an unknown serial and for a wrong MAC alike."""
    typed = TypedLabel.of(request.form.get("serial", ""), request.form.get("mac_ending", ""))
    limits = CheckLimits.of(installation().database)
    source, at = request.remote_addr or "unknown", now()
    try:
        limits.begin(source, typed.serial, at, worked=_is_worked(at))
        with reading() as session:
            answer = public_answer(session, typed, moscow_date(at), _policy())
    except (TooManyAttemptsError, LabelLockedError) as error:
        return _check_page(typed, error=error, status=429)
    except RefusedError as error:
        return _check_page(typed, error=error, status=422)
    limits.succeeded(source, typed.serial, at)
    return _check_page(typed, answer=answer)


@staff.get("/<path:serial>")
@staff_rule
def device_warranty(serial: str) -> str:
    """The whole answer for one device: every rule, date and paper."""
    return device_page(serial, request.args)


@staff.post("/<path:serial>")
@roles(*REGISTRARS)
def register_handover(serial: str) -> Response | tuple[str, int]:
    """Record the handover of the device to its User."""
    try:
        form = HandoverForm.from_form(request.form)
        with writing() as session:
            recorded = handover.register(session, serial, form, actor=acting().login, now=now())
    except NotFoundError:
        raise
    except RefusedError as error:
        return device_page(serial, request.form, error), 422
    flash(_("The handover on %(day)s was recorded.", day=f"{recorded.on:%d.%m.%Y}"))
    return redirect(url_for(".device_warranty", serial=serial))


def _check_page(
    typed: TypedLabel,
    *,
    answer: PublicAnswer | None = None,
    error: RefusedError | None = None,
    status: int = 200,
) -> Response:
    page = render_template(
        "support/warranty_check.html",
        typed=typed,
        answer=answer,
        error=error,
        term=months_phrase(_policy().months),
        puzzle=_puzzles().new(now()),
        bits=_puzzles().bits,
    )
    # The form carries a person's own token, and the answer is for one reader.
    return Response(page, status, {"Cache-Control": "no-store"}, mimetype="text/html")


def device_page(serial: str, typed: Mapping[str, str], error: RefusedError | None = None) -> str:
    """The staff page of one device's warranty, with a form as it came back."""
    language = "en" if str(get_locale()) == "en" else "ru"
    with reading() as session:
        device = device_by_serial(session, serial)
        answer = coverage_of(session, device, moscow_date(now()), _policy())
        proofs = registry.handovers(session, device.mac)
        base = base_term_of(answer, proofs) if answer.origin else None
        unit = registry.get(session, device.mac)
        judgements = gathering.of_device(session, unit, families_of(installation()))
    return render_template(
        "support/device_warranty.html",
        device=device,
        answer=answer,
        proofs=proofs,
        steps=answer_forms.steps(answer, language),
        evidence_kind=EvidenceKind,
        kind_options=[
            (EvidenceKind.USER_DOCUMENT, _("Document of handover")),
            (EvidenceKind.PARTNER_REPORT, _("Partner's sale report")),
        ],
        base=base,
        judgements=[one for one in judgements if one.verdict is not IdentityVerdict.MATCH],
        words=words,
        certificate_open=base is not None and base.is_open(answer.today),
        certificate_options=[(kind, kind.phrase.text(language)) for kind in certificates.KINDS],
        may_register=acting().role in {*REGISTRARS, Role.ADMIN},
        typed=typed,
        error=error,
    )


def _puzzles() -> Puzzles:
    return Puzzles(installation().secret_key)


def _is_worked(at: datetime) -> bool:
    """Whether the browser did the form's little work, for exactly what was typed."""
    form = request.form
    words = f"{form.get('serial', '')}\n{form.get('mac_ending', '')}"
    return _puzzles().is_solved(form.get("puzzle", ""), words, form.get("answer", ""), at)


def _policy() -> TermPolicy:
    return installation().option(TermPolicy)
