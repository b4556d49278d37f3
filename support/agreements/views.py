"""Staff pages: contracts of paid support, who writes under them, and overdue debts as told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Organisation, Role
from storage.answer_language import answer_language
from storage.clock import moscow_date, now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.agreements import agreed, agreements, debts, named_engineers
from support.agreements.agreements import AgreementDaysError, NewAgreement
from support.agreements.models import SupportContract
from support.agreements.tiers import FREE
from support.calendars import keeping
from support.packages.own import packages_of
from support.packages.package import Package, Priority, Promise

#: Whoever answers requests sees whose they are paid by; concluding is the agents' too.
CLERKS = roles(Role.AGENT)
#: A table of debts is typed or pasted; accounts of more rows use the command.
TABLE_MAX = 200_000

staff = Blueprint(
    "support_contracts", __name__, url_prefix="/staff/support-contracts",
    template_folder="templates",
)  # fmt: skip


@staff.get("/")
@CLERKS
def contracts_page() -> Response:
    """Contracts, contacts and debts."""
    return _page()


@staff.get("/new")
@CLERKS
def new() -> Response:
    """The form for a contract."""
    return _form({"valid_from": f"{moscow_date(now())}"})


@staff.post("/new")
@CLERKS
def conclude() -> Response | Redirect:
    """S-7: record a contract that was concluded."""
    try:
        with writing() as session:
            made = agreements.conclude(
                session,
                _typed(request.form),
                packages_of(installation()),
                actor=acting().login,
                now=now(),
            ).number
    except RefusedError as error:
        return _form(request.form, error)
    flash(_("The contract %(number)s is on record.", number=made), "good")
    return redirect(url_for(".contracts_page"))


@staff.post("/end")
@CLERKS
def end() -> Response | Redirect:
    """End a contract on a day; what was promised before stays."""
    form = request.form
    try:
        with writing() as session:
            last = _day(form.get("last_day", ""))
            number = form.get("number", "")[: agreements.NUMBER_LENGTH_MAX]
            agreements.end(session, number, last, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error, "end")
    flash(_("The contract ends on that day."))
    return redirect(url_for(".contracts_page"))


@staff.post("/engineer")
@CLERKS
def name_engineer() -> Response | Redirect:
    """Name another engineer for a contract, or nobody."""
    form = request.form
    try:
        with writing() as session:
            number = form.get("number", "")[: agreements.NUMBER_LENGTH_MAX]
            found = agreements.get(session, number)
            login = form.get("named_engineer", "")
            named_engineers.name(session, found, login, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error, "engineer")
    flash(_("New requests under the contract go to that person."))
    return redirect(url_for(".contracts_page"))


@staff.post("/contacts")
@CLERKS
def add_contact() -> Response | Redirect:
    """Let an address or a domain write for an organisation."""
    try:
        with writing() as session:
            address, owner = request.form.get("address", "")[:254], request.form.get("owner", "")
            agreements.add_contact(session, address, owner, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error, "contact")
    flash(_("Letters from there are the organisation's from now on."))
    return redirect(url_for(".contracts_page"))


@staff.post("/contacts/remove")
@CLERKS
def remove_contact() -> Response | Redirect:
    """An address writes for nobody any more."""
    try:
        with writing() as session:
            address = request.form.get("address", "")[:254]
            agreements.remove_contact(session, address, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error, "contact")
    flash(_("The address writes for nobody any more."))
    return redirect(url_for(".contracts_page"))


@staff.post("/debts")
@CLERKS
def take_debts() -> Response | Redirect:
    """N-5: take in the accounts' table, all or nothing."""
    try:
        with writing() as session:
            table = request.form.get("table", "").strip()[:TABLE_MAX]
            count = debts.take_in(session, table, actor=acting().login, now=now())
    except RefusedError as error:
        return _page(error, "debts")
    flash(ngettext("%(num)s figure was taken in.", "%(num)s figures were taken in.", count))
    return redirect(url_for(".contracts_page"))


def _page(error: RefusedError | None = None, form: str = "") -> Response:
    today = moscow_date(now())
    with reading() as session:
        calendar = keeping.current(session).calendar
        contracts = agreements.every(session)
        page = render_template(
            "agreements/list.html",
            contracts=contracts,
            older=_older(contracts, packages_of(installation())),
            named={one.number for one in contracts if agreed.package_of(one).named_engineer},
            engineers=_engineers(session),
            priorities=list(Priority),
            promises=list(Promise),
            contacts=[(one, _name(session, one.organisation_id)) for one in
                      agreements.contacts(session)],
            owed=[
                (name, row, debts.Debt(row.overdue, row.as_of).is_stale(calendar, today))
                for name, row in debts.every(session)
            ],
            owners=_owners(session),
            today=today,
            columns=debts.COLUMNS,
            typed=request.form,
            form=form,
            error=error,
        )  # fmt: skip
    return Response(page, status_of(error) if error else 200, {"Cache-Control": "no-store"})


def _older(
    contracts: Iterable[SupportContract], packages: Iterable[Package]
) -> Mapping[str, Package]:
    """What contracts agreed, by their numbers, where today's table says otherwise."""
    today = {one.code: one for one in packages}
    return {
        one.number: agreed.package_of(one)
        for one in contracts
        if agreed.differs(one, today.get(one.package))
    }


def _form(typed: Mapping[str, str], error: RefusedError | None = None) -> Response:
    with reading() as session:
        owners, engineers = _owners(session), _engineers(session)
    page = render_template(
        "agreements/new.html",
        typed=typed,
        error=error,
        owners=owners,
        engineers=engineers,
        packages=[
            (one.code, one.name.text(answer_language()))
            for one in packages_of(installation())
            if one.code != FREE
        ],
    )
    return Response(page, status_of(error) if error else 200, {"Cache-Control": "no-store"})


def _typed(form: Mapping[str, str]) -> NewAgreement:
    return NewAgreement(
        number=form.get("number", ""),
        organisation=form.get("owner", ""),
        package=form.get("package", ""),
        valid_from=_day(form.get("valid_from", "")),
        valid_to=_day(form.get("valid_to", "")),
        sites=_lines(form.get("sites", "")),
        serials=_lines(form.get("serials", "")),
        named_engineer=form.get("named_engineer", "")[:120],
    )


def _lines(typed: str) -> Sequence[str]:
    return [line.strip() for line in typed[:20_000].splitlines() if line.strip()]


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        raise AgreementDaysError from error


def _owners(session: Session) -> Sequence[tuple[str, str]]:
    names = session.scalars(select(Organisation.name).order_by(Organisation.name))
    return [("", _("choose")), *((name, name) for name in names)]


def _engineers(session: Session) -> Sequence[tuple[str, str]]:
    known = named_engineers.answerers(session)
    return [("", _("not named")), *((one.login, f"{one.name} ({one.login})") for one in known)]


def _name(session: Session, organisation_id: int) -> str:
    return session.get_one(Organisation, organisation_id).name
