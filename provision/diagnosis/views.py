"""Staff pages: a diagnosis while it runs and when it is done, and which release mends what."""

from collections.abc import Mapping

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from jobs import queue
from provision.device_story.timeline_words import field_name
from provision.devices import registry
from provision.devices.summary import DeviceSummary
from provision.diagnosis import bundle, conducting, fixes, gathering, history_chart, words, work
from provision.diagnosis.findings import Code
from storage.clock import now
from storage.phrases import Phrase
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

#: Diagnoses listed beside the one that is shown, and readings below the pictures.
EARLIER, READINGS = 10, 20
_REQUEST = "requests_queue.new_call"

staff = Blueprint("diagnosis", __name__, url_prefix="/staff", template_folder="templates")

READERS = roles(Role.AGENT, Role.ENGINEER)
#: What a release mends is said by those who publish it.
KNOWERS = roles(Role.ENGINEER, Role.PUBLISHER)


@staff.post("/devices/<mac>/diagnose")
@READERS
def diagnose(mac: str) -> Response:
    """Store the question and the job that asks it, and lead to where the answer will be."""
    actor, at = acting().login, now()
    with writing() as session:
        asked = conducting.start(session, registry.get(session, mac).mac, actor=actor, now=at)
        queue.submit(session, work.DIAGNOSE, {"diagnosis": asked.id}, actor=actor, now=at)
    return redirect(url_for(".diagnosis", mac=asked.mac, number=asked.id))


@staff.get("/devices/<mac>/diagnosis/<int:number>", endpoint="diagnosis")
@staff_rule
def show(mac: str, number: int) -> str:
    """What is wrong, how sure we are, what to do; and the history that it rests on."""
    with reading() as session:
        device = registry.get(session, mac)
        answer = conducting.get(session, mac, number)
        has_failed = answer.finished_at is None and work.gave_up(session, number)
        history = gathering.history(session, device)
        earlier = conducting.latest(session, device, EARLIER)
        summary = DeviceSummary.of(device)
    return render_template(
        "diagnosis/diagnosis.html",
        device=summary,
        answer=answer,
        has_failed=has_failed,
        steps=conducting.STEPS,
        words=words,
        chart=history_chart.chart(history, now()),
        history=history[: -READINGS - 1 : -1],
        earlier=earlier,
        field_name=field_name,
        may_read=READERS.allows(acting()),
        # Requests are another room's, which an installation may lack.
        request_form=_REQUEST if _REQUEST in current_app.view_functions else None,
    )


@staff.post("/devices/<mac>/diagnosis/<int:number>/bundle")
@READERS
def take_bundle(mac: str, number: int) -> Response:
    """The diagnostic bundle as a file; a POST, as the audit trail keeps who took it."""
    with writing() as session:
        made = bundle.make(session, installation(), mac, number, actor=acting().login, now=now())
    answer = Response(made.body, mimetype=bundle.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@staff.get("/diagnosis/fixes", endpoint="fixes")
@staff_rule
def fixes_page() -> str:
    """Which release mends which finding."""
    return _fixes({}, None)


@staff.post("/diagnosis/fixes")
@KNOWERS
def add_fix() -> Response | tuple[str, int]:
    """Record a fix; what was typed stays when it is refused."""
    form = {name: value.strip() for name, value in request.form.items()}
    try:
        with writing() as session:
            fixes.add(
                session,
                form.get("product", ""),
                form.get("code", ""),
                form.get("fixed_in", ""),
                Phrase(form.get("text_ru", ""), form.get("text_en", "")),
                actor=acting().login,
                now=now(),
            )
    except RefusedError as error:
        return _fixes(form, error), 422
    flash(_("The fix was recorded."))
    return redirect(url_for(".fixes"))


@staff.post("/diagnosis/fixes/<int:number>/remove")
@KNOWERS
def remove_fix(number: int) -> Response:
    """Take a fix back."""
    with writing() as session:
        fixes.remove(session, number, actor=acting().login, now=now())
    flash(_("The fix was removed."))
    return redirect(url_for(".fixes"))


def _fixes(typed: Mapping[str, str], error: RefusedError | None) -> str:
    language = "en" if str(get_locale()) == "en" else "ru"
    with reading() as session:
        found = fixes.every(session)
        codes = [product.code for product in products.every(session)]
    return render_template(
        "diagnosis/fixes.html",
        fixes=found,
        words=words,
        typed=typed,
        error=error,
        product_options=[(code, code) for code in codes],
        code_options=[(code.value, words.NAMES[code].text(language)) for code in Code],
        may_record=KNOWERS.allows(acting()),
    )
