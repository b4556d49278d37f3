"""Staff pages: releases, handing one in, promoting, withdrawing."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from catalogue.mirrors import mode
from catalogue.mirrors.options import MirrorOptions
from firmware import forms, publishing, releases, sboms
from firmware.models import Channel, Step
from firmware.reviewing import drafts, sign_offs, submission
from firmware.withholding import Withholders
from storage import resumable
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from storage.uploads import accepts_upload


@dataclass(frozen=True)
class SubmittedName:
    """What a release that was handed in is called; rows do not leave their transaction."""

    product: str
    version: str
    awaiting: bool
    draft: bool


staff = Blueprint(
    "firmware_staff", __name__, url_prefix="/staff/releases", template_folder="templates"
)


@staff.get("/", endpoint="releases")
@staff_rule
def list_releases() -> str:
    """Every product's releases, the highest first, and the drafts of all products."""
    with reading() as session:
        known = products.every(session)
        shelves = [(product, releases.with_awaiting(session, product.id)) for product in known]
        states = [
            drafts.judge(session, draft, forms.options())
            for product in known
            for draft in releases.drafts(session, product.id)
        ]
    return render_template("firmware/releases.html", shelves=shelves, drafts=states)


@staff.get("/new")
@roles(Role.PUBLISHER)
def new_release() -> str:
    """The form to hand a release in."""
    return _form(request.args, None)


@staff.post("/new")
@roles(Role.PUBLISHER)
@accepts_upload(publishing.MAX_IMAGE_BYTES + sboms.MAX_SBOM_BYTES)
def publish() -> Response | tuple[str, int]:
    """Take an uploaded image in; what was typed stays when it is refused."""
    try:
        release = _submit()
    except RefusedError as error:
        return _form(request.form, error), status_of(error)
    if release.draft:
        flash(_("The draft %(version)s is kept.", version=release.version))
        return redirect(_draft_address(release.product, release.version))
    if release.awaiting:
        flash(_("Release %(version)s waits for signatures.", version=release.version))
    else:
        flash(_("Release %(version)s was published.", version=release.version))
    return redirect(_address(release.product, release.version))


@staff.get("/<product>/<version>")
@staff_rule
def release(product: str, version: str) -> str:
    """One release: its files, channels, notes and what may be done with it."""
    return _release_page(product, version, None)


@staff.get("/<product>/<version>/promote/<channel>")
@roles(Role.PUBLISHER)
def ask_promote(product: str, version: str, channel: str) -> str:
    """What promoting would do, and who has agreed."""
    return _promote_page(product, version, channel, None)


@staff.post("/<product>/<version>/promote")
@roles(Role.PUBLISHER)
def promote(product: str, version: str) -> Response | tuple[str, int]:
    """Move a release to a channel."""
    channel = request.form.get("channel", "")
    try:
        with writing() as session:
            publishing.promote(
                session,
                product,
                version,
                channel,
                forms.ring(),
                actor=acting().login,
                now=now(),
                options=forms.options(),
            )
    except (sign_offs.SignOffsMissingError, publishing.DeadEndError) as error:
        return _promote_page(product, version, channel, error), 409
    flash(_("Release %(version)s is in the channel %(channel)s.", version=version, channel=channel))
    return redirect(_address(product, version))


@staff.post("/<product>/<version>/promote/stable/sign-off")
@roles(Role.PUBLISHER)
def sign_off_stable(product: str, version: str) -> Response | tuple[str, int]:
    """Agree that the release becomes stable, or agree no longer."""
    login = acting().login
    try:
        with writing() as session:
            found = releases.get(session, products.get(session, product), version)
            if request.form.get("back"):
                sign_offs.take_back(session, found, Step.STABLE, login, actor=login, now=now())
            else:
                sign_offs.sign(
                    session, found, Step.STABLE, login, forms.options(), actor=login, now=now()
                )
    except sign_offs.OwnSignOffError as error:
        return _promote_page(product, version, Channel.STABLE, error), 409
    return redirect(
        url_for(".ask_promote", product=product, version=version, channel=Channel.STABLE)
    )


@staff.post("/<product>/<version>/withdraw")
@roles(Role.PUBLISHER)
def withdraw(product: str, version: str) -> Response | tuple[str, int]:
    """Stop offering a release, with a reason that everyone sees."""
    try:
        with writing() as session:
            found = publishing.withdraw(
                session,
                product,
                version,
                forms.ring(),
                reason=request.form.get("reason", ""),
                replacement=request.form.get("replacement") or None,
                actor=acting().login,
                now=now(),
            )
            stuck = publishing.stranded(session, found.product)
    except publishing.ReasonMissingError as error:
        return _release_page(product, version, error), 422
    if found.is_awaiting:
        flash(_("Release %(version)s was taken back before anyone saw it.", version=version))
        return redirect(url_for(".releases"))
    flash(_("Release %(version)s is withdrawn.", version=version))
    for problem in stuck:
        flash(problem.text("en" if str(get_locale()) == "en" else "ru"), "attention")
    return redirect(_address(product, version))


def _submit() -> SubmittedName:
    upload, file = forms.upload_named(request.form), forms.uploaded("file")
    name = upload.file_name if upload else file.filename if file else None
    if not name:
        raise forms.FileMissingError
    handed, options = forms.handed_in(request.form, name), forms.options()
    with reading() as session:
        submission.check(session, handed, options)
    sbom = forms.stored_sbom()
    image = forms.image_of(upload) if upload else forms.stored_image()
    with writing() as session:
        made = submission.submit(
            session,
            handed,
            image,
            sbom,
            forms.ring(),
            options,
            actor=acting().login,
            now=now(),
        )
        if upload:
            resumable.forget(session, upload.id)
        submitted = SubmittedName(made.product.code, made.version, made.is_awaiting, made.is_draft)
    if upload:
        resumable.remove_file(installation().data_dir, upload.id)
    return submitted


def _form(typed: forms.Typed, error: RefusedError | None) -> str:
    with reading() as session:
        known = products.every(session)
        refusal = mode.refusal_to_publish(session, installation().option(MirrorOptions).url)
    try:
        upload = forms.upload_named(typed)
    except resumable.UnknownUploadError:
        upload = None
    return render_template(
        "firmware/new_release.html",
        upload=upload,
        product_options=[(product.code, product.code) for product in known],
        channel_options=[(channel, channel) for channel in Channel],
        required=forms.options().required,
        refusal=refusal,
        typed=typed,
        error=error,
    )


def _release_page(product: str, version: str, error: RefusedError | None) -> str:
    with reading() as session:
        found = products.get(session, product)
        shown = releases.get(session, found, version)
        others = releases.of_product(session, found.id)
        going_out = installation().option(Withholders).of(session, shown)
    return render_template(
        "firmware/release.html",
        release=shown,
        going_out=going_out,
        replacements=[("", "—")]
        + [
            (other.version, other.version)
            for other in others
            if other.id != shown.id and not other.is_withdrawn
        ],
        channels=[channel for channel in Channel if channel not in shown.channel_names],
        typed=request.form,
        error=error,
    )


def _promote_page(product: str, version: str, channel: str, error: RefusedError | None) -> str:
    wanted, options, actor = releases.channel_named(channel), forms.options(), acting()
    with reading() as session:
        found = products.get(session, product)
        shown = releases.get(session, found, version)
        current = releases.current(releases.of_product(session, found.id), wanted)
        signed = sign_offs.counted(session, shown, Step.STABLE, options)
        candidates = sign_offs.candidates(session, shown, Step.STABLE)
    logins = [entry.login for entry in signed]
    required = options.required if wanted is Channel.STABLE else 0
    return render_template(
        "firmware/promote.html",
        release=shown,
        channel=wanted,
        current=current,
        required=required,
        signed=logins,
        candidates=candidates,
        has_signed=actor.login in logins,
        is_own=bool(required) and actor.login == shown.uploader,
        ready=len(logins) >= required,
        error=error,
    )


def _address(product: str, version: str) -> str:
    return url_for(".release", product=product, version=version)


def _draft_address(product: str, version: str) -> str:
    return url_for("firmware_drafts.draft", product=product, version=version)
