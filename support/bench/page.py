"""The page of one phone in repair, and how one thing is done to it."""

from datetime import datetime
from typing import Protocol

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting
from accounts.models import Role
from provision.dialects import families_of
from provision.verdicts import gathering, words
from provision.verdicts.unit import Judgement, Verdict
from storage import clock
from storage.answer_language import answer_language
from storage.clock import moscow_date
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.calendars import keeping
from support.cases.models import RepairUnit
from support.cases.vocabulary import DecisionState, Direction, Reason
from support.loaners import lending, pool, rights
from support.loaners.standing import PoolState
from support.mailroom import outbox
from support.repairs import (
    deciding,
    judging,
    paying,
    photos,
    quoting,
    records,
    reviewers,
    shipping,
)
from support.repairs.clock import promised_clock
from support.repairs.refused import UnknownRepairPhoneError
from support.row_ids import row_id

staff = Blueprint("repair_desk", __name__, url_prefix="/staff/repairs", template_folder="templates")


class Change(Protocol):
    """One thing that is done to a phone."""

    def __call__(
        self, session: Session, unit: RepairUnit, *, actor: str, now: datetime
    ) -> object: ...


def change(unit_id: int, write: Change, done: str) -> Redirect:
    """Do one thing to the phone as it was seen, and show it again."""
    seen = request.form.get("revision", "")
    try:
        with writing() as session:
            unit = records.unit_to_change(session, unit_id, row_id(seen) or None)
            write(session, unit, actor=acting().login, now=clock.now())
    except UnknownRepairPhoneError:
        raise
    except RefusedError as error:
        return unit_answer(unit_id, error)
    flash(done)
    return redirect(url_for(".unit_page", unit_id=unit_id))


def unit_answer(unit_id: int, error: RefusedError | None = None) -> Response:
    """The page, with what was wrong if something was."""
    said = answer_language()
    with reading() as session:
        unit = records.unit(session, unit_id)
        version, act = records.act_of(unit.report)
        calendar = keeping.current(session).calendar
        decisions = deciding.of_unit(session, unit)
        barred = reviewers.made_by(decisions)
        in_term = deciding.in_term(session, installation(), unit)
        loan = lending.loan_of(session, unit)
        page = render_template(
            "bench/unit.html",
            unit=unit,
            act=act,
            phone=act.phones[unit.position - 1],
            version=version,
            clock=promised_clock(unit, calendar, moscow_date(clock.now())),
            events=records.events(session, [unit.id]),
            photos=photos.of_unit(session, unit),
            decisions=decisions,
            disputed=next((one for one in decisions if one.state == DecisionState.DISPUTED), None),
            quotes=quoting.of_unit(session, unit),
            shipments=shipping.of_unit(session, unit),
            payer_why=paying.why_of,
            payer_back=shipping.payer(session, unit, Direction.OUT),
            in_term=in_term,
            barred=acting().login in barred,
            reviewers=reviewers.others(session, barred) if acting().login in barred else (),
            proposal=judging.proposed(in_term=in_term, on_record=unit.device is not None),
            repeat=records.unit(session, unit.repeat_of_id) if unit.repeat_of_id else None,
            link=records.address_of(installation(), unit.report),
            loan=loan,
            unsent=outbox.failed_about(
                session, [unit.report.subject, *([loan.subject] if loan else [])]
            ),
            loan_right=rights.right_to(session, unit),
            loan_ship_by=lending.ship_by(session, unit),
            loaners=[
                (row.loaner.id, f"{row.loaner.device.serial} · {row.loaner.device.product.code}")
                for row in pool.look(session, clock.now()).rows
                if row.state is PoolState.AVAILABLE
            ],
            judgements=_judgements(session, unit),
            words=words,
            reasons=[(one, f"{one.rule} · {one.phrase.text(said)}") for one in Reason],
            may_change=acting().role in {Role.AGENT, Role.ENGINEER, Role.ADMIN},
            typed=request.form,
            error=error,
        )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def _judgements(session: Session, unit: RepairUnit) -> list[Judgement]:
    """X-4: what the phone itself told that does not fit the records; a person decides."""
    if unit.device is None:
        return []
    found = gathering.of_device(session, unit.device, families_of(installation()))
    return [one for one in found if one.verdict is not Verdict.MATCH]
