"""Staff pages: photos of labels are sent, what they say is corrected and looked at, then taken in.

No photo is stored: what was read goes to the page, and comes back from it as text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Role
from catalogue import products
from provision.devices import listing
from provision.devices.models import Device
from provision.enrolment import importing, judging
from provision.enrolment import words as enrolment_words
from provision.enrolment.columns import Entry
from provision.enrolment.importing import Source
from provision.enrolment.judging import Judged, Verdict
from provision.enrolment.table import DeviceTable
from provision.labels import reading, sorting, words
from provision.labels.codes import Code, Kind, said
from provision.labels.sorting import Label, Problem
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, status_of, writing
from storage.request import reading as reading_session
from storage.uploads import accepts_upload

PHOTOS_MAX = 10
ROWS_MAX = 50
_NAME_MAX = 60
_FIELD_MAX = 100
_SHOWN_MAX, _CODES_SHOWN = 40, 5

#: What a label says against itself: somebody has to look before the phone is ticked.
_CONTRADICTIONS = frozenset({Problem.OTHER_PRODUCT, Problem.SERIAL_TWICE, Problem.WRONG_CHECK})

ENGINEERS = roles(Role.ENGINEER)

staff = Blueprint(
    "device_labels", __name__, url_prefix="/staff/devices/labels", template_folder="templates"
)


class ManyPhotosError(RefusedError):
    code = "many-photos"
    field = "photo"
    ru = "За один раз — до {limit} снимков и {rows} этикеток."
    en = "At most {limit} photos and {rows} labels at a time."


class NoRowsError(RefusedError):
    code = "no-labels"
    ru = "Не отмечено ни одного телефона."
    en = "No phone is ticked."


@dataclass(frozen=True)
class Photo:
    """A photo by the name that it was sent under, and the codes on it."""

    name: str
    codes: Sequence[Code]


@dataclass(frozen=True)
class Row:
    """One phone on the page: what was read or typed, and whether it is to be taken in."""

    label: Label
    take: bool = True
    judged: Judged | None = None


@staff.get("/")
@ENGINEERS
def labels_page() -> str:
    """The form to send photos."""
    return _form(None)


@staff.post("/")
@ENGINEERS
@accepts_upload(PHOTOS_MAX * reading.BYTES_MAX)
def read() -> str | tuple[str, int]:
    """Read the photos and show what each label says; nothing is stored."""
    try:
        photos = _photos()
        with reading_session() as session:
            rows = [Row(one) for photo in photos for one in _labels(session, photo)]
    except RefusedError as error:
        return _form(error), 422
    return _page(rows[:ROWS_MAX], "", None, as_read=True)


@staff.post("/rows")
@ENGINEERS
def rows() -> Redirect | str | tuple[str, int]:
    """Look at the rows again, or take in those that are ticked: all of them, or none."""
    typed, site = _typed(), request.form.get("site", "")[:_FIELD_MAX]
    if request.form.get("do") != "take":
        return _page(typed, site, None)
    table, actor = _table(typed, site), acting().login
    try:
        if not table.entries:
            raise NoRowsError
        with writing() as session:
            source = Source(_("a photo of labels"), _digest(table))
            done = importing.take_in(session, installation(), table, source, actor=actor, now=now())
    except RefusedError as error:
        return _page(typed, site, error), status_of(error)
    flash(
        _("Phones added: %(added)s, skipped: %(skipped)s.", added=done.added, skipped=done.skipped)
    )
    return redirect(url_for("provision_staff.devices"))


def _photos() -> Sequence[Photo]:
    """What was read on each photo that was sent; raises a RefusedError that says what to do."""
    sent = [one for one in request.files.getlist("photo") if one.filename]
    sent += [one for one in request.files.getlist("shot") if one.filename]
    if not sent:
        raise reading.NoPhotoError
    if len(sent) > PHOTOS_MAX:
        raise ManyPhotosError(limit=PHOTOS_MAX, rows=ROWS_MAX)
    return [_photo(one) for one in sent]


def _photo(sent: FileStorage) -> Photo:
    name = (sent.filename or "")[-_NAME_MAX:]
    return Photo(name, reading.read(sent.stream.read(reading.BYTES_MAX + 1), name))


def _labels(session: Session, photo: Photo) -> Sequence[Label]:
    codes = photo.codes
    known = [one.code for one in products.every(session)]
    doubtful = {
        told.value[:6] for code in codes for told in said(code) if told.kind is Kind.PERHAPS_BOTH
    }
    prefixes = {one for one in doubtful if _is_known(session, one)}
    found = sorting.labels(codes, known, prefixes)
    if not found:
        texts = ", ".join(ascii(one.text[:_SHOWN_MAX])[1:-1] for one in codes[:_CODES_SHOWN])
        raise reading.NoLabelOnPhotoError(name=photo.name, texts=texts)
    return found


def _is_known(session: Session, prefix: str) -> bool:
    """Whether a phone of the register has a MAC that begins like this."""
    like = select(Device.id).where(Device.mac.between(prefix + "000000", prefix + "ffffff"))
    return session.scalar(like.limit(1)) is not None


def _typed() -> Sequence[Row]:
    form = request.form
    count = min(form.get("count", 0, type=int), ROWS_MAX)
    return [
        Row(
            Label(_field("mac", at), _field("serial", at), _field("product", at)),
            take=form.get(f"take-{at}") == "1",
        )
        for at in range(count)
    ]


def _field(name: str, at: int) -> str:
    return request.form.get(f"{name}-{at}", "").strip()[:_FIELD_MAX]


def _table(typed: Sequence[Row], site: str) -> DeviceTable:
    entries = [
        Entry(at, row.label.mac, row.label.serial, row.label.product, site=site)
        for at, row in enumerate(typed, 1)
        if row.take
    ]
    return DeviceTable(entries)


def _digest(table: DeviceTable) -> str:
    return hashlib.sha256(repr(table.entries).encode()).hexdigest()


def _form(error: RefusedError | None) -> str:
    return render_template(
        "labels/send.html", photos_max=PHOTOS_MAX, rows_max=ROWS_MAX, error=error
    )


def _page(
    typed: Sequence[Row], site: str, error: RefusedError | None, *, as_read: bool = False
) -> str:
    table = _table(typed, site)
    with reading_session() as session:
        judged = {
            one.entry.row: one for one in importing.look(session, installation(), table, now())
        }
        codes = [one.code for one in products.every(session)]
        sites = listing.site_names(session)
    shown = [Row(row.label, row.take, judged.get(at)) for at, row in enumerate(typed, 1)]
    if as_read:
        shown = [replace(row, take=_is_new(row)) for row in shown]
    return render_template(
        "labels/rows.html",
        rows=shown,
        place=site,
        error=error,
        problems=words.problems(),
        reasons=_reasons(shown),
        good={verdict.value for verdict in judging.GOOD},
        product_options=[("", "—"), *((code, code) for code in codes)],
        site_options=[("", "—"), *((name, name) for name in sites)],
    )


def _is_new(row: Row) -> bool:
    """Whether a phone is ticked at first: what is there already or contradicts itself is not."""
    fits = row.judged is not None and row.judged.verdict is Verdict.NEW
    return fits and not _CONTRADICTIONS.intersection(row.label.problems)


def _reasons(shown: Sequence[Row]) -> Mapping[int, str]:
    language = "en" if str(get_locale()) == "en" else "ru"
    return {
        at: enrolment_words.reason(row.judged, language)
        for at, row in enumerate(shown)
        if row.judged is not None
    }
