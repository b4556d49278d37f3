"""Staff pages: devices, one device with its story, adding one, and what may be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import products
from catalogue.versions import BadVersionError
from provision import configurations, credentials, profiles, rollouts
from provision.configurations import Press
from provision.device_story.chapters import Chapters
from provision.device_story.timeline_words import field_name, megabytes, told
from provision.devices import device_form, device_page, device_table, listing, registry
from provision.devices.summary import DeviceSummary
from provision.dialects import families_of
from provision.models import CredentialKind, Level
from provision.phone_fetches import last_fetched
from provision.reading import phone_reads
from provision.rollouts import words as rollout_words
from provision.verdicts import words as verdict_words
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

PAGE_SIZE = 50
_WARRANTY = "support_staff.device_warranty"

staff = Blueprint(
    "provision_staff", __name__, url_prefix="/staff/devices", template_folder="templates"
)

#: Who may change what a phone gets.
ENGINEERS = roles(Role.ENGINEER)
#: Who may ask a phone: support does it all day.
READERS = roles(Role.AGENT, Role.ENGINEER)


@dataclass(frozen=True)
class Issued:
    """A secret just made, for the one page that shows it."""

    kind: CredentialKind
    secret: str


@staff.get("/")
@staff_rule
def devices() -> str:
    """All devices: search, filters and order stand in the address, so a link is a saved view."""
    wanted, number = device_table.wanted(), device_table.page_number()
    offset = (number - 1) * PAGE_SIZE
    with reading() as session:
        found = listing.page(session, wanted, limit=PAGE_SIZE, offset=offset)
        codes = [product.code for product in products.every(session)]
        sites = listing.site_names(session)
    return render_template(
        "provision/devices.html",
        devices=found.devices,
        total=found.total,
        is_more=found.is_more,
        is_bounded=found.is_bounded,
        wanted=wanted,
        columns=device_table.columns(wanted),
        product_options=[(code, code) for code in codes],
        site_options=[(name, name) for name in sites],
        number=number,
        pages=max(ceil(found.total / PAGE_SIZE), 1),
        first=offset + 1,
        may_read=READERS.allows(acting()),
    )


@staff.get("/new")
@ENGINEERS
def new_device() -> str:
    """The form to add a device."""
    return device_form.page(request.args, None)


@staff.post("/new")
@ENGINEERS
def add_device() -> Redirect | tuple[str, int]:
    """Add a device; what was typed stays when it is refused."""
    try:
        with writing() as session:
            mac = registry.add_device(
                session, device_form.sent(), actor=acting().login, now=now()
            ).mac
    except RefusedError as error:
        return device_form.page(request.form, error), 422
    flash(_("The phone was added. Give it a token next."))
    return _to(mac)


@staff.get("/<mac>")
@staff_rule
def device(mac: str) -> str:
    """One device: where it is, what it runs, what it has done."""
    return _page(mac)


@staff.post("/<mac>/read")
@READERS
def read(mac: str) -> Redirect:
    """Read the phone now, both ways; a failure is an answer and is shown as one."""
    try:
        answers = phone_reads.read_phone(installation(), mac, asked_by=acting().login, now=now())
    except phone_reads.NoAddressError as error:
        flash(error.text(answer_language()), "attention")
        return _to(mac)
    for answer in answers:
        way = answer.via.upper()
        if answer.error is not None:
            flash(f"{way}: {answer.error.text(answer_language())}", "attention")
        elif answer.facts is not None:
            version = answer.facts.firmware or "—"
            flash(_("%(way)s: the phone says firmware %(version)s.", way=way, version=version))
    return _to(mac)


@staff.post("/<mac>/credential")
@ENGINEERS
def new_credential(mac: str) -> Response:
    """Issue a token or a password, shown this once."""
    wanted = request.form.get("kind")
    kind = CredentialKind.PASSWORD if wanted == CredentialKind.PASSWORD else CredentialKind.TOKEN
    actor, at = acting().login, now()
    with writing() as session:
        found = registry.get(session, mac)
        if kind is CredentialKind.PASSWORD:
            seal = installation().seal
            secret = credentials.issue_password(session, found, seal, actor=actor, now=at)
        else:
            secret = credentials.issue_token(session, found, actor=actor, now=at)
    # The page itself holds it: a redirect would have to carry it in a cookie.
    answer = make_response(_page(mac, issued=Issued(kind, secret)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@staff.post("/<mac>/revoke")
@ENGINEERS
def revoke(mac: str) -> Redirect:
    """End the device's secrets at once, all of them or those of one kind."""
    wanted = request.form.get("kind", "")
    kind = CredentialKind(wanted) if wanted in set(CredentialKind) else None
    with writing() as session:
        found = registry.get(session, mac)
        credentials.revoke(session, found, actor=acting().login, now=now(), kind=kind)
    flash(_("The phone's credentials are over: it needs a new one."), "attention")
    return _to(mac)


@staff.post("/<mac>/hold")
@ENGINEERS
def hold(mac: str) -> Redirect | tuple[str, int]:
    """Offer the device nothing until it is let go."""
    try:
        with writing() as session:
            found = registry.get(session, mac)
            reason = request.form.get("reason", "")
            rollouts.hold(session, found, reason, actor=acting().login, now=now())
    except rollouts.HoldReasonError as error:
        return _page(mac, error=error), 422
    return _to(mac)


@staff.post("/<mac>/release")
@ENGINEERS
def release(mac: str) -> Redirect:
    """Let the device take updates again."""
    with writing() as session:
        found = registry.get(session, mac)
        rollouts.release_hold(session, found, actor=acting().login, now=now())
    return _to(mac)


@staff.post("/<mac>/pin")
@ENGINEERS
def pin(mac: str) -> Redirect | tuple[str, int]:
    """Keep the device at one version, or (empty) let it follow its channel."""
    try:
        with writing() as session:
            found = registry.get(session, mac)
            version = request.form.get("version", "").strip()[:32]
            rollouts.pin(session, found, version or None, actor=acting().login, now=now())
    except BadVersionError as error:
        return _page(mac, error=error), 422
    return _to(mac)


@staff.get("/<mac>/preview")
@staff_rule
def preview(mac: str) -> str:
    """What this phone would get now, secrets hidden, and from which level each value is."""
    with reading() as session:
        found = registry.get(session, mac)
        press = Press.of(installation())
        text = configurations.preview(session, press, found, now())
        taken = last_fetched.last_fetched(session, found, press.family, press.seal)
        would_get = configurations.preview_to_compare(session, press, found, now())
        profile = profiles.resolve(session, profiles.chain_of(found))
        summary = DeviceSummary.of(found)
    return render_template(
        "provision/preview.html",
        device=summary,
        text=text,
        profile=profile,
        levels=_levels(),
        taken=taken,
        differs=last_fetched.difference(taken.text, would_get) if taken and taken.text else (),
    )


def _page(mac: str, *, issued: Issued | None = None, error: RefusedError | None = None) -> str:
    with reading() as session:
        found = registry.get(session, mac)
        families, before = families_of(installation()), _instant(request.args.get("before", ""))
        chapters = installation().option(Chapters)
        shown = device_page.gather(session, found, families, now(), before, chapters)
    return render_template(
        "provision/device.html",
        shown=shown,
        device=shown.device,
        story=[told(event) for event in shown.story],
        issued=issued,
        error=error,
        field_name=field_name,
        log_size=megabytes,
        words=verdict_words,
        target_states=rollout_words.target_states(),
        rollout_reasons=rollout_words.reasons(),
        warranty_url=_warranty_url(shown.device.serial),
        may_change=ENGINEERS.allows(acting()),
        may_read=READERS.allows(acting()),
    )


def _warranty_url(serial: str | None) -> str | None:
    """The warranty of a device is another room's page, which an installation may lack."""
    if serial is None or _WARRANTY not in current_app.view_functions:
        return None
    return url_for(_WARRANTY, serial=serial)


def _levels() -> Mapping[Level, str]:
    return {
        Level.GLOBAL: _("everywhere"),
        Level.PRODUCT: _("product"),
        Level.ORGANISATION: _("organisation"),
        Level.SITE: _("site"),
        Level.GROUP: _("group"),
        Level.DEVICE: _("this phone"),
    }


def _instant(text: str) -> datetime | None:
    """An instant from the address; anything else is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _to(mac: str) -> Redirect:
    return redirect(url_for(".device", mac=mac))
