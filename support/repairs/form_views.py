"""Pages of the sender: the form of an act, new or to be corrected."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import anyone, current_actor
from storage.answer_language import answer_language
from storage.clock import moscow_date, now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.customer_kinds import CustomerKind
from support.mailroom.options import MailOptions
from support.personal_data import consents
from support.repairs import act_form, filing, prefilling, records
from support.repairs.act_form import TypedAct
from support.repairs.filing import NewAct
from support.repairs.public_pages import private_page, public, who
from support.repairs.refused import ActIncompleteError, ActSettledError
from support.requests import opening
from support.requests.vocabulary import Symptom
from support.scope import scope_of
from support.service_centres import register
from support.service_centres.choosing import VENDOR


@public.get("/new")
@anyone
def new_act() -> Answer:
    """The form; a serial number in the address is filled in, with what is known of the phone."""
    serial = request.args.get("serial", "")[: act_form.LINE_MAX]
    known = {"serial_1": serial, "behalf": request.args.get("organisation", "")[:10]}
    return _form_page(_prefilled(TypedAct({name: typed for name, typed in known.items() if typed})))


@public.post("/new")
@anyone
def file_act() -> Answer:
    """Take an act in; «add» gives room for one phone more, «look» fills in what is known."""
    typed = TypedAct.of(request.form)
    step = request.form.get("step", "")
    if step == "add":
        return _form_page(typed.longer())
    if step == "look":
        return _form_page(_prefilled(typed))
    try:
        try:
            address = _filed(typed)
        except IntegrityError:
            # The same form came twice at once, and the other one was first: now it is found.
            address = _filed(typed)
    except ActIncompleteError as error:
        return _form_page(typed, error)
    except RefusedError as error:
        return _form_page(typed, error, status_of(error))
    return redirect(address)


@public.get("/r/<token>/correct")
@anyone
def correction(token: str) -> Answer:
    """The act as a form again."""
    with reading() as session:
        _version, act = records.act_of(records.by_token(session, token))
    return _form_page(TypedAct.of_act(act), token=token)


@public.post("/r/<token>/correct")
@anyone
def correct_act(token: str) -> Answer:
    """F-5: another version of the act."""
    typed, at = TypedAct.of(request.form), now()
    try:
        act = typed.act(moscow_date(at), consent_needed=False)
        with writing() as session:
            report = records.by_token(session, token)
            filing.correct(session, installation(), report, act, actor=who(report), now=at)
    except ActIncompleteError as error:
        return _form_page(typed, error, token=token)
    except ActSettledError as error:
        return _form_page(typed, error, status_of(error), token)
    flash(_("The report was corrected. Print it anew."))
    return redirect(url_for(".follow", token=token))


def _filed(typed: TypedAct) -> str:
    at, actor = now(), current_actor()
    act = typed.act(moscow_date(at))
    source = request.remote_addr or "unknown"
    with writing() as session:
        filing.check_source(session, source, at, installation().option(MailOptions))
        consent = consents.give(
            session, act.email, source=source, channel="form", now=at, purpose=consents.REPAIR
        )
        new = NewAct(
            act=act,
            form_key=opening.key_of(request.form),
            source=source,
            language=answer_language(),
            organisation_id=scope_of(session, actor).chosen(typed.get("behalf")),
            consent_id=consent.id,
        )
        report = filing.file(
            session, installation(), new, actor=actor.login if actor else act.contact, now=at
        )
        return records.address_of(installation(), report).removeprefix(installation().public_url)


def _prefilled(typed: TypedAct) -> TypedAct:
    """The form with what we know of the phones, and of whoever is signed in.

    A partner sends a customer's phone in for that customer, unless the form says otherwise.
    """
    actor, owners = current_actor(), []
    with reading() as session:
        for place in typed.places:
            known = _known(session, typed.get(f"serial_{place}"))
            if known is not None:
                typed = typed.with_phone(place, known.phone)
                owners.append(known.organisation_id)
        scope = scope_of(session, actor)
    named = typed.get("behalf") or next((str(one) for one in owners if one), "")
    behalf = scope.chosen(named)
    if actor is not None and behalf is not None:
        sender = {"organisation": scope.names[behalf], "contact": actor.name}
        typed = typed.with_sender({**sender, "behalf": str(behalf)})
    return typed


def _problems(typed: TypedAct) -> dict[int, list[str]]:
    """What is known to be wrong with the firmware of the form's phones, by their places."""
    found = {}
    with reading() as session:
        for place in typed.places:
            known = _known(session, typed.get(f"serial_{place}"))
            if known is not None and known.problems:
                found[place] = list(known.problems)
    return found


def _known(session: Session, serial: str) -> prefilling.KnownPhone | None:
    return prefilling.known_phone(session, serial, current_actor(), answer_language())


def _form_page(
    typed: TypedAct, error: RefusedError | None = None, status: int = 422, token: str = ""
) -> Answer:
    said = answer_language()
    faults = error.faults if isinstance(error, ActIncompleteError) else {}
    shown = {name: fault.text(said) for name, fault in faults.items()}
    if error is not None and not faults:
        shown[""] = error.text(said)
    with reading() as session:
        regions = sorted({name for one in register.every(session) for name in one.regions})
        scope = scope_of(session, current_actor())
        consent = consents.text_now(session, consents.REPAIR)
    page = render_template(
        "repairs/new.html",
        typed=typed,
        errors=shown,
        problems=_problems(typed) if current_actor() else {},
        form_key=opening.key_of(typed.values),
        symptoms=[(one, one.phrase.text(said)) for one in Symptom],
        customers=[(kind, kind.phrase.text(said)) for kind in CustomerKind],
        regions=[("", _("Another region")), *((one, one) for one in regions)] if regions else [],
        consent=consent.text(said),
        centre=VENDOR,
        scope=scope,
        token=token,
    )
    return private_page(page, status if error else 200)
