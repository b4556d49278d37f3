"""Pages for who asks: a new request, its secret address, an answer, an appeal."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import anyone, current_actor
from catalogue import products
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from storage.uploads import accepts_upload
from support.attachments.receiving import FORM_BYTES_MAX, accepted
from support.civil_dates import moment_text
from support.mailroom.options import MailOptions
from support.packages.package import Priority
from support.personal_data import consents
from support.requests import (
    files,
    following,
    form_faults,
    intake,
    opening,
    records,
    refusing,
    talking,
)
from support.requests.messages import Text
from support.requests.models import SupportRequest
from support.requests.new_request import NewRequest
from support.requests.opening import Sender
from support.requests.refused import FormIncompleteError, UnknownRequestError
from support.requests.vocabulary import Symptom
from support.scope import scope_of

#: The address is the key to the request: no other site may learn it, and no cache may keep it.
_SECRET = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

public = Blueprint("support_requests", __name__, url_prefix="/support", template_folder="templates")


@public.get("/new")
@anyone
def new_request() -> Response:
    """The form; `serial` and `product` in the address are filled in."""
    typed = {
        "serials": request.args.get("serial", "")[:64],
        "product": request.args.get("product", "")[:64],
        "behalf": request.args.get("organisation", "")[:10],
    }
    return _form(typed)


@public.post("/new")
@anyone
@accepts_upload(FORM_BYTES_MAX)
def open_request() -> Redirect:
    """Take a request in; the answer is the page by which it is followed."""
    sender = _sender()
    if request.form.get("website"):
        # A field that people do not see: whoever fills it in is a robot, and is told nothing.
        return redirect(url_for(".new_request"))
    try:
        with reading() as session:
            # Before the files: to draw pictures anew takes time.
            _check_source(session, sender.address, now())
        new = opening.new_request(request.form, (), sender, now())
        chosen = request.files.getlist("files")
        if faults := form_faults.faults(new, chosen, consents=bool(request.form.get("consent"))):
            raise FormIncompleteError(faults)
        new = replace(new, files=tuple(accepted(chosen)))
        try:
            address = _registered(new)
        except IntegrityError:
            # The same form came twice at once, and the other one was first: now it is found.
            address = _registered(new)
    except RefusedError as error:
        return _form(request.form, error)
    flash(_("The request was registered. Keep the address of this page: it leads back here."))
    return redirect(url_for(".followed", token=address.rpartition("/")[2]))


@public.get("/r/<token>")
@anyone
def followed(token: str) -> Response:
    """What happens now and by when, and the conversation."""
    return _page(token)


@public.post("/r/<token>/reply")
@anyone
@accepts_upload(FORM_BYTES_MAX)
def reply(token: str) -> Redirect:
    """The customer's word: it ends any pause (S-10)."""
    with reading() as session:
        records.by_token(session, token)
    try:
        chosen = accepted(request.files.getlist("files"))
    except RefusedError as error:
        return _page(token, error)

    def write(session: Session, found: SupportRequest) -> None:
        text = Text(request.form.get("text", ""), files=chosen)
        talking.customer_writes(
            session, installation(), found, text,
            form_key=f"page:{opening.key_of(request.form)}",
            author_name=found.contact_name or found.contact_email,
            sender=found.contact_email or found.source,
            now=now(),
        )  # fmt: skip

    return _change(token, write, _("Your message was added."))


@public.post("/r/<token>/appeal")
@anyone
def appeal(token: str) -> Redirect:
    """N-6: the customer disagrees with a refusal."""

    def write(session: Session, found: SupportRequest) -> None:
        refusing.appeal(session, found, request.form.get("appeal", ""), now=now())

    return _change(token, write, _("Your objection was taken: somebody else will decide."))


@public.post("/r/<token>/withdraw-consent")
@anyone
def withdraw_consent(token: str) -> Redirect:
    """The person takes the consent back: an officer has 30 days to end the data."""

    def write(session: Session, found: SupportRequest) -> None:
        consents.withdraw_own(session, found.consent_id, actor="customer", now=now())

    return _change(token, write, _("Your consent is withdrawn: the data go within 30 days."))


@public.get("/r/<token>/files/<int:file_id>/<name>")
@anyone
def file(token: str, file_id: int, name: str) -> Response:  # noqa: ARG001 - the name is for people
    """A file of a public message."""
    with reading() as session:
        found = records.by_token(session, token)
        wanted = files.get(session, found.id, file_id, public_only=True, restricted=True)
    return files.send(wanted)


def _sender() -> Sender:
    actor = current_actor()
    with reading() as session:
        scope = scope_of(session, actor)
    return Sender(request.remote_addr or "unknown", answer_language(), actor, scope)


def _registered(new: NewRequest) -> str:
    with writing() as session:
        return records.address_of(installation(), _register(session, new))


def _register(session: Session, new: NewRequest) -> SupportRequest:
    _check_source(session, new.source, new.came_at)
    made = intake.register(session, installation(), new, actor="customer", now=new.came_at)
    if made.consent_id is None:
        channel = new.channel.value
        given = consents.give(
            session, made.contact_email, source=new.source, channel=channel, now=new.came_at
        )
        made.consent_id = given.id
    return made


def _check_source(session: Session, source: str, at: datetime) -> None:
    intake.check_source(session, source, at, installation().option(MailOptions))


def _change(token: str, write: Callable[[Session, SupportRequest], None], done: str) -> Redirect:
    try:
        with writing() as session:
            number = records.by_token(session, token).id
            write(session, records.get_to_change(session, number))
    except UnknownRequestError:
        raise
    except RefusedError as error:
        return _page(token, error)
    flash(done)
    return redirect(url_for(".followed", token=token))


def _form(typed: Mapping[str, str], error: RefusedError | None = None) -> Response:
    actor = current_actor()
    said = answer_language()
    with reading() as session:
        known = [(one.code, one.name(said)) for one in products.every(session)]
        scope = scope_of(session, actor)
        consent = consents.text_now(session, consents.SUPPORT)
    page = render_template(
        "requests/new.html",
        typed=typed,
        errors=_said(error, said),
        form_key=opening.key_of(typed),
        consent=consent,
        product_options=[("", _("not sure")), *known],
        symptom_options=[(one, one.phrase.text(said)) for one in Symptom],
        priority_options=[(one, one.phrase.text(said)) for one in reversed(Priority)],
        customer=actor if actor and not actor.is_staff else None,
        scope=scope,
    )
    return Response(page, status_of(error) if error else 200, {"Cache-Control": "no-store"})


def _said(error: RefusedError | None, language: str) -> Mapping[str, str]:
    """The faults in words; files that came along are asked for again, as no browser keeps them."""
    found = {name: fault.text(language) for name, fault in _faults(error).items()}
    if error and any(one.filename for one in request.files.getlist("files")):
        again = _("Choose the files again: the browser does not keep them.")
        found["files"] = f"{found['files']} {again}" if "files" in found else again
    ordered = [name for name in form_faults.FIELDS if name in found]
    return {name: found[name] for name in dict.fromkeys((*ordered, *found))}


def _faults(error: RefusedError | None) -> Mapping[str, RefusedError]:
    """What is wrong with the form by its fields; "" is the form as a whole."""
    if isinstance(error, FormIncompleteError):
        return error.faults
    return {error.field or "": error} if error else {}


def _page(token: str, error: RefusedError | None = None) -> Response:
    with reading() as session:
        seen = following.of(session, records.by_token(session, token), now())
    page = render_template(
        "requests/followed.html",
        seen=seen,
        token=token,
        typed=request.form,
        error=error,
        form_key=opening.key_of(request.form) if error else opening.new_key(),
        moment_text=moment_text,
    )
    return Response(page, status_of(error) if error else 200, _SECRET)
