"""Pages: software beside firmware, for staff to publish and for everyone to download."""

from pathlib import PurePath

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import anyone, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from catalogue.download_api import send_blob
from catalogue.mirrors import mode
from catalogue.mirrors.options import MirrorOptions
from firmware import forms, publishing
from firmware.software import programs
from firmware.software.programs import NewSoftware
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from storage.serving import Cache, Representation
from storage.uploads import accepts_upload

_TYPE = "application/octet-stream"

public = Blueprint("software", __name__, url_prefix="/software")
staff = Blueprint(
    "software_staff", __name__, url_prefix="/staff/software", template_folder="templates"
)


@public.get("/<product>/<version>/<file_name>")
@anyone
def download(product: str, version: str, file_name: str) -> Response:
    """A program under the name that a person knows; 410 once it is withdrawn."""
    with reading() as session:
        found = programs.get(session, product, version, file_name)
    if (
        found.is_draft
        or found.is_awaiting
        or (version, file_name)
        != (
            found.version,
            found.file_name,
        )
    ):
        raise programs.UnknownSoftwareError
    if found.is_withdrawn:
        abort(410)
    return send_blob(
        Representation(
            sha256=found.sha256,
            size=found.size,
            content_type=_TYPE,
            file_name=found.file_name,
            last_modified=found.published_at,
            cache=Cache.revalidate(max_age_s=300),
        )
    )


@staff.get("/", endpoint="software")
@staff_rule
def list_software() -> str:
    """All programs, and the form to publish one."""
    return _page(None)


@staff.post("/")
@roles(Role.PUBLISHER)
@accepts_upload(publishing.MAX_IMAGE_BYTES)
def publish() -> AnyResponse | tuple[str, int]:
    """Publish an uploaded program, or keep it as a draft where people must agree."""
    try:
        name, draft = _hand_in()
    except RefusedError as error:
        return _page(error), 422
    if draft:
        flash(_("The draft %(name)s is kept.", name=name))
    else:
        flash(_("%(name)s was published.", name=name))
    return redirect(url_for(".software"))


@staff.post("/<product>/<version>/<file_name>/<any('sign-off', 'publish', 'withdraw'):action>")
@roles(Role.PUBLISHER)
def decide(
    product: str, version: str, file_name: str, action: str
) -> AnyResponse | tuple[str, int]:
    """Sign a draft off, publish it, or withdraw what is published."""
    login, ring, options = forms.login(), forms.ring(), forms.options()
    try:
        with writing() as session:
            found = programs.get(session, product, version, file_name)
            if action == "sign-off":
                programs.sign_off(session, found, login, options, actor=login, now=now())
            elif action == "publish":
                programs.publish(session, found, ring, options, actor=login, now=now())
            else:
                reason = request.form.get("reason", "")
                programs.withdraw(session, found, ring, reason=reason, actor=login, now=now())
    except programs.UnknownSoftwareError:
        raise
    except RefusedError as error:
        return _page(error), 409
    flash(_("%(name)s was changed.", name=file_name))
    return redirect(url_for(".software"))


def _hand_in() -> tuple[str, bool]:
    file, form = forms.uploaded("file"), request.form
    if file is None:
        raise forms.FileMissingError
    new = NewSoftware(
        product=form.get("product", ""),
        version=form.get("version", "").strip(),
        # Some browsers send a whole path.
        file_name=PurePath((file.filename or "").replace("\\", "/")).name,
        title_ru=form.get("title_ru", ""),
        title_en=form.get("title_en", ""),
        notes_ru=form.get("notes_ru", ""),
        notes_en=form.get("notes_en", ""),
    )
    with reading() as session:
        programs.check(session, new)
    blob = installation().blobs.put(file.stream, limit=publishing.MAX_IMAGE_BYTES)
    with writing() as session:
        made = programs.hand_in(
            session, new, blob, forms.ring(), forms.options(), actor=forms.login(), now=now()
        )
        return made.file_name, made.is_draft


def _page(error: RefusedError | None) -> str:
    options = forms.options()
    with reading() as session:
        found = [(item, programs.counted(session, item)) for item in programs.every(session)]
        known = products.every(session)
        refusal = mode.refusal_to_publish(session, installation().option(MirrorOptions).url)
    return render_template(
        "software/software.html",
        refusal=refusal,
        software=found,
        required=options.required,
        product_options=[(product.code, product.code) for product in known],
        login=forms.login(),
        typed=request.form,
        error=error,
    )
