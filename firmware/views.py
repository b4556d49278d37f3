"""Staff pages: releases, publishing, promoting, withdrawing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import keys, products
from firmware import publishing, releases
from firmware.models import Channel
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from storage.uploads import accepts_upload


@dataclass(frozen=True)
class PublishedName:
    """What a published release is called; rows do not leave their transaction."""

    product: str
    version: str
    awaiting: bool


Typed = Mapping[str, str]

staff = Blueprint(
    "firmware_staff", __name__, url_prefix="/staff/releases", template_folder="templates"
)


class FileMissingError(RefusedError):
    code = "file-missing"
    field = "file"
    ru = "Выберите файл образа."
    en = "Choose the image file."


@staff.get("/", endpoint="releases")
@staff_rule
def list_releases() -> str:
    """Every product's releases, the highest first."""
    with reading() as session:
        shelves = [
            (product, releases.with_awaiting(session, product.id))
            for product in products.every(session)
        ]
    return render_template("firmware/releases.html", shelves=shelves)


@staff.get("/new")
@roles(Role.PUBLISHER)
def new_release() -> str:
    """The form to publish a release."""
    return _form(request.args, None)


@staff.post("/new")
@roles(Role.PUBLISHER)
@accepts_upload(publishing.MAX_IMAGE_BYTES)
def publish() -> Response | tuple[str, int]:
    """Publish an uploaded image; what was typed stays when it is refused."""
    try:
        release = _publish()
    except RefusedError as error:
        return _form(request.form, error), status_of(error)
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


@staff.post("/<product>/<version>/promote")
@roles(Role.PUBLISHER)
def promote(product: str, version: str) -> Response:
    """Move a release to a channel."""
    channel = request.form.get("channel", "")
    with writing() as session:
        publishing.promote(
            session, product, version, channel, _ring(), actor=acting().login, now=now()
        )
    flash(_("Release %(version)s is in the channel %(channel)s.", version=version, channel=channel))
    return redirect(_address(product, version))


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
                _ring(),
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


def _publish() -> PublishedName:
    uploaded = request.files.get("file")
    if uploaded is None or not uploaded.filename:
        raise FileMissingError
    form = request.form
    new = publishing.NewRelease(
        product=form.get("product", ""),
        version=form.get("version", "").strip(),
        # Some browsers send a whole path.
        file_name=PurePath(uploaded.filename.replace("\\", "/")).name,
        channel=form.get("channel", Channel.TESTING),
        hardware=tuple(form.get("hardware", "").replace(",", " ").split()),
        min_from=form.get("min_from", "").strip() or None,
        notes_ru=form.get("notes_ru", "").strip(),
        notes_en=form.get("notes_en", "").strip(),
    )
    with reading() as session:
        publishing.check(session, new)
    image = publishing.store_image(installation().blobs, uploaded.stream)
    with writing() as session:
        made = publishing.publish(session, new, image, _ring(), actor=acting().login, now=now())
        return PublishedName(made.product.code, made.version, made.is_awaiting)


def _form(typed: Typed, error: RefusedError | None) -> str:
    with reading() as session:
        known = products.every(session)
    return render_template(
        "firmware/new_release.html",
        product_options=[(product.code, product.code) for product in known],
        channel_options=[(channel, channel) for channel in Channel],
        typed=typed,
        error=error,
    )


def _release_page(product: str, version: str, error: RefusedError | None) -> str:
    with reading() as session:
        found = products.get(session, product)
        shown = releases.get(session, found, version)
        others = releases.of_product(session, found.id)
    return render_template(
        "firmware/release.html",
        release=shown,
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


def _address(product: str, version: str) -> str:
    return url_for(".release", product=product, version=version)


def _ring() -> keys.KeyRing:
    return keys.of(installation())
