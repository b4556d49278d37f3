"""Staff pages: the queue of requests, and a phone call that becomes one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.models import Role
from catalogue import products
from storage.answer_language import answer_language
from storage.clock import MOSCOW, now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.civil_dates import moment_text
from support.packages.own import packages_of
from support.packages.package import Priority
from support.requests import desk, intake, opening, queue, refusing, with_bundle
from support.requests.new_request import Contact, NewRequest
from support.requests.queue import Shelf, Wanted
from support.requests.refused import CallTimeError
from support.requests.vocabulary import Channel, RefusalCode, Symptom
from support.sla.log import State
from support.subject_requests import keeping as subject_requests

PAGE_SIZE = 50
PAGES_MAX = 10_000
#: Requests hold people's names and words: they are for those who answer them.
ANSWERERS = roles(Role.AGENT, Role.ENGINEER)

staff = Blueprint(
    "requests_queue", __name__, url_prefix="/staff/requests", template_folder="templates"
)


@staff.get("/")
@ANSWERERS
def requests_queue() -> str:
    """Who waits for whom and until when; what is asked for stands in the address."""
    wanted, page = _wanted(), _page()
    offset = (page - 1) * PAGE_SIZE
    with reading() as session:
        rows, total = queue.listed(session, wanted, now(), limit=PAGE_SIZE, offset=offset)
        shown = {
            "counts": queue.counts(session),
            "agents": desk.agents(session),
            "awaiting": refusing.awaiting(session),
            "refused": refusing.counts(session),
            "asked_of_data": subject_requests.open_ones(session, now()),
        }
    return render_template(
        "requests/queue.html",
        rows=rows,
        total=total,
        wanted=wanted,
        me=acting().login,
        page=page,
        page_size=PAGE_SIZE,
        shelves=list(Shelf),
        packages=[
            (one.code, one.name.text(answer_language())) for one in packages_of(installation())
        ],
        codes=list(RefusalCode),
        states=State,
        moment_text=moment_text,
        **shown,
    )


@staff.get("/new")
@ANSWERERS
def new_call() -> str:
    """The form for a call: filled in while the person is on the line (S-12).

    It may name a diagnosis, whose bundle the request takes along.
    """
    with reading() as session:
        known = with_bundle.filled_in(session, request.args, answer_language())
    return _form({"called_at": f"{now().astimezone(MOSCOW):%Y-%m-%dT%H:%M}", **known})


@staff.post("/new")
@ANSWERERS
def register_call() -> Response | tuple[str, int]:
    """A call becomes a request, counted from the call itself."""
    try:
        new, actor, at = _call(request.form), acting().login, now()
        with writing() as session:
            place = installation()
            files = with_bundle.files(session, place, request.form, actor=actor, now=at)
            new = replace(new, files=files)
            made = intake.register(session, place, new, actor=actor, now=at).id
    except RefusedError as error:
        return _form(request.form, error), status_of(error)
    flash(_("The call was registered as request No. %(number)s.", number=made))
    return redirect(url_for("requests_desk.request_page", number=made))


def _form(typed: Mapping[str, str], error: RefusedError | None = None) -> str:
    with reading() as session:
        known = [(one.code, one.name(answer_language())) for one in products.every(session)]
    return render_template(
        "requests/call.html",
        typed=typed,
        error=error,
        form_key=opening.key_of(typed),
        product_options=[("", _("not sure")), *known],
        symptom_options=[(one, one.phrase.text(answer_language())) for one in Symptom],
        priority_options=_priorities(),
        language_options=[("ru", "Русский"), ("en", "English")],
    )


def _priorities() -> Sequence[tuple[str, str]]:
    return [(one, f"{one} — {one.phrase.text(answer_language())}") for one in reversed(Priority)]


def _call(form: Mapping[str, str]) -> NewRequest:
    minutes = form.get("minutes", "").strip()
    return NewRequest(
        channel=Channel.PHONE,
        subject=form.get("subject", "").strip(),
        text=form.get("text", ""),
        contact=Contact(
            name=form.get("name", "").strip(),
            email=form.get("email", "").strip(),
            phone=form.get("phone", "").strip(),
            language="en" if form.get("language") == "en" else "ru",
        ),
        intake_key=f"call:{opening.key_of(form)}",
        came_at=_called_at(form.get("called_at", "")),
        serials=[form.get("serials", "")[:4000]],
        symptom=opening.word(Symptom, form.get("symptom", ""), Symptom.OTHER),
        priority=opening.word(Priority, form.get("priority", ""), Priority.P3),
        product=form.get("product", ""),
        firmware=form.get("firmware", ""),
        attested=bool(form.get("attested")),
        source=f"staff:{acting().login}",
        call_seconds=int(minutes) * 60 if minutes.isascii() and minutes.isdigit()
        and len(minutes) < 4 else None,
    )  # fmt: skip


def _called_at(typed: str) -> datetime:
    """The hour of the call as the form's field gives it, read as Moscow time."""
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=MOSCOW)
    except ValueError as error:
        raise CallTimeError from error


def _wanted() -> Wanted:
    asked = request.args
    return Wanted(
        shelf=opening.word(Shelf, asked.get("shelf", ""), Shelf.OPEN),
        assigned=asked.get("assigned", "")[:64],
        package=asked.get("package", "")[:32],
        text=asked.get("q", "").strip()[:200],
    )


def _page() -> int:
    typed = request.args.get("page", "1")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    return min(max(number, 1), PAGES_MAX)
