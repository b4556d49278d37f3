"""Staff pages: supply contracts and what they change in the warranty of their phones (W-4)."""

from collections.abc import Iterable, Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Organisation, Role
from catalogue.models import Product
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support import contracts
from support.cases.vocabulary import Payer
from support.customer_kinds import CustomerKind
from support.models import SupplyContract
from support.phrases import Phrase, months_phrase
from support.replacements.policy import ReplacementPolicy
from support.supply_contracts import keeping
from support.supply_contracts.form import ON_A_DAY, as_typed, mark_of, typed_contract
from support.warranty_terms.evidence import StartEvent
from support.warranty_terms.terms import TermPolicy

#: Whoever records handovers and certificates keeps the contracts that rule them.
CLERKS = roles(Role.AGENT)

staff = Blueprint(
    "supply_contracts", __name__, url_prefix="/staff/supply-contracts", template_folder="templates"
)


@staff.get("/")
@CLERKS
def contracts_page() -> str:
    """Every contract with its phones, and the numbers that nobody has recorded."""
    with reading() as session:
        found, unrecorded = keeping.listed(session)
        return render_template(
            "supply_contracts/list.html",
            contracts=[(one.contract, one.phones, _changes(one.contract)) for one in found],
            unrecorded=unrecorded,
            term=_said(months_phrase(_policy().months)),
        )


@staff.get("/new")
@CLERKS
def new() -> Response:
    """The form; a number in the address is filled in."""
    number = request.args.get("number", "")[: contracts.NUMBER_LENGTH_MAX]
    return _form({"number": number, "customer": CustomerKind.LEGAL})


@staff.post("/new")
@CLERKS
def add() -> Response | Redirect:
    """Record a contract."""
    form = request.form
    try:
        with writing() as session:
            made = contracts.add(
                session,
                typed_contract(form),
                actor=acting().login,
                now=now(),
                policy=_policy(),
            ).number
    except RefusedError as error:
        return _form(form, error=error)
    flash(_("The contract %(number)s is on record.", number=made), "good")
    return redirect(url_for(".contracts_page"))


@staff.get("/<int:contract_id>")
@CLERKS
def contract(contract_id: int) -> Response:
    """The form of one contract."""
    with reading() as session:
        known = as_typed(keeping.get(session, contract_id))
    return _form(known, contract_id)


@staff.post("/<int:contract_id>")
@CLERKS
def change(contract_id: int) -> Response | Redirect:
    """Change what the contract changes."""
    try:
        with writing() as session:
            row = keeping.get_to_change(session, contract_id, request.form.get("seen"))
            keeping.change(
                session,
                row,
                typed_contract(request.form),
                actor=acting().login,
                now=now(),
                policy=_policy(),
            )
    except keeping.ContractChangedError as error:
        # What the other person stored: to save the old form over it would take that back.
        with reading() as session:
            known = as_typed(keeping.get(session, contract_id))
        return _form(known, contract_id, error)
    except RefusedError as error:
        return _form(request.form, contract_id, error, request.form.get("seen", ""))
    flash(_("The contract was changed. The warranty of its phones is reckoned anew."))
    return redirect(url_for(".contracts_page"))


@staff.post("/<int:contract_id>/remove")
@CLERKS
def take_back(contract_id: int) -> Response | Redirect:
    """Take a contract off the record that no phone is under."""
    try:
        with writing() as session:
            row = keeping.get(session, contract_id)
            keeping.take_back(session, row, actor=acting().login, now=now())
    except keeping.ContractInUseError as error:
        with reading() as session:
            known = as_typed(keeping.get(session, contract_id))
        return _form(known, contract_id, error)
    flash(_("The contract is off the record."))
    return redirect(url_for(".contracts_page"))


def _form(
    typed: Mapping[str, str],
    contract_id: int | None = None,
    error: RefusedError | None = None,
    seen: str = "",
) -> Response:
    with reading() as session:
        row = keeping.get(session, contract_id) if contract_id is not None else None
        page = render_template(
            "supply_contracts/form.html",
            contract=row,
            seen=seen or (mark_of(row) if row else ""),
            phones=keeping.phones_under(session, row) if row else 0,
            typed=typed,
            owners=[("", _("choose")), *((name, name) for name in _owners(session))],
            products=[("", _("all products")), *((code, code) for code in _products(session))],
            starts=[
                ("", _("as the rules say")),
                *((one.value, _said(one.phrase)) for one in StartEvent),
                (ON_A_DAY, _("from a day that is named")),
            ],
            customers=[(one.value, _said(one.phrase)) for one in CustomerKind],
            replacements=_chosen_of(ReplacementPolicy),
            payers=_chosen_of(Payer),
            term=_said(months_phrase(_policy().months)),
            error=error,
        )
    return Response(page, status_of(error) if error else 200, {"Cache-Control": "no-store"})


def _changes(row: SupplyContract) -> Sequence[str]:
    """What the contract changes, a line each; none where it is silent."""
    agreed: list[str] = []
    if row.months is not None:
        agreed.append(_("term: %(months)s", months=_said(months_phrase(row.months))))
    if row.start_event:
        agreed.append(_said(StartEvent(row.start_event).phrase))
    if row.start_date:
        agreed.append(_("from %(day)s", day=f"{row.start_date:%d.%m.%Y}"))
    if row.replacement_policy:
        agreed.append(_said(ReplacementPolicy(row.replacement_policy).phrase))
    if row.inbound_payer:
        agreed.append(_("way in: %(payer)s", payer=_said(Payer(row.inbound_payer).phrase)))
    if row.return_payer:
        agreed.append(_("way back: %(payer)s", payer=_said(Payer(row.return_payer).phrase)))
    return agreed


def _chosen_of(
    words: Iterable[ReplacementPolicy] | Iterable[Payer],
) -> Sequence[tuple[str, str]]:
    return [("", _("as the rules say")), *((one.value, _said(one.phrase)) for one in words)]


def _said(phrase: Phrase) -> str:
    return phrase.text(answer_language())


def _policy() -> TermPolicy:
    return installation().option(TermPolicy)


def _owners(session: Session) -> Sequence[str]:
    return session.scalars(select(Organisation.name).order_by(Organisation.name)).all()


def _products(session: Session) -> Sequence[str]:
    query = select(Product.code).where(Product.own_product).order_by(Product.code)
    return session.scalars(query).all()
