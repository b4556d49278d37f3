"""Staff pages: the letters that came and what became of each, and those that did not leave."""

from functools import partial

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting
from storage.clock import now
from storage.http_answers.sending import respond
from storage.request import installation, reading, writing
from storage.serving import Cache, Representation
from support.mailroom import arrivals, outbox
from support.mailroom.models import Fate
from support.mailroom.options import MailOptions
from support.requests import by_mail, desk
from support.requests.queue_views import ANSWERERS

SHOWN = 100

staff = Blueprint("letters", __name__, url_prefix="/staff/letters", template_folder="templates")


@staff.get("/")
@ANSWERERS
def letters_page() -> str:
    """The letters that came last, of one fate or of all; and what did not leave."""
    fate = next((one for one in Fate if one == request.args.get("fate")), None)
    with reading() as session:
        came = arrivals.latest(session, SHOWN, fate)
        failed = outbox.failed(session, SHOWN)
        waiting = outbox.waiting(session)
        mailboxes = arrivals.mailboxes(session)
    options = installation().option(MailOptions)
    return render_template(
        "requests/letters.html",
        came=came,
        fates=list(Fate),
        fate=fate,
        failed=failed,
        waiting=waiting,
        mailboxes=mailboxes,
        leaves=options.outgoing is not None,
        comes=options.incoming is not None,
    )


@staff.get("/<int:mail_id>.eml")
@ANSWERERS
def raw(mail_id: int) -> Response:
    """The bytes of a letter, to be saved; those of restricted words are for administrators."""
    with reading() as session:
        row = arrivals.get(session, mail_id)
        if by_mail.is_restricted(session, row) and not desk.sees_restricted(acting().role):
            raise arrivals.UnknownLetterError
    representation = Representation(
        sha256=row.raw_sha256,
        size=row.size,
        content_type="message/rfc822",
        file_name=f"letter-{row.id}.eml",
        last_modified=row.received_at,
        cache=Cache.private(),
    )
    response = respond(representation, partial(installation().blobs.open, row.raw_sha256), request)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@staff.post("/<int:mail_id>/open")
@ANSWERERS
def open_anyway(mail_id: int) -> Redirect:
    """Make a request of a letter that was only kept: a person says that a person wrote it."""
    try:
        number = by_mail.take_anyway(installation(), mail_id, actor=acting().login, now=now())
    except by_mail.NoSenderError as error:
        flash(error.text("en" if str(get_locale()) == "en" else "ru"), "fault")
        return redirect(url_for(".letters_page"))
    flash(_("The letter became request No. %(number)s.", number=number))
    return redirect(url_for("requests_desk.request_page", number=number))


@staff.post("/out/<int:mail_id>/again")
@ANSWERERS
def again(mail_id: int) -> Redirect:
    """Let a letter that failed be tried anew."""
    with writing() as session:
        done = outbox.again(session, mail_id, now())
    if done:
        flash(_("The letter is tried again within a minute."))
    return redirect(url_for(".letters_page"))
