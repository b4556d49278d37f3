"""Staff pages: drafts with their checklist, sign-offs, editing, publishing and discarding."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import current_actor, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from firmware import forms, sboms
from firmware.download_api import send_sbom
from firmware.models import Channel, Release, Step
from firmware.reviewing import drafts, sign_offs, submission
from firmware.reviewing.sign_offs import SIGNING_ROLES
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import reading, writing
from storage.uploads import accepts_upload

_FORM_BYTES = 100_000

blueprint = Blueprint(
    "firmware_drafts", __name__, url_prefix="/staff/releases/drafts", template_folder="templates"
)


@blueprint.get("/<product>/<version>")
@staff_rule
def draft(product: str, version: str) -> str:
    """One draft: what it is, what the checks found, who has agreed, what may be done."""
    return _page(product, version, None)


@blueprint.post("/<product>/<version>/sign-off")
@roles(Role.PUBLISHER)
def sign_off(product: str, version: str) -> AnyResponse | tuple[str, int]:
    """Agree that the draft is published."""
    try:
        with writing() as session:
            found = drafts.get(
                session, product, version, revision=forms.revision_seen(request.form)
            )
            drafts.sign_off(
                session, found, forms.login(), forms.options(), actor=forms.login(), now=now()
            )
    except (drafts.ChecksFailError, drafts.DraftChangedError, sign_offs.OwnSignOffError) as error:
        return _page(product, version, error), 409
    flash(_("You signed off %(version)s.", version=version))
    return redirect(_address(product, version))


@blueprint.post("/<product>/<version>/take-back")
@roles(Role.PUBLISHER)
def take_back(product: str, version: str) -> AnyResponse:
    """Agree no longer."""
    with writing() as session:
        found = drafts.get(session, product, version)
        sign_offs.take_back(
            session, found, Step.PUBLISH, forms.login(), actor=forms.login(), now=now()
        )
    flash(_("Your sign-off of %(version)s is withdrawn.", version=version))
    return redirect(_address(product, version))


@blueprint.post("/<product>/<version>/publish")
@roles(Role.PUBLISHER)
def publish(product: str, version: str) -> AnyResponse | tuple[str, int]:
    """Publish a draft that is sound, signed off and due."""
    try:
        with writing() as session:
            found = drafts.get(
                session, product, version, revision=forms.revision_seen(request.form)
            )
            drafts.publish(
                session, found, forms.ring(), forms.options(), actor=forms.login(), now=now()
            )
            awaiting = found.is_awaiting
    except drafts.UnknownDraftError:
        raise
    except RefusedError as error:
        return _page(product, version, error), 409
    if awaiting:
        flash(_("Release %(version)s waits for signatures.", version=version))
    else:
        flash(_("Release %(version)s was published.", version=version))
    return redirect(url_for("firmware_staff.release", product=product, version=version))


@blueprint.get("/<product>/<version>/edit")
@roles(Role.PUBLISHER)
def edit(product: str, version: str) -> str:
    """The form that changes a draft."""
    with reading() as session:
        found = drafts.get(session, product, version)
        words = drafts.words_of(found)
    typed = {
        "channel": words.channel,
        "min_from": words.min_from or "",
        "notes_ru": words.notes_ru,
        "notes_en": words.notes_en,
        "publish_at": submission.local_time(words.publish_at),
    }
    return _edit_form(found, typed, None)


@blueprint.post("/<product>/<version>/edit")
@roles(Role.PUBLISHER)
@accepts_upload(sboms.MAX_SBOM_BYTES + _FORM_BYTES)
def save(product: str, version: str) -> AnyResponse | tuple[str, int]:
    """Change a draft; who had agreed must agree again."""
    with reading() as session:
        shown = drafts.get(session, product, version)
    try:
        words, sbom = forms.draft_words(request.form), forms.stored_sbom()
        with writing() as session:
            found = drafts.get(
                session, product, version, revision=forms.revision_seen(request.form)
            )
            drafts.edit(session, found, words, actor=forms.login(), now=now())
            if sbom is not None:
                drafts.attach_sbom(session, found, sbom, actor=forms.login(), now=now())
    except RefusedError as error:
        return _edit_form(shown, request.form, error), 422
    flash(_("The draft %(version)s was changed.", version=version))
    return redirect(_address(product, version))


@blueprint.post("/<product>/<version>/discard")
@roles(Role.PUBLISHER)
def discard(product: str, version: str) -> AnyResponse:
    """Throw a draft away."""
    with writing() as session:
        found = drafts.get(session, product, version)
        drafts.discard(session, found, actor=forms.login(), now=now())
    flash(_("The draft %(version)s was discarded.", version=version))
    return redirect(url_for("firmware_staff.releases"))


@blueprint.get("/<product>/<version>/sbom.json")
@staff_rule
def sbom(product: str, version: str) -> Response:
    """The draft's list of parts."""
    with reading() as session:
        found = drafts.get(session, product, version)
        attached = sboms.get(found)
    return send_sbom(found, attached)


def _page(product: str, version: str, error: RefusedError | None) -> str:
    actor = current_actor()
    with reading() as session:
        found = drafts.get(session, product, version)
        state = drafts.judge(session, found, forms.options())
    login = actor.login if actor else ""
    return render_template(
        "reviewing/draft.html",
        release=found,
        state=state,
        may_publish=state.may_publish(now()),
        is_publisher=actor is not None and actor.role in SIGNING_ROLES,
        is_own=bool(state.required) and login == found.uploader,
        has_signed=login in state.signed,
        error=error,
    )


def _edit_form(release: Release, typed: forms.Typed, error: RefusedError | None) -> str:
    return render_template(
        "reviewing/draft_edit.html",
        release=release,
        channel_options=[(channel, channel) for channel in Channel],
        typed=typed,
        error=error,
    )


def _address(product: str, version: str) -> str:
    return url_for(".draft", product=product, version=version)
